/*
 * A program with one thread: runs source and a file, evaluates, calls Python and is called by it,
 * and shows what an exception looks like.
 *
 *     cc single.c $(pkg-config --cflags --libs pypy-embed) -o single && ./single
 */
#include <pypy_embed.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Python calls this as pypy_embed.lengths(...): how long each of its arguments is. */
static int
lengths(void *context, const struct pypy_embed_value *args, size_t count,
        struct pypy_embed_value *ret_result)
{
    size_t *calls = context;
    int64_t sum = 0;
    ++*calls;
    for (size_t i = 0; i < count; i++) {
        if (args[i].kind != PYPY_EMBED_STR && args[i].kind != PYPY_EMBED_BYTES) {
            static const char why[] = "lengths() takes texts and bytes";
            pypy_embed_copy(ret_result, PYPY_EMBED_STR, why, sizeof why - 1);
            return -1;
        }
        sum += (int64_t)args[i].len;
    }
    *ret_result = pypy_embed_int(sum);
    return 0;
}

static int
failed(const char *what, char *error)
{
    fprintf(stderr, "%s: %s\n", what, error);
    pypy_embed_free_text(error);
    return 1;
}

static int
use(struct pypy_embed *pypy)
{
    char *error;
    size_t calls = 0;
    struct pypy_embed_value result;
    static const char source[] = "import pypy_embed\n"
                                 "def greet(name, times):\n"
                                 "    return ', '.join(['hello ' + name] * times)\n"
                                 "print('Python counts', pypy_embed.lengths('one', b'four'))\n";
    static const char wrong[] = "def divide(number):\n"
                                "    return number / 0\n"
                                "divide(1)\n";

    if (pypy_embed_register(pypy, "lengths", lengths, &calls, &error))
        return failed("register", error);
    if (pypy_embed_exec(pypy, source, "greeter.py", NULL, &error))
        return failed("exec", error);

    struct pypy_embed_value args[] = {pypy_embed_str("w\xc3\xb6rld"), pypy_embed_int(2)};
    if (pypy_embed_call(pypy, "greet", args, 2, &result, &error))
        return failed("call", error);
    printf("C got '%s', %zu bytes\n", result.data, result.len);
    pypy_embed_clear(&result);

    struct pypy_embed_value blob = pypy_embed_bytes("\0\1\2", 3);
    if (pypy_embed_call(pypy, "binascii:hexlify", &blob, 1, &result, &error))
        return failed("call", error);
    printf("hexlify says %s\n", result.data);
    pypy_embed_clear(&result);

    if (pypy_embed_eval(pypy, "2 ** 40", &result, &error))
        return failed("eval", error);
    printf("2 ** 40 is %" PRId64 "\n", result.integer);

    if (pypy_embed_exec(pypy, wrong, "wrong.py", NULL, &error) != PYPY_EMBED_RAISED)
        return 1;
    printf("as expected:\n%s\n", error);
    pypy_embed_free_text(error);
    printf("Python called C %zu times\n", calls);
    return 0;
}

int
main(int argc, char **argv)
{
    struct pypy_embed_config config = {
        .argc = argc,
        .argv = (const char *const *)argv,
        .flags = PYPY_EMBED_SIGNALS,
    };
    struct pypy_embed *pypy = NULL;
    char *error;
    setvbuf(stdout, NULL, _IONBF, 0); /* or C's lines and Python's come out of order */
    if (pypy_embed_load(&config, &pypy, &error))
        return failed("PyPy cannot be used, tried", error);
    if (pypy_embed_start(pypy, &error))
        return failed("PyPy does not start", error);
    int status = use(pypy);
    if (pypy_embed_end(pypy, &error))
        status = failed("end", error);
    pypy_embed_free(&pypy);
    return status;
}
