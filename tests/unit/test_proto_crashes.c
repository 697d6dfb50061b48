/*
 * proto/: replays tests/fuzz/crashes through the fuzz targets that found them.
 *
 * The targets are included, so that their asserts are this test's. BASK_CRASHES_DIR names another
 * directory to read.
 */
#include "test.h"

#include <dirent.h>
#include <stdlib.h>

#define LLVMFuzzerTestOneInput fuzz_http1
#include "../fuzz/http1.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput fuzz_chunked
#include "../fuzz/chunked.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput fuzz_uwsgi
#include "../fuzz/uwsgi.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput fuzz_url
#include "../fuzz/url.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput fuzz_ws
#include "../fuzz/ws.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput fuzz_rpc
#include "../fuzz/rpc.c"
#undef LLVMFuzzerTestOneInput

typedef int fuzz_target(const uint8_t *data, size_t size);

static void
replay(const char *path, fuzz_target *target)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    printf("replaying %s\n", path);
    target(bytes, len);
}

/* A target without a finding has no directory. */
static void
replay_all(const char *name, fuzz_target *target)
{
    char dir_path[4096], path[8192];
    const char *set = getenv("BASK_CRASHES_DIR");
    const char *slash = strrchr(__FILE__, '/');
    if (set)
        snprintf(dir_path, sizeof dir_path, "%s/%s", set, name);
    else
        snprintf(dir_path, sizeof dir_path, "%.*s../fuzz/crashes/%s",
                 slash ? (int)(slash - __FILE__ + 1) : 0, __FILE__, name);
    DIR *dir = opendir(dir_path);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir_path, entry->d_name);
        replay(path, target);
    }
    closedir(dir);
}

static void
crashes(void **state)
{
    (void)state;
    replay_all("http1", fuzz_http1);
    replay_all("chunked", fuzz_chunked);
    replay_all("uwsgi", fuzz_uwsgi);
    replay_all("url", fuzz_url);
    replay_all("ws", fuzz_ws);
    replay_all("rpc", fuzz_rpc);
}

/* The targets themselves, on inputs that reach their last lines. */
static void
targets(void **state)
{
    (void)state;
    static const bask_str inputs[] = {
        BASK_STR(""),
        BASK_STR("GET /a/../b%41?c HTTP/1.1\r\nHost: a\r\n\r\n"),
        BASK_STR("5\r\nhello\r\n0\r\n\r\n"),
        BASK_STR("\0\25\0\0\16\0REQUEST_METHOD\3\0GET"),
        BASK_STR("/a/%2e%2e/b"),
        BASK_STR("\3\0add\1\0a\0\0"),
        BASK_STR("\255\27\0\5\16\0CONTENT_LENGTH\5\000"
                 "70000"),
    };
    for (size_t i = 0; i < COUNT(inputs); i++) {
        const uint8_t *data = (const uint8_t *)inputs[i].ptr;
        fuzz_rpc(data, inputs[i].len);
        fuzz_http1(data, inputs[i].len);
        fuzz_chunked(data, inputs[i].len);
        fuzz_uwsgi(data, inputs[i].len);
        fuzz_url(data, inputs[i].len);
        fuzz_ws(data, inputs[i].len);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
