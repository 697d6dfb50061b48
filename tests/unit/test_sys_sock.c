/* sys/sock: names of sockets and every sentence about wrong ones; binding, and what stands in the
 * way of it. */
#include "test.h"

#include "base/err.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer than a unix socket's path may be: 128 bytes. */
#define EIGHT(text) text text text text text text text text
#define LONG_PATH EIGHT("/234567890123456")

static void
names(void **state)
{
    (void)state;
    static const struct {
        bask_str text;
        int family;
        const char *addr, *port;
    } rows[] = {
        {BASK_STR(":9090"), AF_INET, "0.0.0.0", "9090"},
        {BASK_STR("127.0.0.1:0"), AF_INET, "127.0.0.1", "0"},
        {BASK_STR("127.0.0.1:65535"), AF_INET, "127.0.0.1", "65535"},
        {BASK_STR("[::1]:80"), AF_INET6, "::1", "80"},
        {BASK_STR("[::]:8080"), AF_INET6, "::", "8080"},
        {BASK_STR("/run/a:b.sock"), AF_UNIX, "", ""},
        {BASK_STR("./a:b.sock"), AF_UNIX, "", ""},
        {BASK_STR("relative.sock"), AF_UNIX, "", ""},
        {BASK_STR("@abstract:1"), AF_UNIX, "", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_sockaddr addr;
        struct bask_sock_name name;
        char error[256] = "";
        assert_int_equal(bask_sock_parse(rows[i].text, &addr, error, sizeof error), 0);
        assert_string_equal(error, "");
        assert_int_equal(addr.u.any.sa_family, rows[i].family);
        bask_sock_describe(&addr, &name);
        assert_string_equal(name.addr, rows[i].addr);
        assert_string_equal(name.port, rows[i].port);
    }
}

static void
wrong_names(void **state)
{
    (void)state;
    static const struct {
        bask_str text;
        int err;
        const char *sentence;
    } rows[] = {
        {BASK_STR(""), BASK_E_SYNTAX, "expected host:port, :port, [ipv6]:port, a path or @name"},
        {BASK_STR(":"), BASK_E_SYNTAX, "\"\" is not a port from 0 to 65535"},
        {BASK_STR(":65536"), BASK_E_SYNTAX, "\"65536\" is not a port from 0 to 65535"},
        {BASK_STR("h:-1"), BASK_E_SYNTAX, "\"-1\" is not a port from 0 to 65535"},
        {BASK_STR("h:99999999999999999999"), BASK_E_SYNTAX,
         "\"99999999999999999999\" is not a port from 0 to 65535"},
        {BASK_STR("::1"), BASK_E_NOTFOUND, "unknown host :: "},
        {BASK_STR("[::x]:80"), BASK_E_SYNTAX, "[::x] is not an IPv6 address"},
        {BASK_STR("[]:80"), BASK_E_SYNTAX, "[] is not an IPv6 address"},
        {BASK_STR(LONG_PATH), BASK_E_SYNTAX, "the path of a unix socket has at most 107 bytes"},
        {BASK_STR(LONG_PATH ":1"), BASK_E_SYNTAX,
         "the path of a unix socket has at most 107 bytes"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_sockaddr addr = {.length = 12345};
        char error[256] = "";
        int err = bask_sock_parse(rows[i].text, &addr, error, sizeof error);
        if (rows[i].err == BASK_E_NOTFOUND && !err)
            continue; /* some resolvers read an IPv6 address without brackets */
        assert_int_equal(err, rows[i].err);
        if (err != BASK_E_NOTFOUND)
            assert_string_equal(error, rows[i].sentence);
        assert_true(addr.length == 12345); /* nothing is written when it fails */
    }
}

static void
long_host(void **state)
{
    (void)state;
    char text[300], error[256] = "";
    struct bask_sockaddr addr;
    memset(text, 'h', sizeof text);
    memcpy(text + sizeof text - 3, ":80", 3);
    assert_int_equal(bask_sock_parse(bask_str_n(text, sizeof text), &addr, error, sizeof error),
                     BASK_E_SYNTAX);
    assert_string_equal(error, "the host name is too long");
}

static int
listen_on(const char *name, char error[static 256])
{
    struct bask_sockaddr addr;
    int fd = -1;
    error[0] = '\0';
    assert_int_equal(bask_sock_parse(bask_str_of(name), &addr, error, 256), 0);
    int err = bask_sock_listen(&addr, 4, &fd, error, 256);
    assert_int_equal(err, fd < 0 ? BASK_E_SYSTEM : 0);
    return fd;
}

static void
port_zero(void **state)
{
    (void)state;
    char error[256], name[64];
    int fd = listen_on("127.0.0.1:0", error);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    struct bask_sockaddr addr = {.length = sizeof addr.u};
    struct bask_sock_name text;
    assert_int_equal(getsockname(fd, &addr.u.any, &addr.length), 0);
    bask_sock_describe(&addr, &text);
    assert_string_not_equal(text.port, "0");
    snprintf(name, sizeof name, "127.0.0.1:%s", text.port);
    assert_int_equal(listen_on(name, error), -1);
    assert_string_equal(error, "bind: Address already in use");
    close(fd);
}

static void
unix_paths(void **state)
{
    (void)state;
    char directory[] = "/tmp/bask-sock-XXXXXX", path[64], error[256];
    struct stat status;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/s", directory);
    int fd = listen_on(path, error);
    assert_true(fd >= 0);
    assert_int_equal(listen_on(path, error), -1); /* its owner is alive */
    assert_string_equal(error, "bind: Address already in use");
    close(fd);
    fd = listen_on(path, error); /* stale: replaced */
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(listen_on(path, error), -1); /* a file is never removed */
    assert_int_equal(stat(path, &status), 0);
    unlink(path);
    rmdir(directory);
    assert_int_equal(listen_on(path, error), -1);
    assert_string_equal(error, "bind: No such file or directory");
}

/* A living server whose backlog is full is not stale, and asking it must not block. */
static void
busy_unix_path(void **state)
{
    (void)state;
    char directory[] = "/tmp/bask-sock-XXXXXX", path[64], error[256];
    struct bask_sockaddr addr;
    int clients[64], count = 0;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/s", directory);
    int fd = listen_on(path, error);
    assert_int_equal(bask_sock_parse(bask_str_of(path), &addr, error, sizeof error), 0);
    for (bool full = false; !full && count < (int)COUNT(clients); count++) {
        clients[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        full = connect(clients[count], &addr.u.any, addr.length) != 0;
    }
    alarm(20);
    assert_int_equal(listen_on(path, error), -1);
    alarm(0);
    assert_string_equal(error, "bind: Address already in use");
    while (count > 0)
        close(clients[--count]);
    close(fd);
    unlink(path);
    rmdir(directory);
}

static void
abstract(void **state)
{
    (void)state;
    char name[64], error[256];
    snprintf(name, sizeof name, "@bask-test-%d", (int)getpid());
    int fd = listen_on(name, error);
    assert_true(fd >= 0);
    assert_int_equal(listen_on(name, error), -1);
    struct bask_sockaddr addr = {.length = sizeof addr.u};
    assert_int_equal(getsockname(fd, &addr.u.any, &addr.length), 0);
    assert_int_equal(addr.length, offsetof(struct sockaddr_un, sun_path) + strlen(name));
    close(fd);
    fd = listen_on(name, error);
    assert_true(fd >= 0);
    close(fd);
}

static void
backlog_limit(void **state)
{
    (void)state;
    assert_true(bask_sock_backlog_limit() > 0);
}

/* Connections that nobody has accepted yet are counted, on either kind of socket. */
static void
waiting(void **state)
{
    static const bask_str names[] = {BASK_STR("127.0.0.1:0"), BASK_STR("@bask-test-waiting")};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct bask_sockaddr addr;
        char error[256] = "";
        int listening, clients[3];
        assert_int_equal(bask_sock_parse(names[i], &addr, error, sizeof error), 0);
        assert_int_equal(bask_sock_listen(&addr, 8, &listening, error, sizeof error), 0);
        assert_int_equal(getsockname(listening, &addr.u.any, &(socklen_t){sizeof addr.u}), 0);
        for (size_t k = 0; k < COUNT(clients); k++) {
            assert_int_equal(bask_sock_waiting(listening), k);
            clients[k] = socket(addr.u.any.sa_family, SOCK_STREAM, 0);
            assert_int_equal(connect(clients[k], &addr.u.any, addr.length), 0);
        }
        close(accept(listening, NULL, NULL));
        assert_int_equal(bask_sock_waiting(listening), COUNT(clients) - 1);
        for (size_t k = 0; k < COUNT(clients); k++)
            close(clients[k]);
        close(listening);
    }
    assert_int_equal(bask_sock_waiting(-1), -1);
}

/* In as many pieces as the peer lets it, and nothing twice; without a peer there is no signal. */
static void
flushed(void **state)
{
    enum { SIZE = 1 << 21 };
    struct bask_buf out = {0};
    int ends[2], err;
    size_t taken = 0;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0); /* and waits otherwise */
    assert_int_equal(bask_sock_flush(ends[0], &out, 0), BASK_OK);
    assert_int_equal(bask_buf_reserve(&out, SIZE), 0);
    for (size_t i = 0; i < SIZE; i++)
        out.data[out.end++] = (char)(i * 31 >> 7);
    while ((err = bask_sock_flush(ends[0], &out, 0)) == BASK_E_AGAIN || taken < SIZE) {
        char bytes[65536];
        ssize_t n = recv(ends[1], bytes, sizeof bytes, 0);
        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++, taken++)
            assert_int_equal(bytes[i], (char)(taken * 31 >> 7));
    }
    assert_int_equal(err, BASK_OK);
    assert_int_equal(bask_buf_len(&out), 0);
    close(ends[1]);
    assert_int_equal(bask_buf_append(&out, BASK_STR("nobody")), 0);
    assert_int_equal(bask_sock_flush(ends[0], &out, 0), BASK_E_SYSTEM);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(bask_buf_len(&out), 6);
    close(ends[0]);
    bask_buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),      cmocka_unit_test(wrong_names),
        cmocka_unit_test(long_host),  cmocka_unit_test(port_zero),
        cmocka_unit_test(unix_paths), cmocka_unit_test(busy_unix_path),
        cmocka_unit_test(abstract),   cmocka_unit_test(backlog_limit),
        cmocka_unit_test(waiting),    cmocka_unit_test(flushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
