/* logs: what options mean, who gets which line and what becomes of it, and what is hostile. */
#include "test.h"

#include "base/err.h"
#include "logs/private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct moment
at(void)
{
    return (struct moment){
        .wall_us = 1795307479123456,
        .fields = {
            .tm_year = 126, .tm_mon = 10, .tm_mday = 2, .tm_hour = 3, .tm_min = 4, .tm_sec = 5}};
}

static void
encoders_make_messages(void **state)
{
    (void)state;
    static const struct {
        const char *encoder, *message, *made;
    } cases[] = {
        {"prefix [p] ", "line\n", "[p] line\n"},
        {"prefix", "line\n", "line\n"},
        {"suffix  end", "line\n", "line end\n"},
        {"suffix end", "", "end"},
        {"nl", "line", "line\n"},
        {"nl", "line\n", "line\n"},
        {"format <${msg}|${msgnl}>", "a\"b\n", "<a\"b|a\"b\n>"},
        {"format ${unix} ${millis} ${micros}", "x\n", "1795307479 1795307479123 1795307479123456"},
        {"format ${strftime:%Y-%m-%d %H:%M}", "x\n", "2026-11-02 03:04"},
        {"format ${none}${}$ {msg} ${msg", "x\n", "$ {msg} ${msg"},
        {"format ${${msg}}", "x\n", "}"},
        {"format", "x\n", ""},
        {"json {\"m\":\"${msg}\"}", "a\"\\\b\f\n\r\t\x01\x7f/\n",
         "{\"m\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f/\"}"},
        {"json ${msgnl}", "x\n", "x\\n"},
        {"json ${strftime:\"%Y}", "x\n", "\\\"2026"},
        {"json ${msg}", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x8d\n",
         "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x8d"},
        {"json ${msg}", "\xff\xc3(\xc0\x80\xed\xa0\x80\xf5\x80\x80\x80\xe2\x82\n",
         "\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    const struct moment now = at();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct encoder encoder;
        char error[256];
        struct bask_buf out = {0};
        assert_int_equal(
            encoder_parse(bask_str_of(cases[i].encoder), &encoder, error, sizeof error), 0);
        assert_int_equal(encoder_apply(&encoder, bask_str_of(cases[i].message), &now, &out), 0);
        assert_str(bask_buf_view(&out), bask_str_of(cases[i].made));
        bask_buf_fini(&out);
    }
}

static void
encoders_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"gzip",   "compress", "msgpack map:1", "", " x",
                                      "Json x", ":a"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct encoder encoder;
        char error[256];
        assert_int_equal(encoder_parse(bask_str_of(bad[i]), &encoder, error, sizeof error),
                         BASK_E_NOTFOUND);
        assert_non_null(strstr(error, "there are prefix, suffix, nl, format and json"));
    }
    struct encoder encoder;
    char error[256];
    assert_int_equal(encoder_parse(BASK_STR("json:other {} x"), &encoder, error, sizeof error), 0);
    assert_str(encoder.logger, BASK_STR("other"));
    assert_str(encoder.argument, BASK_STR("{} x"));
}

static void
loggers_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *words, *path, *backup;
        unsigned priority;
        int64_t max_bytes;
    } cases[] = {
        {"file:/a b", "", NULL, "/a b", NULL, 0, 0},
        {"one file:/a=b", "one", NULL, "/a=b", NULL, 0, 0},
        {"file:logfile=/a,maxsize=2000000,backupname=/b", "", NULL, "/a", "/b", 0, 2000000},
        {"file:maxsize=1k,logfile=/a", "", NULL, "/a", NULL, 0, 1024},
        {"stdio", "", NULL, NULL, NULL, 0, 0},
        {"fd:2", "", NULL, NULL, NULL, 0, 0},
        {"a-b_1 socket:127.0.0.1:1717,pre: ,fix", "a-b_1", "pre: ,fix", NULL, NULL, 0, 0},
        {"socket:/tmp/x.sock", "", NULL, NULL, NULL, 0, 0},
        {"syslog", "", "bask", NULL, NULL, 30, 0},
        {"syslog:app,local6", "", "app", NULL, NULL, 22 * 8 + 6, 0},
        {"syslog:,auth,/tmp/s", "", "bask", NULL, NULL, 4 * 8 + 6, 0},
        {"rsyslog:12.34.56.78:12345,app", "", "app", NULL, NULL, 29, 0},
        {"rsyslog:12.34.56.78,app,134", "", "app", NULL, NULL, 134, 0},
        {"rsyslog:[::1],app", "", "app", NULL, NULL, 29, 0},
        {"rsyslog:/dev/log", "", "here bask", "here bask", NULL, 29, 0},
        {"pipe:cat > /dev/null: x", "", NULL, NULL, NULL, 0, 0},
        {"systemd", "", NULL, NULL, NULL, 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct logger logger = {.host = "here"};
        char error[512] = "";
        if (logger_parse(bask_str_of(cases[i].text), &logger, error, sizeof error))
            fail_msg("%s: %s", cases[i].text, error);
        assert_str(logger.name, bask_str_of(cases[i].name));
        assert_str(logger.words, bask_str_of(cases[i].words));
        assert_str(bask_str_of(logger.path), bask_str_of(cases[i].path));
        assert_str(bask_str_of(logger.backup), bask_str_of(cases[i].backup));
        assert_int_equal(logger.priority, cases[i].priority);
        assert_int_equal(logger.max_bytes, cases[i].max_bytes);
        logger_free(&logger);
    }
    struct logger rsyslog = {.host = "here"};
    char error[512];
    assert_int_equal(logger_parse(BASK_STR("rsyslog:127.0.0.1"), &rsyslog, error, sizeof error), 0);
    assert_int_equal(ntohs(rsyslog.addr.u.in4.sin_port), 514);
    logger_free(&rsyslog);
}

static void
loggers_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"redislog:127.0.0.1:6379",
         "there is no logger \"redislog\" here; there are file, fd, stdio"},
        {"mongodblog", "no logger \"mongodblog\""},
        {"", "no logger \"\""},
        {":", "no logger \"\""},
        {"a b c", "no logger \"b c\""},
        {"a.b file:/x", "no logger \"a.b file\""},
        {"file", "expected file:PATH"},
        {"file:", "expected file:PATH"},
        {"file:maxsize=1", "expected file:PATH"},
        {"file:logfile=", "expected file:PATH"},
        {"file:logfile=/a,maxsize=x", "expected file:PATH"},
        {"file:logfile=/a,logfile=/b", "expected file:PATH"},
        {"file:logfile=/a,,", "expected file:PATH"},
        {"file:logfile=/a,other=1", "expected file:PATH"},
        {"fd:", "expected fd:NUMBER"},
        {"fd:999999", "expected fd:NUMBER"},
        {"fd:99999999999", "expected fd:NUMBER"},
        {"fd:-1", "expected fd:NUMBER"},
        {"socket:", "expected socket:HOST:PORT"},
        {"socket", "expected socket:HOST:PORT"},
        {"socket:1.2.3.4:99999", "not a port"},
        {"syslog:a,local8", "no facility \"local8\""},
        {"rsyslog", "expected rsyslog:HOST"},
        {"rsyslog:1.2.3.4,a,192", "priority from 0 to 191"},
        {"rsyslog:1.2.3.4,a,x", "priority from 0 to 191"},
        {"pipe", "expected pipe:COMMAND"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct logger logger = {.host = "here"};
        char error[512] = "";
        if (!logger_parse(bask_str_of(bad[i][0]), &logger, error, sizeof error))
            fail_msg("%s is no logger", bad[i][0]);
        if (!strstr(error, bad[i][1]))
            fail_msg("%s: \"%s\" does not have \"%s\"", bad[i][0], error, bad[i][1]);
    }
}

static void
packets_are_framed(void **state)
{
    (void)state;
    const struct moment now = at();
    const struct logger logger = {.words = BASK_STR("app"), .priority = 30};
    struct bask_buf out = {0};
    assert_int_equal(frame_plain(&logger, BASK_STR("line\n"), &now, &out), 0);
    assert_str(bask_buf_view(&out), BASK_STR("appline\n"));
    bask_buf_consume(&out, bask_buf_len(&out));
    assert_int_equal(frame_syslog(&logger, BASK_STR("line\n"), &now, &out), 0);
    assert_str(bask_buf_view(&out), BASK_STR("<30>Nov  2 03:04:05 app: line"));
    bask_buf_consume(&out, bask_buf_len(&out));
    assert_int_equal(frame_journal(&logger, BASK_STR("line\n"), &now, &out), 0);
    assert_str(bask_buf_view(&out), BASK_STR("PRIORITY=6\nSYSLOG_IDENTIFIER=bask\nMESSAGE=line\n"));
    bask_buf_consume(&out, bask_buf_len(&out));
    assert_int_equal(frame_journal(&logger, BASK_STR("a\nPRIORITY=0\n"), &now, &out), 0);
    assert_str(
        bask_buf_view(&out),
        BASK_STR("PRIORITY=6\nSYSLOG_IDENTIFIER=bask\nMESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n"));
    bask_buf_fini(&out);
}

static void
patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *line;
        bool matches;
    } cases[] = {
        {"(HTTP/1.\\d 500)", "a (HTTP/1.1 500) b\n", true},
        {"^\\d+$", "2026\n", true},
        {"[\\d.]+x", "1.2x\n", true},
        {"(?:a|b)c", "bc\n", true},
        {"a\\.c", "abc\n", false},
        {"end$", "the end\n", true},
        {"", "", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rule rule;
        char error[256];
        int err = rule_compile(&rule, bask_str_of(cases[i].pattern), error, sizeof error);
        if (!*cases[i].pattern) {
            assert_int_equal(err, BASK_E_SYNTAX);
            continue;
        }
        assert_int_equal(err, 0);
        assert_int_equal(rule_matches(&rule, bask_str_of(cases[i].line)), cases[i].matches);
        regfree(&rule.pattern);
    }
}

/* Three files in a folder: the loggers of these tests. */
static const char *const files[] = {"/all", "/named", "/requests"};

static struct bask_logs *
make(const char *folder, struct bask_logs_options *options)
{
    static char texts[3][256];
    static struct bask_value loggers[2], requests[1];
    struct bask_logs *logs;
    char error[1024];
    snprintf(texts[0], sizeof texts[0], "file:%s%s", folder, files[0]);
    snprintf(texts[1], sizeof texts[1], "named file:%s%s", folder, files[1]);
    snprintf(texts[2], sizeof texts[2], "file:%s%s", folder, files[2]);
    loggers[0].text = bask_str_of(texts[0]);
    loggers[1].text = bask_str_of(texts[1]);
    requests[0].text = bask_str_of(texts[2]);
    options->loggers = (struct bask_values){loggers, 2};
    options->request_loggers = (struct bask_values){requests, 1};
    if (bask_logs_new(options, "here", &logs, error, sizeof error))
        fail_msg("%s", error);
    for (size_t i = 0; i < logs->count; i++)
        assert_int_equal(logger_open(&logs->loggers[i], error, sizeof error), 0);
    return logs;
}

static void
feed(struct bask_logs *logs, enum stream_kind kind, const char *text)
{
    assert_int_equal(bask_buf_append(&logs->streams[kind].in, bask_str_of(text)), 0);
    stream_take_lines(logs, kind, false);
    for (size_t i = 0; i < logs->count; i++)
        logger_flush(&logs->loggers[i]);
}

/* What is in each of them; removes them. */
static void
expect(const char *folder, const char *const *contents)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[256], bytes[4096];
        snprintf(path, sizeof path, "%s%s", folder, files[i]);
        int fd = open(path, O_RDONLY);
        assert_true(fd >= 0);
        ssize_t n = read(fd, bytes, sizeof bytes);
        assert_str(bask_str_n(bytes, (size_t)n), bask_str_of(contents[i]));
        close(fd);
        unlink(path);
    }
}

static void
lines_go_to_whom_they_are_for(void **state)
{
    (void)state;
    char folder[] = "/tmp/bask-logs-XXXXXX";
    struct bask_value route = {.text = BASK_STR("named (one|two)")};
    struct bask_value request_route = {.text = BASK_STR("named 500")};
    struct bask_value drain = {.text = BASK_STR("health")}, filter = {.text = BASK_STR("^[a-z]")};
    struct bask_value encoders[] = {{.text = BASK_STR("prefix >")},
                                    {.text = BASK_STR("suffix:named <")}};
    struct bask_logs_options options = {.routes = {&route, 1},
                                        .request_routes = {&request_route, 1},
                                        .drains = {&drain, 1},
                                        .filters = {&filter, 1},
                                        .encoders = {encoders, 2}};
    assert_non_null(mkdtemp(folder));
    struct bask_logs *logs = make(folder, &options);
    feed(logs, STREAM_LINES, "zero\none\nhealth\nhealth one\n1\nhal");
    feed(logs, STREAM_LINES, "f\ntwo");
    feed(logs, STREAM_REQUESTS, "GET health 200\nGET 500\n");
    feed(logs, STREAM_LINES, "\n\n");
    bask_logs_free(&logs);
    expect(folder,
           (const char *const[]){">zero\n>half\n", ">one<\nGET 500\n>two<\n", "GET health 200\n"});
    rmdir(folder);
}

static void
a_line_without_end_comes_in_pieces(void **state)
{
    (void)state;
    char folder[] = "/tmp/bask-logs-XXXXXX";
    static char endless[LINE_MAX_LEN + 1];
    struct bask_logs_options options = {0};
    assert_non_null(mkdtemp(folder));
    struct bask_logs *logs = make(folder, &options);
    memset(endless, 'x', LINE_MAX_LEN);
    feed(logs, STREAM_REQUESTS, endless);
    assert_int_equal(bask_buf_len(&logs->streams[STREAM_REQUESTS].in), 0);
    feed(logs, STREAM_LINES, "half");
    stream_take_lines(logs, STREAM_LINES, true);
    logger_flush(&logs->loggers[0]);
    bask_logs_free(&logs);
    char path[256];
    snprintf(path, sizeof path, "%s%s", folder, files[2]);
    assert_int_equal(truncate(path, 0), 0);
    expect(folder, (const char *const[]){"half\n", "", ""});
    rmdir(folder);
}

static void
options_that_are_wrong(void **state)
{
    (void)state;
    struct bask_value logger = {BASK_STR("one stdio"), BASK_STR("a.ini:1")};
    struct bask_value wrong[] = {{BASK_STR("two x"), BASK_STR("a.ini:2")},
                                 {BASK_STR("one"), BASK_STR("a.ini:3")},
                                 {BASK_STR("one ("), BASK_STR("a.ini:4")},
                                 {BASK_STR("json:two x"), BASK_STR("a.ini:5")},
                                 {BASK_STR("gzip"), BASK_STR("a.ini:6")}};
    const struct {
        struct bask_logs_options options;
        const char *error;
    } cases[] = {
        {{.routes = {&wrong[0], 1}},
         "a.ini:2: --log-route \"two x\": no logger has the name \"two\""},
        {{.request_routes = {&wrong[1], 1}},
         "a.ini:3: --log-req-route \"one\": expected \"NAME REGEXP\""},
        {{.routes = {&wrong[2], 1}}, "a.ini:4: --log-route \"one (\": "},
        {{.filters = {&wrong[2], 1}}, "a.ini:4: --log-filter \"one (\": "},
        {{.encoders = {&wrong[3], 1}}, "a.ini:5: --log-encoder \"json:two x\": no logger has"},
        {{.request_encoders = {&wrong[4], 1}}, "a.ini:6: --log-req-encoder \"gzip\": there is no"},
        {{.sockets = {&wrong[1], 1}}, NULL},
        {{.syslog = BASK_STR("a,b")}, "--log-syslog \"syslog:a,b\": syslog has no facility"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bask_logs_options options = cases[i].options;
        struct bask_logs *logs = NULL;
        char error[1024] = "";
        options.loggers = (struct bask_values){&logger, 1};
        int err = bask_logs_new(&options, "here", &logs, error, sizeof error);
        assert_int_equal(!err, !cases[i].error);
        if (cases[i].error && !strstr(error, cases[i].error))
            fail_msg("%s", error);
        bask_logs_free(&logs);
    }
    struct bask_logs_options none = {0};
    struct bask_logs *logs;
    char error[64];
    assert_int_equal(bask_logs_new(&none, "here", &logs, error, sizeof error), 0);
    assert_null(logs);
}

static void
a_receiver_that_is_away_loses_lines_and_is_told(void **state)
{
    (void)state;
    char folder[] = "/tmp/bask-logs-XXXXXX", text[256], error[256], bytes[1024];
    const struct moment now = at();
    struct logger logger = {.host = "here"};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s/s", folder);
    snprintf(text, sizeof text, "socket:%s", addr.sun_path);
    assert_int_equal(logger_parse(bask_str_of(text), &logger, error, sizeof error), 0);
    assert_int_equal(logger_open(&logger, error, sizeof error), 0);
    logger_put(&logger, BASK_STR("nobody\n"), &now);
    logger_put(&logger, BASK_STR("hears\n"), &now);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    logger_put(&logger, BASK_STR("now\n"), &now);
    assert_int_equal(recv(fd, bytes, sizeof bytes, 0), 4);
    ssize_t n = recv(fd, bytes, sizeof bytes - 1, 0);
    assert_true(n > 0);
    bytes[n] = '\0';
    assert_non_null(strstr(bytes, "2 lines were lost here"));
    assert_int_equal(recv(fd, bytes, sizeof bytes, 0), -1);
    close(fd);
    logger_close(&logger);
    logger_free(&logger);
    unlink(addr.sun_path);
    rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoders_make_messages),
        cmocka_unit_test(encoders_that_are_none),
        cmocka_unit_test(loggers_are_understood),
        cmocka_unit_test(loggers_that_are_none),
        cmocka_unit_test(packets_are_framed),
        cmocka_unit_test(patterns),
        cmocka_unit_test(lines_go_to_whom_they_are_for),
        cmocka_unit_test(a_line_without_end_comes_in_pieces),
        cmocka_unit_test(options_that_are_wrong),
        cmocka_unit_test(a_receiver_that_is_away_loses_lines_and_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
