/* obs/access: the format, and that a line is one line whatever a client sends. */
#include "test.h"

#include "obs/access.h"

#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

static char text[1 << 20];

/* What is written to the log while `fill` runs. */
static size_t
capture(void (*fill)(struct bask_access_log *log))
{
    FILE *file = tmpfile();
    assert_non_null(file);
    struct bask_access_log *log = bask_access_new(fileno(file), NULL);
    assert_non_null(log);
    fill(log);
    bask_access_free(&log);
    assert_null(log);
    rewind(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return n;
}

static bask_str user;

static bask_str
find(const void *request, bask_str name, char *number)
{
    assert_null(request);
    assert_non_null(number);
    return bask_str_eq(name, BASK_STR("REMOTE_USER")) ? user : (bask_str){0};
}

static const struct bask_access_finder finder = {.variable = find};

static struct bask_access_entry
entry(void)
{
    return (struct bask_access_entry){
        .remote_addr = BASK_STR("192.0.2.7"),
        .method = BASK_STR("GET"),
        .uri = BASK_STR("/a?b=c"),
        .protocol = BASK_STR("HTTP/1.1"),
        .status = 200,
        .variables = 3,
        .variable_bytes = 44,
        .header_count = 2,
        .header_bytes = 55,
        .body_bytes = 13,
        .elapsed_us = 1999,
        .requests = 9,
        .thread = 1,
        .note = "",
        .finder = &finder,
    };
}

static void
write_one(struct bask_access_log *log)
{
    struct bask_access_entry e = entry();
    bask_access_write(log, &e);
}

static void
format(void **state)
{
    (void)state;
    regex_t pattern;
    assert_int_equal(
        regcomp(&pattern,
                "^\\[pid: [0-9]+\\|app: 0\\|req: 9/9\\] 192\\.0\\.2\\.7 \\(\\) \\{3 vars in 44 "
                "bytes\\} \\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}\\] GET "
                "/a\\?b=c => generated 13 bytes in 1 msecs \\(HTTP/1\\.1 200\\) 2 headers in 55 "
                "bytes \\(1 switches on core 1\\)\n$",
                REG_EXTENDED),
        0);
    capture(write_one);
    if (regexec(&pattern, text, 0, NULL, 0))
        fail_msg("%s", text);
    regfree(&pattern);
}

static void
write_hostile(struct bask_access_log *log)
{
    static char many[70000];
    memset(many, '\n', sizeof many);
    static const size_t offsets[] = {
        offsetof(struct bask_access_entry, remote_addr),
        offsetof(struct bask_access_entry, method),
        offsetof(struct bask_access_entry, uri),
        offsetof(struct bask_access_entry, protocol),
    };
    static const bask_str values[] = {
        BASK_STR("a\nb"), BASK_STR("a\r\x1b[2J\x7f\x80\xff\\\tb"), {"a\0b", 3}, {many, sizeof many},
        {NULL, 0},
    };
    for (size_t i = 0; i < COUNT(offsets); i++)
        for (size_t k = 0; k < COUNT(values); k++) {
            struct bask_access_entry e = entry();
            *(bask_str *)((char *)&e + offsets[i]) = values[k];
            bask_access_write(log, &e);
            user = values[k];
        }
    struct bask_access_entry e = entry();
    user = bask_str_n(many, sizeof many);
    for (size_t i = 0; i < COUNT(offsets); i++)
        *(bask_str *)((char *)&e + offsets[i]) = bask_str_n(many, sizeof many);
    bask_access_write(log, &e);
    user = (bask_str){0};
}

static void
always_one_line(void **state)
{
    (void)state;
    size_t n = capture(write_hostile), lines = 0;
    assert_int_equal(text[n - 1], '\n');
    for (char *at = text, *end; (end = memchr(at, '\n', (size_t)(text + n - at))); at = end + 1) {
        lines++;
        assert_memory_equal(at, "[pid: ", 6);
        assert_memory_equal(end - 8, " core 1)", 8);
        for (char *c = at; c < end; c++)
            assert_true(*c >= 0x20 && *c < 0x7f);
    }
    assert_int_equal(lines, 4 * 5 + 1);
    assert_non_null(strstr(text, "GET a\\x0ab =>"));
    assert_non_null(strstr(text, "GET a\\x0d\\x1b[2J\\x7f\\x80\\xff\\x5c\\x09b =>"));
    assert_non_null(strstr(text, "GET a\\x00b =>"));
}

static void
write_many(struct bask_access_log *log)
{
    struct bask_access_entry e = entry();
    for (e.requests = 1; e.requests <= 1000; e.requests++)
        bask_access_write(log, &e);
}

static void
buffer_full(void **state)
{
    (void)state;
    char mark[32];
    const char *at = text;
    capture(write_many);
    for (int i = 1; i <= 1000; i++) {
        snprintf(mark, sizeof mark, "|req: %d/%d] ", i, i);
        at = strstr(at, mark);
        assert_non_null(at);
    }
}

static void
nowhere_to_write(void **state)
{
    (void)state;
    struct bask_access_log *log = bask_access_new(-1, NULL);
    write_many(log);
    bask_access_free(&log);
    bask_access_free(&log);
}

/* Each rule takes what it names, and nothing else. */
static void
rules(void **state)
{
    const struct bask_access_rules none = {0};
    const struct {
        struct bask_access_rules rules;
        struct bask_access_entry in, out;
    } rows[] = {
        {{.client_errors = true}, {.status = 404}, {.status = 504}},
        {{.client_errors = true}, {.status = 499}, {.status = 399}},
        {{.server_errors = true}, {.status = 500}, {.status = 404}},
        {{.zero = true}, {.body_bytes = 0}, {.body_bytes = 1}},
        {{.big_bytes = 9}, {.body_bytes = 9}, {.body_bytes = 8}},
        {{.slow_ms = 2}, {.elapsed_us = 2000}, {.elapsed_us = 1999}},
        {{.broken = true}, {.is_broken = true}, {.is_broken = false}},
        {{.sendfile = true}, {.by_kernel = true}, {.note = " (stream)"}},
    };
    (void)state;
    assert_false(bask_access_has_rules(&none));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(bask_access_has_rules(&rows[i].rules));
        assert_true(bask_access_is_wanted(&rows[i].rules, &rows[i].in));
        assert_false(bask_access_is_wanted(&rows[i].rules, &rows[i].out));
        assert_false(bask_access_is_wanted(&none, &rows[i].in));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format),      cmocka_unit_test(always_one_line),
        cmocka_unit_test(buffer_full), cmocka_unit_test(nowhere_to_write),
        cmocka_unit_test(rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
