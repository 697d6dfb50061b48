"""The part of the border that services.h declares, for gen_glue.py."""

TYPES = """
struct bask_job {
    uint32_t kind, number;
    bask_str name, items;
    ...;
};
"""

C_FUNCTIONS = """
const struct bask_job *glue_job(struct bask_thread *);
void glue_end_job(const struct bask_job *, int, const char *, size_t);
uint32_t glue_rpc_max(void);
int glue_rpc_call(const char *, size_t, const char *, size_t, bask_str *, char *, size_t);
void glue_rpc_release(const bask_str *);
"""
