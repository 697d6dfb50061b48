/* obs/line and obs/line_format: templates, what their names stand for, and lines that stay whole.
 */
#include "test.h"

#include "base/err.h"
#include "obs/line.h"

#include <stdlib.h>
#include <unistd.h>

static char huge[100000];

/* A template as "text" and <kind:name>. */
static const char *
parsed(bask_str template)
{
    static const char *const kinds[] = {
        [BASK_LINE_VALUE_OF] = "value",
        [BASK_LINE_VARIABLE] = "var",
        [BASK_LINE_METRIC] = "metric",
        [BASK_LINE_NOTED] = "note",
    };
    static char out[1000];
    struct bask_line_format *format;
    int used = 0;
    out[0] = '\0';
    assert_int_equal(bask_line_format_parse(template, &format), BASK_OK);
    for (size_t i = 0; i < format->count; i++) {
        const struct bask_line_segment *s = &format->segments[i];
        used += s->kind == BASK_LINE_TEXT
                    ? snprintf(out + used, sizeof out - (size_t)used, "[%.*s]", BASK_FMT(s->text))
                    : snprintf(out + used, sizeof out - (size_t)used, "<%s:%.*s>", kinds[s->kind],
                               BASK_FMT(s->text));
    }
    free(format);
    return out;
}

static void
templates(void **state)
{
    static const struct {
        bask_str template;
        const char *parsed;
    } rows[] = {
        {BASK_STR(""), ""},
        {BASK_STR("text"), "[text]"},
        {BASK_STR("%(uri)"), "<value:uri>"},
        {BASK_STR("%(uri)%(status)"), "<value:uri><value:status>"},
        {BASK_STR("a %(uri) b"), "[a ]<value:uri>[ b]"},
        {BASK_STR("%(var.HTTP_X)%(metric.a.b)%(mine)"), "<var:HTTP_X><metric:a.b><note:mine>"},
        {BASK_STR("%(var.)%(URI)"), "<var:><note:URI>"},
        {BASK_STR("%(uri\\\")%(a b)"), "<note:uri\\\"><note:a b>"},
        {BASK_STR("100%%(uri)"), "[100%]<value:uri>"},
        {BASK_STR("%()"), "[%()]"},
        {BASK_STR("%() %(uri)"), "[%() ]<value:uri>"},
        {BASK_STR("%(uri"), "[%(uri]"},
        {BASK_STR("%"), "[%]"},
        {BASK_STR("%("), "[%(]"},
        {BASK_STR("(uri) % (uri) %{uri}"), "[(uri) % (uri) %{uri}]"},
        {BASK_STR("%(%(uri))"), "<note:%(uri>[)]"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(parsed(rows[i].template), rows[i].parsed);
}

static void
long_templates(void **state)
{
    struct bask_line_format *format = NULL;
    (void)state;
    memset(huge, 'x', sizeof huge);
    assert_int_equal(bask_line_format_parse(bask_str_n(huge, BASK_LINE_TEMPLATE_MAX), &format),
                     BASK_OK);
    free(format);
    format = NULL;
    assert_int_equal(bask_line_format_parse(bask_str_n(huge, BASK_LINE_TEMPLATE_MAX + 1), &format),
                     BASK_E_LIMIT);
    for (size_t i = 0; i + 4 <= sizeof huge; i += 4)
        memcpy(huge + i, "%(a)", 4);
    size_t most = BASK_LINE_TEMPLATE_MAX / BASK_LINE_NUMBER;
    assert_int_equal(bask_line_format_parse(bask_str_n(huge, 4 * (most + 1)), &format),
                     BASK_E_LIMIT);
    assert_null(format);
    assert_int_equal(bask_line_format_parse(bask_str_n(huge, 4 * most), &format), BASK_OK);
    free(format);
}

static void
names_that_are_shown(void **state)
{
    struct bask_line_format *format;
    (void)state;
    assert_int_equal(bask_line_format_parse(BASK_STR("uri %(uri) %(mine)"), &format), BASK_OK);
    assert_true(bask_line_format_shows(format, BASK_STR("mine")));
    assert_false(bask_line_format_shows(format, BASK_STR("uri")));
    assert_false(bask_line_format_shows(format, BASK_STR("uri ")));
    assert_false(bask_line_format_shows(NULL, BASK_STR("mine")));
    free(format);
}

/* A request, and what is found of it. */
static bask_str found;

static bask_str
find_variable(const void *request, bask_str name, char *number)
{
    assert_ptr_equal(request, &found);
    if (found.len)
        return found;
    if (bask_str_eq(name, BASK_STR("CONTENT_LENGTH")))
        return bask_str_n(number, (size_t)snprintf(number, BASK_ACCESS_NUMBER, "%d", 17));
    return bask_str_eq(name, BASK_STR("REMOTE_USER"))       ? BASK_STR("eve")
           : bask_str_eq(name, BASK_STR("HTTP_HOST"))       ? BASK_STR("example.org")
           : bask_str_eq(name, BASK_STR("HTTP_USER_AGENT")) ? BASK_STR("curl/8")
           : bask_str_eq(name, BASK_STR("HTTP_REFERER"))    ? BASK_STR("http://a/")
                                                            : (bask_str){0};
}

static bask_str
find_note(const void *request, bask_str name)
{
    assert_ptr_equal(request, &found);
    if (found.len)
        return found;
    return bask_str_eq(name, BASK_STR("mine")) ? BASK_STR("noted") : (bask_str){0};
}

static int64_t
metric(const void *context, bask_str name)
{
    assert_null(context);
    return bask_str_eq(name, BASK_STR("worker.1.requests")) ? -5 : 0;
}

static const struct bask_access_finder finder = {find_variable, find_note};

static struct bask_access_entry
entry(void)
{
    return (struct bask_access_entry){
        .remote_addr = BASK_STR("192.0.2.7"),
        .method = BASK_STR("GET"),
        .uri = BASK_STR("/a?b=c"),
        .protocol = BASK_STR("HTTP/1.1"),
        .status = 404,
        .variables = 3,
        .variable_bytes = 44,
        .header_count = 2,
        .header_bytes = 55,
        .body_bytes = 13,
        .request_bytes = 7,
        .modifier1 = 30,
        .modifier2 = 1,
        .read_errors = 1,
        .write_errors = 2,
        .elapsed_us = 1002003,
        .thread = 4,
        .note = "",
        .finder = &finder,
        .request = &found,
    };
}

/* The line of `e` by these options, which are settled here; without its newline. */
static bask_str
line_of(struct bask_line_options options, const struct bask_access_entry *e)
{
    static char out[BASK_LINE_MAX];
    struct bask_line line;
    const char *name;
    char error[200];
    options.escape = options.escape.ptr ? options.escape : BASK_STR("hex");
    assert_int_equal(bask_line_options_settle(&options, &name, error, sizeof error), BASK_OK);
    assert_int_equal(bask_line_init(&line, &options), BASK_OK);
    line.source.worker_id = 3;
    line.source.metric = metric;
    char *exact = malloc(BASK_LINE_MAX); /* a byte behind it is found by a sanitizer */
    size_t len = bask_line_write(&line, e, exact);
    bask_line_fini(&line);
    free(options.format);
    assert_true(len > 0 && len <= BASK_LINE_MAX);
    memcpy(out, exact, len);
    free(exact);
    assert_int_equal(out[len - 1], '\n');
    return bask_str_n(out, len - 1);
}

static bask_str
line_by(bask_str template)
{
    struct bask_access_entry e = entry();
    return line_of((struct bask_line_options){.template = template}, &e);
}

static void
values(void **state)
{
    char pid[32];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    const struct {
        bask_str template, line;
    } rows[] = {
        {BASK_STR("%(uri)"), BASK_STR("/a?b=c")},
        {BASK_STR("%(method)"), BASK_STR("GET")},
        {BASK_STR("%(user)"), BASK_STR("eve")},
        {BASK_STR("%(addr)"), BASK_STR("192.0.2.7")},
        {BASK_STR("%(host)"), BASK_STR("example.org")},
        {BASK_STR("%(proto)"), BASK_STR("HTTP/1.1")},
        {BASK_STR("%(uagent)"), BASK_STR("curl/8")},
        {BASK_STR("%(referer)"), BASK_STR("http://a/")},
        {BASK_STR("%(status)"), BASK_STR("404")},
        {BASK_STR("%(rsize)"), BASK_STR("13")},
        {BASK_STR("%(hsize)"), BASK_STR("55")},
        {BASK_STR("%(size)"), BASK_STR("68")},
        {BASK_STR("%(cl)"), BASK_STR("7")},
        {BASK_STR("%(micros)"), BASK_STR("1002003")},
        {BASK_STR("%(msecs)"), BASK_STR("1002")},
        {BASK_STR("%(secs)"), BASK_STR("1.002003")},
        {BASK_STR("%(pid)"), bask_str_of(pid)},
        {BASK_STR("%(wid)"), BASK_STR("3")},
        {BASK_STR("%(switches)"), BASK_STR("1")},
        {BASK_STR("%(vars)"), BASK_STR("3")},
        {BASK_STR("%(core)"), BASK_STR("4")},
        {BASK_STR("%(pktsize)"), BASK_STR("44")},
        {BASK_STR("%(modifier1)"), BASK_STR("30")},
        {BASK_STR("%(modifier2)"), BASK_STR("1")},
        {BASK_STR("%(headers)"), BASK_STR("2")},
        {BASK_STR("%(werr)"), BASK_STR("2")},
        {BASK_STR("%(rerr)"), BASK_STR("1")},
        {BASK_STR("%(ioerr)"), BASK_STR("3")},
        {BASK_STR("%(var.REMOTE_USER)"), BASK_STR("eve")},
        {BASK_STR("%(var.CONTENT_LENGTH)"), BASK_STR("17")},
        {BASK_STR("%(var.HTTP_X)"), BASK_STR("-")},
        {BASK_STR("%(metric.worker.1.requests)"), BASK_STR("-5")},
        {BASK_STR("%(metric.none)"), BASK_STR("0")},
        {BASK_STR("%(mine)"), BASK_STR("noted")},
        {BASK_STR("%(yours)"), BASK_STR("-")},
        {BASK_STR("\"%(uri)\" %(status)%%"), BASK_STR("\"/a?b=c\" 404%%")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_str(line_by(rows[i].template), rows[i].line);
}

static long long
number_of(bask_str text)
{
    long long number;
    assert_int_equal(bask_str_to_i64(text, &number), 0);
    return number;
}

static void
times(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "UTC-2", 1), 0);
    tzset();
    struct bask_access_entry e = entry();
    e.elapsed_us = 5000000;
    struct bask_line_options options = {.template = BASK_STR("%(epoch)")};
    long long now = number_of(line_of(options, &e));
    assert_true(llabs(now - (long long)time(NULL)) <= 1);
    static const struct {
        bask_str template;
        long long unit;
    } numbers[] = {
        {BASK_STR("%(time)"), 1},
        {BASK_STR("%(tmsecs)"), 1000},
        {BASK_STR("%(tmicros)"), 1000000},
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        options.template = numbers[i].template;
        long long start = number_of(line_of(options, &e)) / numbers[i].unit;
        assert_true(start >= now - 5 && start <= now - 3);
    }
    e.elapsed_us = (int64_t)(time(NULL) - 86400 * 365) * 1000000 - 500000; /* 1970 is over */
    options.template = BASK_STR("%(ctime)|%(ltime)|%(ftime)");
    bask_str line = line_of(options, &e);
    assert_non_null(memmem(line.ptr, line.len, "1971|01/Jan/1971:0", 18));
    assert_non_null(memmem(line.ptr, line.len, " +0200|01/Jan/1971:0", 20));
    options.own_ftime = true;
    options.date = BASK_STR("%Y@");
    options.template = BASK_STR("%(ftime)");
    assert_str(line_of(options, &e), BASK_STR("1971@"));
    options.date = (bask_str){0};
    assert_true(bask_str_starts(line_of(options, &e), BASK_STR("01/Jan/1971:")));
}

static void
memory(void **state)
{
    static const bask_str names[] = {BASK_STR("%(vsz)"), BASK_STR("%(rss)"), BASK_STR("%(vszM)"),
                                     BASK_STR("%(rssM)")};
    long long bytes[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        bytes[i] = number_of(line_by(names[i]));
    assert_true(bytes[0] > bytes[1] && bytes[1] > 100000);
    assert_true(bytes[2] > 0 && bytes[2] <= bytes[0] >> 20 && bytes[3] <= bytes[2]);
}

static void
built_in(void **state)
{
    struct bask_access_entry e = entry();
    (void)state;
    bask_str line = line_of((struct bask_line_options){.micros = true}, &e);
    assert_non_null(memmem(line.ptr, line.len, " in 1002003 micros (HTTP/1.1 404) ", 34));
    assert_non_null(memmem(line.ptr, line.len, "] 192.0.2.7 (eve) {3 ", 21));
    line = line_of((struct bask_line_options){.memory = 1}, &e);
    assert_true(bask_str_starts(line, BASK_STR("{address space usage: ")));
    assert_non_null(memmem(line.ptr, line.len, "MB} [pid: ", 10));
    assert_null(memmem(line.ptr, line.len, "{uss", 4));
    line = line_of((struct bask_line_options){.memory = 2}, &e);
    assert_non_null(memmem(line.ptr, line.len, "MB} {uss usage: ", 16));
    assert_non_null(memmem(line.ptr, line.len, "MB} {pss usage: ", 16));
}

static void
escapes(void **state)
{
    struct bask_access_entry e = entry();
    struct bask_line_options options = {.template = BASK_STR("\"%(uri)\" \"%(mine)\"")};
    (void)state;
    e.uri = BASK_STR("/\" 200\n");
    found = BASK_STR("\xc3\xa9");
    assert_str(line_of(options, &e), BASK_STR("\"/\\x22 200\\x0a\" \"\\xc3\\xa9\""));
    options.escape = BASK_STR("json");
    assert_str(line_of(options, &e), BASK_STR("\"/\\\" 200\\u000a\" \"\xc3\xa9\""));
    found = (bask_str){0};
}

/* Whatever a client sends, the text of the template and the numbers in it are all there. */
static void
cut_in_values_alone(void **state)
{
    struct bask_access_entry e = entry();
    struct bask_line_options options = {
        .template = BASK_STR("{\"a\":\"%(uri)\",\"b\":\"%(uagent)\",\"c\":\"%(referer)\",\"d\":"
                             "\"%(mine)\",\"e\":\"%(var.HTTP_X)\",\"status\":%(status),\"f\":"
                             "\"%(user)\"}"),
        .escape = BASK_STR("json"),
    };
    static const char fills[] = {'x', '"', '\n', '\x80'};
    (void)state;
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(huge, fills[i], sizeof huge);
        e.uri = found = bask_str_n(huge, sizeof huge);
        bask_str line = line_of(options, &e);
        assert_true(bask_str_starts(line, BASK_STR("{\"a\":\"")));
        assert_non_null(memmem(line.ptr, line.len, "\",\"status\":404,\"f\":\"", 20));
        assert_true(bask_str_ends(line, BASK_STR("\"}")));
        assert_true(line.len > BASK_LINE_MAX - 100);
    }
    found = (bask_str){0};
    e.uri = bask_str_n(huge, sizeof huge);
    bask_str line = line_of((struct bask_line_options){.template = BASK_STR("%(uri)")}, &e);
    assert_int_equal(line.len, BASK_LINE_VALUE);
}

static void
bad_options(void **state)
{
    const char *name;
    char error[200];
    struct bask_line_options options = {.escape = BASK_STR("none")};
    (void)state;
    assert_int_equal(bask_line_options_settle(&options, &name, error, sizeof error), BASK_E_SYNTAX);
    assert_string_equal(name, "log-format-escape");
    assert_string_equal(error, "\"none\", expected hex or json");
    options = (struct bask_line_options){.escape = BASK_STR("hex"),
                                         .template = bask_str_n(huge, sizeof huge)};
    assert_int_equal(bask_line_options_settle(&options, &name, error, sizeof error), BASK_E_LIMIT);
    assert_string_equal(name, "log-format");
}

static void
dates(void **state)
{
    static const struct {
        bask_str given, means;
    } rows[] = {
        {BASK_STR(""), BASK_STR("%a %b %e %T %Y")},
        {BASK_STR("True"), BASK_STR("%a %b %e %T %Y")},
        {BASK_STR("%Y"), BASK_STR("%Y")},
        {BASK_STR("text"), BASK_STR("text")},
        {BASK_STR("false"), {NULL, 0}},
        {{NULL, 0}, {NULL, 0}},
    };
    const char *name;
    char error[200];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_line_options options = {.escape = BASK_STR("hex"), .date = rows[i].given};
        assert_int_equal(bask_line_options_settle(&options, &name, error, sizeof error), BASK_OK);
        assert_str(options.date, rows[i].means);
        assert_int_equal(!options.date.ptr, !rows[i].means.ptr);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates),
        cmocka_unit_test(long_templates),
        cmocka_unit_test(names_that_are_shown),
        cmocka_unit_test(values),
        cmocka_unit_test(times),
        cmocka_unit_test(memory),
        cmocka_unit_test(built_in),
        cmocka_unit_test(escapes),
        cmocka_unit_test(cut_in_values_alone),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
