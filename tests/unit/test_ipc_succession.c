/* ipc/succession: the environment variable, written, read, and wrong; the descriptors it names. */
#include "test.h"

#include "base/err.h"
#include "ipc/succession.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const bask_str prefix = {BASK_SUCCESSION_VARIABLE "=", sizeof BASK_SUCCESSION_VARIABLE};

static void
round_trip(void **state)
{
    (void)state;
    struct bask_sock_given listeners[] = {
        {BASK_STR("127.0.0.1:80"), 7}, {BASK_STR("/run/a socket=1;2"), 8}, {BASK_STR("words"), 9}};
    const struct bask_succession given = {3, 4, -1, {listeners, COUNT(listeners)}, NULL};
    struct bask_succession read;
    char *text = bask_succession_format(&given);
    assert_non_null(text);
    assert_true(bask_str_starts(bask_str_of(text), prefix));
    assert_int_equal(bask_succession_parse(bask_str_of(text + prefix.len), &read), 0);
    assert_int_equal(read.channel, 3);
    assert_int_equal(read.words, 4);
    assert_int_equal(read.control, -1);
    assert_int_equal(read.listeners.count, COUNT(listeners));
    for (size_t i = 0; i < COUNT(listeners); i++) {
        assert_str(read.listeners.items[i].name, listeners[i].name);
        assert_int_equal(bask_sock_take(&read.listeners, listeners[i].name), listeners[i].fd);
        assert_int_equal(bask_sock_take(&read.listeners, listeners[i].name), -1);
    }
    free(read.listeners.items);
    free(text);
}

static void
same_name_twice(void **state)
{
    (void)state;
    struct bask_succession read;
    const bask_str text = BASK_STR("5 listener 127.0.0.1:0\n6 listener 127.0.0.1:0\n");
    assert_int_equal(bask_succession_parse(text, &read), 0);
    assert_int_equal(bask_sock_take(&read.listeners, BASK_STR("127.0.0.1:0")), 5);
    assert_int_equal(bask_sock_take(&read.listeners, BASK_STR("127.0.0.1:0")), 6);
    assert_int_equal(bask_sock_take(&read.listeners, BASK_STR("127.0.0.1:0")), -1);
    assert_int_equal(bask_sock_take(NULL, BASK_STR("127.0.0.1:0")), -1);
    free(read.listeners.items);
}

static void
name_with_a_line_break(void **state)
{
    (void)state;
    struct bask_sock_given listener = {BASK_STR("/run/a\n3 channel"), 7};
    const struct bask_succession given = {3, 4, 5, {&listener, 1}, NULL};
    assert_null(bask_succession_format(&given));
}

static void
wrong_texts(void **state)
{
    (void)state;
    static const bask_str texts[] = {
        BASK_STR("x"),
        BASK_STR("3 channel"),
        BASK_STR("\n"),
        BASK_STR("3\n"),
        BASK_STR("3 \n"),
        BASK_STR(" channel\n"),
        BASK_STR("channel 3\n"),
        BASK_STR("2 channel\n"),
        BASK_STR("-3 channel\n"),
        BASK_STR("99999999999 channel\n"),
        BASK_STR("99999999999999999999999 channel\n"),
        BASK_STR("3 channel x\n"),
        BASK_STR("3 channel\n4 channel\n"),
        BASK_STR("3 listener\n"),
        BASK_STR("3 listener \n"),
        BASK_STR("3 socket a\n"),
        BASK_STR("3 channel\n\n4 words\n"),
        BASK_STR("3 channel\n4 words"),
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct bask_succession read;
        if (bask_succession_parse(texts[i], &read) != BASK_E_SYNTAX)
            fail_msg("text %zu was understood", i);
    }
}

static void
taking(void **state)
{
    (void)state;
    struct bask_succession taken;
    char text[64];
    int fd = open("/dev/null", O_RDONLY), other = open("/dev/null", O_RDONLY);
    assert_true(fd > 2 && other > 2);
    unsetenv(BASK_SUCCESSION_VARIABLE);
    assert_int_equal(bask_succession_take(&taken), BASK_E_NOTFOUND);
    snprintf(text, sizeof text, "%d words\n%d listener :80\n", fd, other);
    setenv(BASK_SUCCESSION_VARIABLE, text, 1);
    assert_int_equal(bask_succession_take(&taken), 0);
    assert_null(getenv(BASK_SUCCESSION_VARIABLE));
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(other, F_GETFD), FD_CLOEXEC);
    bask_succession_fini(&taken);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(fcntl(other, F_GETFD), -1);
    setenv(BASK_SUCCESSION_VARIABLE, text, 1); /* by now they are closed */
    assert_int_equal(bask_succession_take(&taken), BASK_E_SYSTEM);
    setenv(BASK_SUCCESSION_VARIABLE, "no", 1);
    assert_int_equal(bask_succession_take(&taken), BASK_E_SYNTAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(same_name_twice),
        cmocka_unit_test(name_with_a_line_break),
        cmocka_unit_test(wrong_texts),
        cmocka_unit_test(taking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
