"""Write _pypy_embed.c: the border between C and Python (src/border.h) as a cffi API-mode module.

Runs when the library is built, under any Python that has cffi. usage: gen_module.py OUTPUT
"""
import sys

import cffi

TYPES = """
struct pypy_embed_value {
    int kind;
    int64_t integer;
    double number;
    const char *data;
    size_t len;
    ...;
};

struct embed_call {
    int operation;
    const char *name, *text;
    const struct pypy_embed_value *object, *args;
    size_t count;
    void *function;
    struct pypy_embed_value result;
    ...;
};

struct embed_settings {
    unsigned flags;
    const char *home, *home_label, *executable;
    int argc, adopted;
    const char *const *argv;
    ...;
};
"""

C_FUNCTIONS = """
const struct embed_settings *embed_settings(void);
void embed_python_version(uint32_t);
const char *embed_source(const char *);
void embed_fail(struct embed_call *, const char *, size_t);
int embed_set_data(struct pypy_embed_value *, int, const char *, size_t);
int embed_call_host(void *, const struct pypy_embed_value *, size_t, struct pypy_embed_value *);
void embed_forked(void);
void pypy_embed_clear(struct pypy_embed_value *);
"""

PYTHON_FUNCTIONS = """
extern "Python+C" int embed_enter(struct embed_call *);
"""


def main() -> None:
    ffi = cffi.FFI()
    ffi.cdef(TYPES + C_FUNCTIONS + PYTHON_FUNCTIONS)
    ffi.set_source("_pypy_embed", '#include "border.h"\n')
    ffi.emit_c_code(sys.argv[1])


if __name__ == "__main__":
    main()
