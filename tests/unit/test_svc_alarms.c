/* svc/alarms: what the options may say, the way of a message, lines of the log that raise alarms.
 */
#include "test.h"

#include "base/err.h"
#include "svc/alarms.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bask_value items[8][80];

/* Lists of the options, each ended by NULL; a list that is NULL is empty. */
static struct bask_values
values(size_t list, const char *const *texts)
{
    size_t count = 0;
    for (; texts && texts[count]; count++)
        items[list][count] = (struct bask_value){bask_str_of(texts[count]), BASK_STR("here")};
    return (struct bask_values){items[list], count};
}

static struct bask_alarm_options
usual(const char *const *alarms)
{
    return (struct bask_alarm_options){
        .alarms = values(0, alarms), .freq_ms = 3000, .longest = 100, .limit_ms = 1000};
}

static void
descriptions(void **state)
{
    (void)state;
    static const char *const good[] = {"a cmd:mail -s \"it: burns\" root",
                                       "b log:",
                                       "b   log:with words ",
                                       "c signal:255",
                                       "d udp:127.0.0.1:1",
                                       "e udp:[::1]:65535",
                                       "f mule:",
                                       "f mule:7",
                                       NULL};
    struct bask_alarm_options options = usual(good);
    struct bask_alarms *alarms;
    char error[512] = "";
    assert_int_equal(bask_alarms_open(&alarms, &options, error, sizeof error), 0);
    assert_string_equal(error, "");
    assert_int_equal(alarms->count, 8);
    assert_str(alarms->items[0].argument, BASK_STR("mail -s \"it: burns\" root"));
    assert_str(alarms->items[2].argument, BASK_STR("with words"));
    assert_int_equal(alarms->items[3].number, 255);
    assert_int_equal(alarms->items[7].number, 7);
    assert_int_equal(bask_alarms_find(alarms, BASK_STR("a")), 1);
    assert_int_equal(bask_alarms_find(alarms, BASK_STR("b")), 6);
    assert_int_equal(bask_alarms_find(alarms, BASK_STR("")), 0);
    assert_int_equal(bask_alarms_find(alarms, BASK_STR("z")), 0);
    bask_alarms_free(&alarms);
    options = usual(NULL);
    assert_int_equal(bask_alarms_open(&alarms, &options, error, sizeof error), 0);
    assert_null(alarms);
}

static void
bad_descriptions(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "a",
                                      "a log",
                                      " log:x",
                                      "a :x",
                                      "a curl:http://x",
                                      "a LOG:x",
                                      "a cmd:",
                                      "a,b log:",
                                      "a signal:",
                                      "a signal:256",
                                      "a signal:-1",
                                      "a signal:1x",
                                      "a signal:99999999999999999999",
                                      "a mule:x",
                                      "a mule:-1",
                                      "a mule:2147483648",
                                      "a udp:",
                                      "a udp:/tmp/x",
                                      "a udp:@x",
                                      "a udp:127.0.0.1",
                                      "a udp:127.0.0.1:0x",
                                      "a udp:127.0.0.1:70000"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *const one[] = {bad[i], NULL};
        struct bask_alarm_options options = usual(one);
        struct bask_alarms *alarms;
        char error[512] = "";
        int err = bask_alarms_open(&alarms, &options, error, sizeof error);
        assert_true(err < 0);
        assert_null(alarms);
        assert_non_null(strstr(error, "here: --alarm \""));
    }
}

/* One option after the other with one bad value. */
static void
bad_references(void **state)
{
    (void)state;
    static const char *const alarm[] = {"a log:", NULL};
    static const struct {
        size_t offset;
        const char *text;
    } bad[] = {
        {offsetof(struct bask_alarm_options, log), "a"},
        {offsetof(struct bask_alarm_options, log), "b x"},
        {offsetof(struct bask_alarm_options, log), "a,b x"},
        {offsetof(struct bask_alarm_options, log), ", x"},
        {offsetof(struct bask_alarm_options, log), "a ("},
        {offsetof(struct bask_alarm_options, log), "a [z-a]"},
        {offsetof(struct bask_alarm_options, not_log), "a *\\"},
        {offsetof(struct bask_alarm_options, backlog), ""},
        {offsetof(struct bask_alarm_options, backlog), "b"},
        {offsetof(struct bask_alarm_options, segfault), "a b"},
        {offsetof(struct bask_alarm_options, files), "a 3"},
        {offsetof(struct bask_alarm_options, files), "a x text"},
        {offsetof(struct bask_alarm_options, files), "a 3:0 text"},
        {offsetof(struct bask_alarm_options, files), "a 3:x text"},
        {offsetof(struct bask_alarm_options, files), "a -1 text"},
        {offsetof(struct bask_alarm_options, files), "a 4294967296 text"},
        {offsetof(struct bask_alarm_options, files), "b 3 text"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *const one[] = {bad[i].text, NULL};
        struct bask_alarm_options options = usual(alarm);
        struct bask_alarms *alarms;
        char error[512] = "";
        *(struct bask_values *)(void *)((char *)&options + bad[i].offset) = values(1, one);
        assert_true(bask_alarms_open(&alarms, &options, error, sizeof error) < 0);
        assert_null(alarms);
        assert_non_null(strstr(error, "here: --"));
    }
}

static void
too_many(void **state)
{
    (void)state;
    const char *many[BASK_ALARMS + 2];
    for (size_t i = 0; i < BASK_ALARMS + 1; i++)
        many[i] = "a log:";
    many[BASK_ALARMS + 1] = NULL;
    struct bask_alarm_options options = usual(many);
    struct bask_alarms *alarms;
    char error[512] = "";
    assert_true(bask_alarms_open(&alarms, &options, error, sizeof error) < 0);
    options.alarms.count--;
    assert_int_equal(bask_alarms_open(&alarms, &options, error, sizeof error), 0);
    assert_true(bask_alarms_find(alarms, BASK_STR("a")) == UINT64_MAX);
    bask_alarms_free(&alarms);
}

static struct bask_alarms *
open_two(struct bask_alarm_options *options, const char *const *log, const char *const *not_log)
{
    static const char *const two[] = {"a log:", "b log:", NULL};
    struct bask_alarms *alarms;
    char error[512];
    *options = usual(two);
    options->log = values(2, log);
    options->not_log = values(3, not_log);
    assert_int_equal(bask_alarms_open(&alarms, options, error, sizeof error), 0);
    return alarms;
}

/* The next message, "whom:text"; "" if none waits. */
static const char *
next(const struct bask_alarms *alarms)
{
    static char text[256];
    char buffer[108];
    uint64_t whom;
    bask_str message;
    assert_int_equal(bask_alarms_buffer_size(alarms), sizeof buffer);
    if (bask_alarms_take(alarms, buffer, &whom, &message))
        return "";
    snprintf(text, sizeof text, "%d:%.*s", (int)whom, BASK_FMT(message));
    return text;
}

static void
messages(void **state)
{
    (void)state;
    struct bask_alarm_options options;
    struct bask_alarms *alarms = open_two(&options, NULL, NULL);
    char longest[300], wanted[120];
    assert_string_equal(next(alarms), "");
    assert_int_equal(bask_alarms_raise(alarms, 1, BASK_STR("one")), 0);
    assert_int_equal(bask_alarms_raise(alarms, 3, BASK_STR("")), 0);
    memset(longest, 'x', sizeof longest);
    assert_int_equal(bask_alarms_raise(alarms, 2, bask_str_n(longest, sizeof longest)), 0);
    assert_string_equal(next(alarms), "1:one");
    assert_string_equal(next(alarms), "3:");
    snprintf(wanted, sizeof wanted, "2:%.100s", longest);
    assert_string_equal(next(alarms), wanted);
    assert_string_equal(next(alarms), "");
    bask_alarms_free(&alarms);
}

/* Nobody takes them: whoever raises does not wait, in whatever process, and what is lost is known.
 */
static void
flood(void **state)
{
    (void)state;
    struct bask_alarm_options options;
    struct bask_alarms *alarms = open_two(&options, NULL, NULL);
    uint64_t lost = 0, taken = 0;
    enum { FLOOD = 20000 };
    int status = -1;
    pid_t pid = fork();
    for (int i = 0; i < FLOOD; i++)
        lost += bask_alarms_raise(alarms, 1, BASK_STR("again")) != 0;
    if (pid == 0)
        _exit(lost ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(lost > 0);
    lost = bask_alarms_lost(alarms);
    while (*next(alarms))
        taken++;
    assert_true(taken > 10);
    assert_int_equal(lost + taken, FLOOD * 2);
    assert_int_equal(bask_alarms_lost(alarms), 0);
    bask_alarms_free(&alarms);
}

static void
see(const char *text)
{
    bask_alarms_see(text, strlen(text));
}

static void
lines_of_the_log(void **state)
{
    (void)state;
    static const char *const log[] = {"a fire", "b,a smoke$", "b ^[0-9]+ ", NULL};
    static const char *const not_log[] = {"a drill", NULL};
    struct bask_alarm_options options;
    struct bask_alarms *alarms = open_two(&options, log, not_log);
    see("fire\n"); /* nobody watches yet */
    bask_alarms_watch_log(alarms);
    see("fine\nthere is fire here\nsmoke\nmuch smoke \n\n12 men\nno end of fire");
    see("fire drill\nsmoke, a drill: smoke\n");
    bask_alarms_hush(true);
    see("fire\n");
    bask_alarms_hush(false);
    assert_string_equal(next(alarms), "1:there is fire here");
    assert_string_equal(next(alarms), "3:smoke");
    assert_string_equal(next(alarms), "2:12 men");
    assert_string_equal(next(alarms), "1:no end of fire");
    assert_string_equal(next(alarms), "2:smoke, a drill: smoke");
    assert_string_equal(next(alarms), "");
    bask_alarms_watch_log(NULL);
    see("fire\n");
    assert_string_equal(next(alarms), "");
    bask_alarms_free(&alarms);
}

/* Bytes that are no text, and lines without an end. */
static void
hostile_lines(void **state)
{
    (void)state;
    static const char *const log[] = {"a fire", NULL};
    struct bask_alarm_options options;
    struct bask_alarms *alarms = open_two(&options, log, NULL);
    static char bytes[100000];
    memset(bytes, '\xff', sizeof bytes);
    bask_alarms_watch_log(alarms);
    bask_alarms_see(bytes, 0);
    bask_alarms_see(bytes, sizeof bytes);
    memcpy(bytes + sizeof bytes - 4, "fire", 4); /* so far nobody looks */
    bask_alarms_see(bytes, sizeof bytes);
    memset(bytes, 0, sizeof bytes);
    bask_alarms_see(bytes, sizeof bytes);
    memset(bytes, '\n', sizeof bytes);
    bask_alarms_see(bytes, sizeof bytes);
    assert_string_equal(next(alarms), "");
    bask_alarms_watch_log(NULL);
    bask_alarms_free(&alarms);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptions),     cmocka_unit_test(bad_descriptions),
        cmocka_unit_test(bad_references),   cmocka_unit_test(too_many),
        cmocka_unit_test(messages),         cmocka_unit_test(flood),
        cmocka_unit_test(lines_of_the_log), cmocka_unit_test(hostile_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
