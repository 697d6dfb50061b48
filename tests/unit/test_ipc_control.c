/* ipc/control: lines that are exactly right, and every way in which one is not. Each is parsed from
 * memory of its own size, so that the sanitizers see a step beyond it. */
#include "test.h"

#include "base/err.h"
#include "ipc/control.h"

#include <stdlib.h>

static int
parse(bask_str bytes, struct bask_control_request *ret_request, char **ret_memory)
{
    *ret_memory = malloc(bytes.len ? bytes.len : 1);
    assert_non_null(*ret_memory);
    if (bytes.len)
        memcpy(*ret_memory, bytes.ptr, bytes.len);
    return bask_control_parse(*ret_memory, bytes.len, ret_request);
}

static void
good_questions(void **state)
{
    (void)state;
    static const struct {
        bask_str line, command, argument;
        bool wait;
    } rows[] = {
        {BASK_STR("bask/1 reload\n"), BASK_STR("reload"), {NULL, 0}, false},
        {BASK_STR("bask/1 reload wait\n"), BASK_STR("reload"), {NULL, 0}, true},
        {BASK_STR("bask/1 workers +2\n"), BASK_STR("workers"), BASK_STR("+2"), false},
        {BASK_STR("bask/1 workers -2 wait\n"), BASK_STR("workers"), BASK_STR("-2"), true},
        {BASK_STR("bask/1 a_b.C-9 x\nmore"), BASK_STR("a_b.C-9"), BASK_STR("x"), false},
        {BASK_STR("bask/1 wait\n"), BASK_STR("wait"), {NULL, 0}, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_control_request request;
        char *memory;
        int used = parse(rows[i].line, &request, &memory);
        assert_int_equal(used, (int)(strchr(rows[i].line.ptr, '\n') - rows[i].line.ptr) + 1);
        assert_str(request.command, rows[i].command);
        assert_str(request.argument, rows[i].argument);
        assert_int_equal(!request.argument.ptr, !rows[i].argument.ptr);
        assert_int_equal(request.wait, rows[i].wait);
        free(memory);
    }
}

static void
bad_questions(void **state)
{
    (void)state;
    static const bask_str lines[] = {
        BASK_STR("\n"),
        BASK_STR("bask/1\n"),
        BASK_STR("bask/1 \n"),
        BASK_STR("bask/2 reload\n"),
        BASK_STR("bask/1  reload\n"),
        BASK_STR(" bask/1 reload\n"),
        BASK_STR("bask/1 reload \n"),
        BASK_STR("bask/1 reload\r\n"),
        BASK_STR("bask/1 reload\t\n"),
        BASK_STR("bask/1 re\0load\n"),
        BASK_STR("bask/1 \0\n"),
        BASK_STR("bask/1 rel\xc3\xa9oad\n"),
        BASK_STR("bask/1 reload/now\n"),
        BASK_STR("bask/1 reload wait wait\n"),
        BASK_STR("bask/1 reload wait now\n"),
        BASK_STR("bask/1 reload one two\n"),
        BASK_STR("bask/1 reload one  wait\n"),
        BASK_STR("bask/1 %s%n\n"),
        BASK_STR("GET / HTTP/1.1\r\n"),
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct bask_control_request request;
        char *memory;
        int used = parse(lines[i], &request, &memory);
        if (used != -1)
            fail_msg("line %zu: %d", i, used);
        free(memory);
    }
}

/* Whatever is missing is waited for, but not beyond the longest line. */
static void
incomplete_and_endless(void **state)
{
    (void)state;
    const bask_str whole = BASK_STR("bask/1 reload wait\n");
    char endless[BASK_CONTROL_LINE + 8];
    struct bask_control_request request;
    char *memory;
    for (size_t len = 0; len < whole.len; len++) {
        assert_int_equal(parse(bask_str_n(whole.ptr, len), &request, &memory), -2);
        free(memory);
    }
    memset(endless, 'a', sizeof endless);
    for (size_t len = 1; len <= sizeof endless; len++) {
        int expected = len < BASK_CONTROL_LINE ? -2 : -1;
        assert_int_equal(parse(bask_str_n(endless, len), &request, &memory), expected);
        free(memory);
    }
}

static void
answers(void **state)
{
    (void)state;
    static const struct {
        bask_str line;
        int used;
        bool ok;
        size_t length;
    } rows[] = {
        {BASK_STR("ok 0\n"), 5, true, 0},
        {BASK_STR("ok 12\ntext"), 6, true, 12},
        {BASK_STR("failed 7\n"), 9, false, 7},
        {BASK_STR("ok"), -2, false, 0},
        {BASK_STR("ok 12"), -2, false, 0},
        {BASK_STR("ok\n"), -1, false, 0},
        {BASK_STR("ok \n"), -1, false, 0},
        {BASK_STR("ok -1\n"), -1, false, 0},
        {BASK_STR("ok 1 2\n"), -1, false, 0},
        {BASK_STR("no 1\n"), -1, false, 0},
        {BASK_STR("OK 1\n"), -1, false, 0},
        {BASK_STR("ok 16777217\n"), -1, false, 0},
        {BASK_STR("ok 0x10\n"), -1, false, 0},
        {BASK_STR("\n"), -1, false, 0},
        {BASK_STR("ok 99999999999999999999\n"), -1, false, 0},
        {BASK_STR("ok 16777216\n"), 12, true, 16777216},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_control_answer answer = {0};
        int used = bask_control_parse_answer(rows[i].line.ptr, rows[i].line.len, &answer);
        if (used != rows[i].used)
            fail_msg("line %zu: %d", i, used);
        assert_int_equal(answer.ok, rows[i].ok);
        assert_int_equal(answer.length, rows[i].length);
    }
}

/* What is written can be read. */
static void
round_trip(void **state)
{
    (void)state;
    char line[BASK_CONTROL_LINE + 1];
    char long_word[BASK_CONTROL_LINE];
    const struct bask_control_request asked = {BASK_STR("workers"), BASK_STR("+1"), true};
    struct bask_control_request read;
    int length = bask_control_format(line, &asked);
    assert_int_equal(bask_control_parse(line, (size_t)length, &read), length);
    assert_str(read.command, asked.command);
    assert_str(read.argument, asked.argument);
    assert_true(read.wait);
    struct bask_control_request wrong = {.command = BASK_STR("two words")};
    assert_int_equal(bask_control_format(line, &wrong), BASK_E_SYNTAX);
    wrong = (struct bask_control_request){.command = BASK_STR("one"), .argument = BASK_STR("\n")};
    assert_int_equal(bask_control_format(line, &wrong), BASK_E_SYNTAX);
    memset(long_word, 'a', sizeof long_word);
    wrong = (struct bask_control_request){.command = bask_str_n(long_word, sizeof long_word)};
    assert_int_equal(bask_control_format(line, &wrong), BASK_E_LIMIT);
    /* The longest line that there is. */
    wrong.command.len = BASK_CONTROL_LINE - strlen("bask/1 ") - 1;
    length = bask_control_format(line, &wrong);
    assert_int_equal(length, BASK_CONTROL_LINE);
    assert_int_equal(bask_control_parse(line, (size_t)length, &read), length);
    wrong.command.len++;
    assert_int_equal(bask_control_format(line, &wrong), BASK_E_LIMIT);
    for (int ok = 0; ok < 2; ok++) {
        struct bask_control_answer said = {ok, 4711}, heard;
        length = bask_control_format_answer(line, &said);
        assert_int_equal(bask_control_parse_answer(line, (size_t)length, &heard), length);
        assert_int_equal(heard.ok, ok);
        assert_int_equal(heard.length, 4711);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_questions),
        cmocka_unit_test(bad_questions),
        cmocka_unit_test(incomplete_and_endless),
        cmocka_unit_test(answers),
        cmocka_unit_test(round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
