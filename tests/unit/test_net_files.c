/* net/: files as answers, whatever the kernel can do with them, and who closes them. */
#include "net_fixture.h"

#include <sys/sendfile.h>
#include <sys/stat.h>

#define HOST " HTTP/1.1\r\nHost: a\r\n"

/* What sendfile(2) does; its name in the library is this where files may be large. */
static enum { REAL, REFUSED, ENDLESS } sendfile_is;
static unsigned sends;
static size_t most; /* that was asked for at once */

ssize_t __real_sendfile64(int out, int in, off_t *offset, size_t count);
ssize_t __wrap_sendfile64(int out, int in, off_t *offset, size_t count);

ssize_t
__wrap_sendfile64(int out, int in, off_t *offset, size_t count)
{
    sends++;
    most = count > most ? count : most;
    if (sendfile_is == REAL)
        return __real_sendfile64(out, in, offset, count);
    if (sendfile_is == ENDLESS) /* a client that is never full */
        return (ssize_t)count;
    errno = EINVAL;
    return -1;
}

/* While sendfile_is ENDLESS the same client takes all that is sent otherwise. */
static size_t taken;
enum { COPIED_LEAST = 60000 }; /* of a file, in one piece */

ssize_t __real_send(int fd, const void *buffer, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *buffer, size_t size, int flags);

ssize_t
__wrap_send(int fd, const void *buffer, size_t size, int flags)
{
    bool is_other = fd == clients[0].fd || fd == clients[1].fd || size < COPIED_LEAST;
    if (sendfile_is != ENDLESS || is_other)
        return __real_send(fd, buffer, size, flags);
    taken += size;
    return (ssize_t)size;
}

static void
prepare(void)
{
    sendfile_is = REAL;
    taken = 0;
    sends = 0;
    most = 0;
    fixture_defaults();
}

static int
set_up(void **state)
{
    (void)state;
    prepare();
    return fixture_open();
}

static int
set_up_slow(void **state)
{
    (void)state;
    prepare();
    fixture.options.sockets.traits.send_buffer = 4096;
    fixture.window = 4096;
    return fixture_open();
}

/* A file of BIG_BYTES bytes that has no name. */
static int
make_file(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i % 251);
    assert_int_equal(fwrite(big, 1, sizeof big, file), sizeof big);
    assert_int_equal(fflush(file), 0);
    int fd = dup(fileno(file));
    fclose(file);
    assert_true(fd >= 0);
    return fd;
}

static bool
is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* The bytes from `offset` on, and then the next answer. */
static void
expect_file(struct client *client, int64_t offset, int64_t length)
{
    say(client, "GET /" HOST "\r\n");
    hear_until(client, "\r\n\r\nhello");
    const char *body = strstr(text_of(client), "\r\n\r\n") + 4;
    assert_memory_equal(body, big + offset, (size_t)length);
    assert_memory_equal(body + length, "HTTP/1.1 200 ", 13);
}

static void
file_is_sent_by_hand_where_the_kernel_does_not(void **state)
{
    (void)state;
    static const struct {
        int64_t offset, length;
    } ranges[] = {{0, BIG_BYTES}, {1000, 10}, {7, 0}, {70000, 65536}, {5, 65537}};
    sendfile_is = REFUSED;
    struct client *client = dial(0, 0);
    for (size_t i = 0; i < COUNT(ranges); i++) {
        int fd = make_file();
        client->len = 0;
        struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
        assert_int_equal(
            bask_req_respond_file(req, plain, 1, fd, ranges[i].offset, ranges[i].length), 0);
        expect_file(client, ranges[i].offset, ranges[i].length);
        assert_false(is_open(fd));
    }
    assert_true(sends >= 4);
}

static void
file_that_is_too_short(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        sendfile_is = i ? REFUSED : REAL;
        int fd = make_file();
        struct client *client = dial(0, 0);
        struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
        bask_req_respond_file(req, plain, 1, fd, BIG_BYTES - 10, 100);
        hear_end(client);
        assert_non_null(strstr(text_of(client), "Content-Length: 100\r\n"));
        until_connections(0);
        assert_false(is_open(fd));
        hang_up(client);
    }
}

static void
what_cannot_be_read_breaks_the_answer(void **state)
{
    (void)state;
    sendfile_is = REFUSED;
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    struct client *client = dial(0, 0);
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    bask_req_respond_file(req, plain, 1, fd, 0, 100);
    hear_end(client);
    until_connections(0);
    assert_false(is_open(fd));
}

static void
file_is_closed_whatever_is_answered(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    int fd = make_file();
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    assert_int_equal(bask_req_respond_file(req, BASK_STR("x"), 7, fd, 0, 10), BASK_E_SYNTAX);
    assert_false(is_open(fd));
    respond_text(req, BASK_STR("short"));
    hear_until(client, "short");

    fd = make_file();
    req = held_request(client, "HEAD /hold" HOST "\r\n");
    assert_int_equal(bask_req_respond_file(req, plain, 1, fd, 0, 10), 0);
    hear_until(client, "Content-Length: 10\r\n\r\n");
    assert_false(is_open(fd));

    fd = make_file(); /* a client that leaves */
    req = held_request(client, "GET /hold" HOST "\r\n");
    assert_int_equal(bask_req_respond_file(req, plain, 1, fd, 0, BIG_BYTES), 0);
    hang_up(client);
    until_connections(0);
    assert_false(is_open(fd));
}

/* The head says less than the file has, or more. */
static void
length_is_what_the_head_says(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    assert_int_equal(bask_req_respond_file(req, BASK_STR("200 OK\r\nContent-Length: 5\r\n"), 1,
                                           make_file(), 3, 100),
                     0);
    expect_file(client, 3, 5);
    client->len = 0;
    req = held_request(client, "GET /hold" HOST "\r\n");
    bask_req_respond_file(req, BASK_STR("200 OK\r\nContent-Length: 50\r\n"), 1, make_file(), 3, 5);
    hear_end(client);
    assert_non_null(strstr(text_of(client), "Content-Length: 50\r\n"));
}

/* A client that takes all at once must not keep the others waiting. */
static void
others_get_their_turn(void **state)
{
    (void)state;
    const int64_t length = INT64_C(1) << 40;
    struct client *client = dial(0, 0), *other = dial(1, 0);
    until_connections(2);
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    sendfile_is = ENDLESS;
    assert_int_equal(bask_req_respond_file(req, plain, 1, make_file(), 0, length), 0);
    unsigned before = sends;
    assert_true(most <= 4 << 20 && before < 10);
    say(other, "GET /" HOST "\r\n");
    hear_until(other, "hello");
    assert_true(sends > before); /* and the file went on */
}

static void
others_get_their_turn_when_files_are_copied(void **state)
{
    (void)state;
    fixture.options.bodies.no_sendfile = true;
    struct client *client = dial(0, 0), *other = dial(1, 0);
    until_connections(2);
    int fd = make_file();
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    sendfile_is = ENDLESS;
    assert_int_equal(bask_req_respond_file(req, plain, 1, fd, 0, BIG_BYTES), 0);
    assert_true(taken >= 1 << 20 && taken < 2500000);
    assert_true(is_open(fd));
    say(other, "GET /" HOST "\r\n");
    hear_until(other, "hello");
    assert_int_equal(sends, 0);
    for (int i = 0; i < 10; i++)
        pump(1);
    assert_false(is_open(fd));
}

static struct bask_parts *
make_parts(void)
{
    static const struct bask_part parts[] = {
        {BASK_STR("<first>"), 5, 10},
        {BASK_STR("<second>"), 100000, 2000000},
        {BASK_STR("<third>"), 0, 1},
    };
    struct bask_parts *made = malloc(sizeof *made + sizeof parts);
    *made = (struct bask_parts){.count = COUNT(parts), .end = BASK_STR("<end>")};
    memcpy(made->items, parts, sizeof parts);
    return made;
}

static void
parts_of_a_file(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        sendfile_is = i == 1 ? REFUSED : REAL;
        fixture.options.bodies.no_sendfile = i == 2;
        sends = 0;
        struct client *client = dial(0, 0);
        int fd = make_file();
        struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
        assert_int_equal(req->io->respond_parts(req, plain, 1, fd, make_parts()), 0);
        say(client, "GET /" HOST "\r\n");
        hear_until(client, "\r\n\r\nhello");
        const char *body = strstr(text_of(client), "\r\n\r\n") + 4;
        assert_non_null(strstr(text_of(client), "Content-Length: 2000038\r\n"));
        assert_memory_equal(body, "<first>", 7);
        assert_memory_equal(body + 7, big + 5, 10);
        assert_memory_equal(body + 17, "<second>", 8);
        assert_memory_equal(body + 25, big + 100000, 2000000);
        assert_memory_equal(body + 2000025, "<third>", 7);
        assert_int_equal(body[2000032], big[0]);
        assert_memory_equal(body + 2000033, "<end>HTTP/1.1 200 OK", 20);
        assert_false(is_open(fd));
        assert_int_equal(sends == 0, i == 2);
        hang_up(client);
        until_connections(0);
    }
}

/* Else a client that takes them would seem to fall back with each. */
static void
parts_to_come_are_not_taken(void **state)
{
    (void)state;
    static const struct bask_part parts[] = {
        {BASK_STR("<first>"), 0, 2000000},
        {BASK_STR("<second>"), 5, 1000},
        {BASK_STR("<third>"), 0, 2900000},
    };
    struct client *client = dial(0, 0);
    int fd = make_file();
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    const struct bask_conn *conn = req->owner;
    struct bask_parts *made = malloc(sizeof *made + sizeof parts);
    *made = (struct bask_parts){.count = COUNT(parts), .end = BASK_STR("<end>")};
    memcpy(made->items, parts, sizeof parts);
    int64_t size = bask_parts_size(made, 0);
    assert_int_equal(req->io->respond_parts(req, plain, 1, fd, made), 0);
    assert_int_equal(conn->step, BASK_STEP_FLUSH);
    assert_true(conn->behind > 4000000 && conn->behind <= size + 1000); /* and the head */
    hang_up(client);
    until_connections(0);
}

/* Whatever becomes of them, the file is closed and the parts are freed. */
static void
parts_that_are_not_sent(void **state)
{
    (void)state;
    struct client *client = dial(0, 0);
    int fd = make_file();
    struct bask_req *req = held_request(client, "GET /hold" HOST "\r\n");
    const bask_str short_head = BASK_STR("200 OK\r\nContent-Length: 5\r\n");
    assert_int_equal(req->io->respond_parts(req, short_head, 1, fd, make_parts()), BASK_E_SYNTAX);
    assert_false(is_open(fd));
    fd = make_file();
    assert_int_equal(req->io->respond_parts(req, plain, 1, fd, make_parts()), 0);
    hang_up(client); /* it leaves in the second part */
    until_connections(0);
    assert_false(is_open(fd));

    fd = make_file();
    client = dial(0, 0);
    req = held_request(client, "GET /hold" HOST "\r\n");
    assert_int_equal(ftruncate(fd, 50), 0); /* the second part is not there any more */
    req->io->respond_parts(req, plain, 1, fd, make_parts());
    hear_end(client);
    until_connections(0);
    assert_false(is_open(fd));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file_is_sent_by_hand_where_the_kernel_does_not, set_up,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(file_that_is_too_short, set_up, fixture_end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_breaks_the_answer, set_up, fixture_end),
        cmocka_unit_test_setup_teardown(file_is_closed_whatever_is_answered, set_up, fixture_end),
        cmocka_unit_test_setup_teardown(length_is_what_the_head_says, set_up, fixture_end),
        cmocka_unit_test_setup_teardown(others_get_their_turn, set_up, fixture_end),
        cmocka_unit_test_setup_teardown(others_get_their_turn_when_files_are_copied, set_up,
                                        fixture_end),
        cmocka_unit_test_setup_teardown(parts_of_a_file, set_up, fixture_end),
        cmocka_unit_test_setup_teardown(parts_to_come_are_not_taken, set_up_slow, fixture_end),
        cmocka_unit_test_setup_teardown(parts_that_are_not_sent, set_up, fixture_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
