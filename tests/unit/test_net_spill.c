/* net/: request bodies that go into a file, come back whole, and leave nothing behind. */
#include "net_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

#define HOST " HTTP/1.1\r\nHost: a\r\n"

static int refusal;     /* errno of pwrite(2); 0: it works */
static unsigned pieces; /* that were written */
static char folder[32];
static int64_t before_full; /* bytes that are written before `refusal` */

ssize_t __real_pwrite64(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t size, off_t offset);

ssize_t
__wrap_pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    pieces++;
    if (!refusal || offset < before_full)
        return __real_pwrite64(fd, bytes, size, offset);
    errno = refusal;
    return -1;
}

/* How many files of bodies this process has open. */
static unsigned
open_files(void)
{
    unsigned count = 0;
    char target[128];
    DIR *descriptors = opendir("/proc/self/fd");
    assert_non_null(descriptors);
    for (struct dirent *entry; (entry = readdir(descriptors));) {
        ssize_t n = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target);
        count += n > (ssize_t)strlen(folder) && memcmp(target, folder, strlen(folder)) == 0;
    }
    closedir(descriptors);
    return count;
}

static int
set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/bask-spill-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    refusal = 0;
    before_full = 0;
    pieces = 0;
    fixture_defaults();
    fixture.options.body_buffer = 1000;
    fixture.options.bodies = (struct bask_body_options){
        .in_files = true,
        .folder = bask_str_of(folder),
        .piece = 16384,
    };
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i % 251);
    return fixture_open();
}

static int
tear_down(void **state)
{
    fixture_end(state);
    return rmdir(folder); /* nothing has a name in it */
}

static uint64_t
sum_of(size_t size)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += (unsigned char)big[i];
    return sum;
}

/* Sends the first `size` bytes of `big`, in chunks of `chunk` bytes unless that is 0. */
static void
post(struct client *client, const char *path, size_t size, size_t chunk)
{
    char head[200];
    int n =
        chunk
            ? snprintf(head, sizeof head, "POST %s" HOST "Transfer-Encoding: chunked\r\n\r\n", path)
            : snprintf(head, sizeof head, "POST %s" HOST "Content-Length: %zu\r\n\r\n", path, size);
    say_bytes(client, head, (size_t)n);
    for (size_t at = 0, step; at < size; at += step) {
        step = chunk && size - at > chunk ? chunk : size - at;
        n = snprintf(head, sizeof head, "%zx\r\n", step);
        if (chunk)
            say_bytes(client, head, (size_t)n);
        say_bytes(client, big + at, step);
        if (chunk)
            say(client, "\r\n");
    }
    if (chunk)
        say(client, "0\r\n\r\n");
}

static void
bodies_come_back_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {999, 1000, 1001, 4096, 16384, 16385, 70000, 1000000, BIG_BYTES};
    static const size_t chunks[] = {0, 777, 20000};
    char expected[64];
    struct client *client = dial(0, 0);
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t k = 0; k < COUNT(chunks); k++) {
            client->len = 0;
            pieces = 0;
            post(client, "/count", sizes[i], chunks[k]);
            snprintf(expected, sizeof expected, "\r\n\r\n%zu %" PRIu64, sizes[i], sum_of(sizes[i]));
            hear_until(client, expected);
            if (sizes[i] <= 1000 || sizes[i] > 5000) /* between: it may come with the head */
                assert_int_equal(pieces > 0, sizes[i] > 1000);
        }
    hang_up(client);
    until_connections(0);
    assert_int_equal(open_files(), 0);
}

/* A body that is in a file was received whole, so the application waits for nobody. */
static void
application_is_called_when_all_is_there(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "POST /hold" HOST "Content-Length: 100000\r\n\r\n");
    say_bytes(client, big, 99999);
    for (int i = 0; i < 20; i++)
        pump(1);
    assert_null(fixture.held);
    say_bytes(client, big + 99999, 1);
    until_held();
    struct bask_req *req = fixture.held;
    fixture.held = NULL;
    assert_int_equal(req->pub.body_left, 100000);
    assert_int_equal(req->pub.body.len, 0);
    assert_true(req->pub.body_fd > STDERR_FILENO);
    assert_int_equal(open_files(), 1);
    struct stat status;
    assert_int_equal(fstat(req->pub.body_fd, &status), 0);
    assert_int_equal(status.st_size, 100000);
    assert_int_equal(status.st_nlink, 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(lseek(req->pub.body_fd, 0, SEEK_CUR), 0);
    respond_text(req, BASK_STR("hello"));
    hear_until(client, "hello");
    assert_null(strstr(text_of(client), "close"));
}

static void
next_request_is_not_part_of_it(void **state)
{
    (void)state;
    for (size_t chunk = 0; chunk < 2000; chunk += 1500) {
        struct client *client = dial(0, 0);
        char expected[64];
        post(client, "/count", 5000, chunk);
        say(client, "GET /" HOST "\r\n");
        post(client, "/count", 6000, chunk);
        snprintf(expected, sizeof expected, "\r\n\r\n6000 %" PRIu64, sum_of(6000));
        hear_until(client, expected);
        assert_int_equal(responses(client), 3);
        hang_up(client);
        until_connections(0);
    }
}

static void
nothing_is_left_of_a_client_that_leaves(void **state)
{
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        struct client *client = dial(0, 0);
        say(client, chunked ? "POST /count" HOST "Transfer-Encoding: chunked\r\n\r\n10000\r\n"
                            : "POST /count" HOST "Content-Length: 65536\r\n\r\n");
        say_bytes(client, big, 30000);
        while (!pieces)
            pump(1);
        hang_up(client);
        until_connections(0);
        assert_int_equal(open_files(), 0);
        assert_int_equal(fixture.answered, 0);
        pieces = 0;
    }
}

static void
disk_that_is_full(void **state)
{
    (void)state;
    static const struct {
        int refusal;
        int64_t before;
        const char *end;
    } rows[] = {
        {ENOSPC, 0, "507 Insufficient Storage\n"},   {ENOSPC, 100000, "507 Insufficient Storage\n"},
        {EDQUOT, 0, "507 Insufficient Storage\n"},   {EFBIG, 0, "507 Insufficient Storage\n"},
        {EIO, 50000, "500 Internal Server Error\n"},
    };
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        struct client *client = dial(0, 0);
        refusal = rows[i / 2].refusal;
        before_full = rows[i / 2].before;
        post(client, "/count", 300000, i % 2 ? 5000 : 0);
        hear_until(client, rows[i / 2].end);
        assert_int_equal(responses(client), 1);
        hear_end(client);
        hang_up(client);
        until_connections(0);
        assert_int_equal(open_files(), 0);
    }
    assert_int_equal(fixture.answered, 0);
}

static void
folder_that_is_gone(void **state)
{
    (void)state;
    fixture.options.bodies.folder = BASK_STR("/nonexistent/folder");
    struct client *client = dial(0, 0);
    post(client, "/count", 9000, 0);
    hear_until(client, "500 Internal Server Error\n");
    hear_end(client);
}

/* The body that is on its way; NULL: none is. */
static struct bask_conn *
receiving(void)
{
    struct bask_link *bodies = &fixture.net->steps[BASK_STEP_BODY];
    return bask_list_empty(bodies) ? NULL : BASK_CONTAINER(bodies->next, struct bask_conn, link);
}

/* Whoever sends some more has time for the rest anew, in memory (first) and in a file. */
static void
progress_gives_time(void **state)
{
    (void)state;
    for (int in_file = 0; in_file < 2; in_file++) {
        fixture.options.body_buffer = in_file ? 1000 : 100000;
        struct client *client = dial(0, 0);
        say(client, "POST /count" HOST "Content-Length: 30000\r\n\r\n");
        say_bytes(client, big, 10000);
        while (!receiving() || receiving()->body_left > 20000)
            pump(1);
        int64_t before = receiving()->deadline_us, now = bask_loop_now_us(fixture.loop);
        while (bask_loop_now_us(fixture.loop) < now + 10000)
            pump(1);
        say_bytes(client, big, 10000);
        while (receiving()->body_left > 10000)
            pump(1);
        assert_true(receiving()->deadline_us >= before + 10000);
        assert_int_equal(receiving()->body_fd > 0, in_file);
        hang_up(client);
        until_connections(0);
    }
}

static void
limits_and_malformed_chunks(void **state)
{
    (void)state;
    fixture.options.body_limit = 50000;
    struct client *client = dial(0, 0);
    post(client, "/count", 50001, 5000);
    hear_until(client, "413 Content Too Large\n");
    hear_end(client);
    hang_up(client);
    client = dial(0, 0);
    say(client, "POST /count" HOST "Transfer-Encoding: chunked\r\n\r\n1388\r\n");
    say_bytes(client, big, 5000);
    say(client, "\r\nzz\r\n");
    hear_until(client, "400 Bad Request\n");
    hear_end(client);
    hang_up(client);
    until_connections(0);
    assert_int_equal(open_files(), 0);
}

static void
continue_is_sent_at_once(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    say(client, "POST /count" HOST "Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
    hear_until(client, "HTTP/1.1 100 Continue\r\n\r\n");
    say_bytes(client, big, 5000);
    char expected[64];
    snprintf(expected, sizeof expected, "\r\n\r\n5000 %" PRIu64, sum_of(5000));
    hear_until(client, expected);
}

static void
streamed_where_files_are_not_wanted(void **state)
{
    (void)state;
    char expected[64];
    for (int i = 0; i < 2; i++) {
        fixture.options.bodies.in_files = i;
        fixture.options.body_buffer = i ? 0 : 1000;
        struct client *client = dial(0, 0);
        post(client, "/count", 100000, 0);
        snprintf(expected, sizeof expected, "\r\n\r\n100000 %" PRIu64, sum_of(100000));
        hear_until(client, expected);
        hang_up(client);
        until_connections(0);
    }
    assert_int_equal(pieces, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bodies_come_back_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(application_is_called_when_all_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(next_request_is_not_part_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_a_client_that_leaves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(disk_that_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folder_that_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(progress_gives_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_and_malformed_chunks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(continue_is_sent_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streamed_where_files_are_not_wanted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
