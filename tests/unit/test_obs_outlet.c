/* obs/outlet: lines of several processes in one pipe. */
#include "test.h"

#include "obs/outlet.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 3, LINES = 200, PIPE = 8192, LINE = 2 * PIPE + 100, MOST = WRITERS * LINES };

static void
write_lines(int number)
{
    static char line[LINE + 12];
    memset(line, 'a' + number, LINE - 1);
    line[LINE - 1] = '\n';
    memcpy(line + LINE, "short line\n", 11); /* it must not go into another's long one either */
    for (int i = 0; i < LINES; i++)
        bask_outlet_write_requests(line, LINE + 11);
    _exit(0);
}

static pid_t
start(int number, int reading)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(reading);
        write_lines(number);
    }
    return pid;
}

/* All that comes, until nobody can write any more. */
static char *
read_all(int fd, size_t *ret_len)
{
    size_t size = (size_t)MOST * (LINE + 11), len = 0;
    char *text = malloc(size + 1);
    ssize_t n;
    assert_non_null(text);
    while ((n = read(fd, text + len, size + 1 - len < 1000 ? size + 1 - len : 1000)) > 0)
        len += (size_t)n;
    *ret_len = len;
    return text;
}

static void
open_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, PIPE) >= PIPE);
    bask_outlet_requests_to(ends[1]);
    bask_outlet_share();
}

/* A process that is in the middle of a line, since none fits in. */
static pid_t
start_in_line(int reading)
{
    static char line[LINE];
    struct pollfd in = {.fd = reading, .events = POLLIN};
    pid_t pid = fork();
    assert_true(pid >= 0);
    memset(line, 'x', sizeof line);
    line[LINE - 1] = '\n';
    if (pid == 0)
        for (;;)
            bask_outlet_write_requests(line, sizeof line);
    assert_int_equal(poll(&in, 1, 10000), 1);
    return pid;
}

static void
empty(int reading)
{
    static char bytes[PIPE];
    struct pollfd in = {.fd = reading, .events = POLLIN};
    while (poll(&in, 1, 0) == 1)
        assert_true(read(reading, bytes, sizeof bytes) > 0);
}

/* None of them fits into the pipe, so each goes out in parts, and who waits for room is not alone.
 */
static void
check_long_lines(const int ends[2])
{
    int status;
    pid_t writers[WRITERS];
    size_t len, found[WRITERS] = {0}, others = 0;
    for (int i = 0; i < WRITERS; i++)
        writers[i] = start(i, ends[0]);
    bask_outlet_forget();
    close(ends[1]);
    char *text = read_all(ends[0], &len);
    close(ends[0]);
    for (int i = 0; i < WRITERS; i++)
        assert_true(waitpid(writers[i], &status, 0) == writers[i] && status == 0);
    for (char *at = text, *end; at < text + len; at = end + 1) {
        end = memchr(at, '\n', (size_t)(text + len - at));
        assert_non_null(end);
        if (end - at == 10 && !memcmp(at, "short line", 10)) {
            others++;
            continue;
        }
        assert_true(end - at == LINE - 1 && *at >= 'a' && *at < 'a' + WRITERS);
        assert_int_equal(memcmp(at, at + 1, LINE - 2), 0); /* one letter */
        found[*at - 'a']++;
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(found[i], LINES);
    assert_int_equal(others, MOST);
    free(text);
}

static void
long_lines_are_whole(void **state)
{
    int ends[2];
    (void)state;
    open_pipe(ends);
    check_long_lines(ends);
}

/* Who is killed in the middle of a line takes the turn of nobody. */
static void
a_writer_that_is_killed(void **state)
{
    int ends[2];
    (void)state;
    open_pipe(ends);
    pid_t writer = start_in_line(ends[0]);
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    empty(ends[0]);
    check_long_lines(ends);
}

/* Who is stopped in the middle of a line takes no line along of those that others write. */
static void
a_writer_that_is_stopped(void **state)
{
    char bytes[64];
    int ends[2], status;
    (void)state;
    open_pipe(ends);
    pid_t writer = start_in_line(ends[0]);
    kill(writer, SIGSTOP);
    assert_int_equal(waitpid(writer, &status, WUNTRACED), writer);
    empty(ends[0]);
    for (int i = 0; i < 3; i++)
        bask_outlet_write_requests("not lost\n", 9);
    bask_outlet_forget();
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    close(ends[1]);
    assert_int_equal(read(ends[0], bytes, sizeof bytes), 27);
    assert_memory_equal(bytes, "not lost\nnot lost\nnot lost\n", 27);
    close(ends[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_lines_are_whole),
        cmocka_unit_test(a_writer_that_is_killed),
        cmocka_unit_test(a_writer_that_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
