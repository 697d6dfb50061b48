/* serve/recorder: what is written down, what is left out, and that all of it can be read again. */
#include "test.h"

#include "base/err.h"
#include "req/replay.h"
#include "serve/recorder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64], text[1 << 20];
static char error[512];

static struct bask_recorder *
open_recorder(uint32_t max, bool all)
{
    return bask_recorder_open(
        &(struct bask_recorder_options){.path = bask_str_of(path), .max = max, .all = all}, error,
        sizeof error);
}

static int
set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/bask-recorder-%d", (int)getpid());
    unlink(path);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static const char *
recorded(void)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* Makes a request from raw bytes, as a connection would, and notes it. */
static void
note(struct bask_recorder *recorder, const char *raw)
{
    struct bask_replay replay = {0};
    struct bask_replay_error wrong;
    struct bask_http1_head scratch;
    struct bask_req *req = bask_req_new();
    char *copy = strdup(raw);
    assert_int_equal(bask_replay_read(&replay, copy, strlen(copy), &wrong), 0);
    assert_int_equal(bask_replay_fill(&replay.items[0], &scratch, req), 0);
    bask_recorder_note(recorder, req);
    bask_req_free(&req);
    bask_replay_fini(&replay);
    free(copy);
}

static size_t
count_recorded(void)
{
    struct bask_replay replay = {0};
    struct bask_replay_error wrong;
    recorded();
    assert_int_equal(bask_replay_read(&replay, text, strlen(text), &wrong), 0);
    size_t count = replay.count;
    bask_replay_fini(&replay);
    return count;
}

#define HEAD " HTTP/1.1\r\nHost: a\r\n"

static void
each_kind_once(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        size_t count; /* of the kinds in the file afterwards */
    } rows[] = {
        {"GET /a" HEAD "\r\n", 1},      {"GET /a" HEAD "X: y\r\n\r\n", 1},
        {"HEAD /a" HEAD "\r\n", 2},     {"GET /b" HEAD "\r\n", 3},
        {"GET /a?x=1" HEAD "\r\n", 4},  {"GET /a?x=2" HEAD "\r\n", 4},
        {"GET /a?y=1" HEAD "\r\n", 5},  {"GET /a?x=1&y=1" HEAD "\r\n", 6},
        {"GET /a?xy=1" HEAD "\r\n", 7}, {"GET /a?x" HEAD "\r\n", 7},
        {"BREW /a" HEAD "\r\n", 7},     {"OPTIONS *" HEAD "\r\n", 7},
        {"POST /a" HEAD "\r\n", 8},     {"GET /1" HEAD "\r\n", 9},
        {"GET /2" HEAD "\r\n", 10},     {"GET /over-the-limit" HEAD "\r\n", 10},
    };
    struct bask_recorder *recorder = open_recorder(10, false);
    assert_non_null(recorder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        note(recorder, rows[i].raw);
        assert_int_equal(count_recorded(), rows[i].count);
    }
    bask_recorder_close(&recorder);
    assert_null(recorder);
    struct stat status;
    stat(path, &status);
    assert_int_equal(status.st_mode & 0777, 0600);
    /* The next server knows what is there. */
    recorder = open_recorder(11, false);
    note(recorder, "GET /a" HEAD "\r\n");
    assert_int_equal(count_recorded(), 10);
    note(recorder, "GET /new" HEAD "\r\n");
    note(recorder, "GET /newer" HEAD "\r\n");
    assert_int_equal(count_recorded(), 11);
    bask_recorder_close(&recorder);
}

static const char full_request[] =
    "POST /p?id=7&token=SECRET1&author=x&key=SECRET2&api_key=SECRET3" HEAD
    "User-Agent: browser\r\nCookie: a=SECRET4\r\nAuthorization: Basic SECRET5\r\n"
    "Proxy-Authorization: SECRET6\r\nX-Api-Key: SECRET7\r\nX-CSRFToken: SECRET8\r\n"
    "X-Amz-Security-Token: SECRET9\r\nX-Forwarded-For: SECRET10\r\n"
    "Referer: http://a/?t=SECRET11\r\nX-Own: kept\r\nConnection: close\r\n"
    "Content-Type: text/SECRET12\r\nContent-Length: 8\r\n\r\nSECRET13";

static void
no_credentials(void **state)
{
    (void)state;
    struct bask_recorder *recorder = open_recorder(10, false);
    note(recorder, full_request);
    bask_recorder_close(&recorder);
    assert_string_equal(recorded(),
                        "POST /p?id=7&token=&author=x&key=&api_key= HTTP/1.1\r\nhost: a\r\n"
                        "user-agent: browser\r\nx-own: kept\r\n\r\n\r\n");
}

static void
all_of_it(void **state)
{
    (void)state;
    struct bask_recorder *recorder = open_recorder(10, true);
    note(recorder, full_request);
    bask_recorder_close(&recorder);
    recorded();
    for (int i = 1; i <= 13; i++) {
        char secret[16];
        snprintf(secret, sizeof secret, "SECRET%d", i);
        assert_non_null(strstr(text, secret));
    }
    assert_null(strstr(text, "onnection"));
    assert_int_equal(count_recorded(), 1);
}

/* What a gateway says is bytes: nothing of it may become a line, or a request, of its own. */
static void
hostile(void **state)
{
    (void)state;
    static const struct {
        bask_str uri, host, value;
        size_t count;
    } rows[] = {
        {BASK_STR("/1"), BASK_STR("a"), BASK_STR("v\r\n\r\nGET /evil HTTP/1.1"), 1},
        {BASK_STR("/2\r\nA: b"), BASK_STR("a"), BASK_STR("v"), 1},
        {BASK_STR("/2 3"), BASK_STR("a"), BASK_STR("v"), 1},
        {BASK_STR("/4"), BASK_STR("a\r\nA: b"), BASK_STR("v"), 2},
        {BASK_STR("/5"), BASK_STR("no host at all"), BASK_STR("v"), 2},
        {BASK_STR("/6%zz"), BASK_STR("a"), BASK_STR("v"), 2},
        {BASK_STR("/7"), BASK_STR("a"), BASK_STR("v\0w"), 3},
        {BASK_STR("/8"), {NULL, 0}, BASK_STR("v"), 4},
        {BASK_STR(""), BASK_STR("a"), BASK_STR("v"), 4},
        {BASK_STR("relative"), BASK_STR("a"), BASK_STR("v"), 4},
    };
    struct bask_recorder *recorder = open_recorder(100, false);
    struct bask_req *req = bask_req_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        bask_req_reset(req);
        req->pub.method_id = BASK_METHOD_GET;
        req->pub.method = BASK_STR("GET");
        req->pub.uri = rows[i].uri;
        req->pub.host = rows[i].host;
        bask_req_add(req, -1, BASK_STR("HTTP_X_VALUE"), (bask_str){0}, rows[i].value);
        bask_req_add(req, -1, BASK_STR("HTTP_"), (bask_str){0}, BASK_STR("nameless"));
        bask_recorder_note(recorder, req);
        if (count_recorded() != rows[i].count)
            fail_msg("row %zu: %s", i, recorded());
    }
    bask_req_free(&req);
    bask_recorder_close(&recorder);
    assert_null(strstr(recorded(), "evil"));
    assert_null(strstr(text, "A: b"));
}

/* Several processes: each kind is written by one of them. */
static void
shared(void **state)
{
    (void)state;
    enum { PROCESSES = 4, KINDS = 200 };
    struct bask_recorder *recorder = open_recorder(KINDS, false);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork())
            continue;
        for (int k = 0; k < KINDS + 50; k++) {
            char raw[64];
            snprintf(raw, sizeof raw, "GET /%d" HEAD "\r\n", k);
            note(recorder, raw);
        }
        _exit(0);
    }
    while (wait(NULL) > 0)
        continue;
    bask_recorder_close(&recorder);
    size_t count = count_recorded();
    assert_true(count >= KINDS && count < KINDS + PROCESSES);
}

static void
not_a_recording(void **state)
{
    (void)state;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "root:x:0:0\n", 11), 11);
    close(fd);
    assert_null(open_recorder(10, false));
    assert_non_null(strstr(error, "no recording: request 1"));
    assert_string_equal(recorded(), "root:x:0:0\n");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_kind_once), TEST(no_credentials), TEST(all_of_it),
        TEST(hostile),        TEST(shared),         TEST(not_a_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
