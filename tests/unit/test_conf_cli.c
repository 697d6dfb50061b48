/* conf/: the command line. What is accepted, what it sets, and the line for what is not. */
#include "test.h"

#include "base/err.h"
#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

struct values {
    bool master, quiet, site;
    int64_t processes, nice, any, keepalive;
    int64_t buffer, idle, grace;
    bask_str chdir, pidfile, mode;
    struct bask_values sockets, env;
};

#define AT(field) offsetof(struct values, field)

static const struct bask_option rows[] = {
    {"master", "supervise", 'M', BASK_OPT_FLAG, AT(master), .help = "-"},
    {"disable-logging", NULL, 'L', BASK_OPT_FLAG, AT(quiet), .initial = "false", .help = "-"},
    {"no-site", NULL, 0, BASK_OPT_FLAG, AT(site), .help = "-"},
    {"processes", "workers procs", 'p', BASK_OPT_INT, AT(processes), 1, 1024, "1", "N", "-"},
    {"nice", NULL, 0, BASK_OPT_INT, AT(nice), -20, 19, "0", NULL, "-"},
    {"any", NULL, 0, BASK_OPT_INT, AT(any), INT64_MIN, INT64_MAX, NULL, "N", "-"},
    {"floor", NULL, 0, BASK_OPT_INT, AT(any), 5, INT64_MAX, NULL, "N", "-"},
    {"ceiling", NULL, 0, BASK_OPT_INT, AT(any), INT64_MIN, -5, NULL, "N", "-"},
    {"http-keepalive", NULL, 'k', BASK_OPT_INT, AT(keepalive), 0, 60, NULL, "[N]", "-"},
    {"buffer-size", NULL, 'b', BASK_OPT_SIZE, AT(buffer), 4096, 1 << 30, "64k", "SIZE", "-"},
    {"idle", NULL, 0, BASK_OPT_DURATION, AT(idle), 0, INT64_MAX, NULL, NULL, "-"},
    {"grace", NULL, 0, BASK_OPT_DURATION, AT(grace), 500, 3600000, "10s", "TIME", "-"},
    {"chdir", NULL, 'C', BASK_OPT_STRING, AT(chdir), .argument = "DIR", .help = "-"},
    {"pidfile", NULL, 0, BASK_OPT_STRING, AT(pidfile), .initial = "", .help = "-"},
    {"chmod-socket", NULL, 'c', BASK_OPT_STRING, AT(mode), .argument = "[MODE]", .help = "-"},
    {"http-socket", "http", 's', BASK_OPT_LIST, AT(sockets), .argument = "ADDRESS", .help = "-"},
    {"env", NULL, 0, BASK_OPT_LIST, AT(env), .initial = "A=1", .argument = "K=V", .help = "-"},
    {"help", NULL, 'h', BASK_OPT_ACTION, .argument = "[GROUP]", .help = "-"},
    {"version", NULL, 'V', BASK_OPT_ACTION, .help = "-"},
    {"reload", NULL, 0, BASK_OPT_ACTION, .argument = "PIDFILE", .help = "-"},
};

enum { WORDS = 12 };

struct line {
    struct values values;
    struct bask_conf *conf;
    struct bask_conf_error error;
    int err;
};

static void
read_line(struct line *line, const char *const *words)
{
    char *argv[WORDS + 2] = {(char *)"bask"};
    int argc = 1;
    for (; argc <= WORDS && words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    *line = (struct line){.conf = bask_conf_new()};
    assert_non_null(line->conf);
    struct bask_option_table table = {"Test", rows, COUNT(rows), &line->values};
    if (bask_conf_add(line->conf, &table))
        fail_msg("%s", bask_conf_message(line->conf));
    assert_string_equal(bask_conf_message(line->conf), "");
    line->err = bask_conf_parse_args(line->conf, argc, argv, &line->error);
}

static void
read_good(struct line *line, const char *const *words)
{
    read_line(line, words);
    if (line->err)
        fail_msg("%s", line->error.text);
}

/* Every way to write one value, by the text and the origin that come back. */
static void
accepted(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        const char *name, *text, *origin;
    } cases[] = {
        {{NULL}, "processes", "1", "default"},
        {{NULL}, "pidfile", "", "default"},
        {{NULL}, "env", "A=1", "default"},
        {{"--processes", "4"}, "processes", "4", "command line, argument 2"},
        {{"--processes=4"}, "processes", "4", "command line, argument 1"},
        {{"--workers", "4"}, "processes", "4", "command line, argument 2"},
        {{"--processes", "4"}, "procs", "4", "command line, argument 2"},
        {{"-p", "4"}, "processes", "4", "command line, argument 2"},
        {{"-p4"}, "processes", "4", "command line, argument 1"},
        {{"-MLp4"}, "processes", "4", "command line, argument 1"},
        {{"-MLp", "4"}, "processes", "4", "command line, argument 2"},
        {{"-p4", "-p", "5", "--procs=6"}, "processes", "6", "command line, argument 4"},
        {{"--processes", "1024"}, "processes", "1024", "command line, argument 2"},
        {{"--nice", "-20"}, "nice", "-20", "command line, argument 2"},
        {{"--any=-9223372036854775808"}, "any", "-9223372036854775808", "command line, argument 1"},
        {{"--any=9223372036854775807"}, "any", "9223372036854775807", "command line, argument 1"},
        {{"-b", "1M"}, "buffer-size", "1M", "command line, argument 2"},
        {{"--idle", "1d"}, "idle", "1d", "command line, argument 2"},
        {{"--chdir", "--master"}, "chdir", "--master", "command line, argument 2"},
        {{"--chdir", "--"}, "chdir", "--", "command line, argument 2"},
        {{"--chdir="}, "chdir", "", "command line, argument 1"},
        {{"--chdir", ""}, "chdir", "", "command line, argument 2"},
        {{"--chdir=a=b"}, "chdir", "a=b", "command line, argument 1"},
        {{"-C=x"}, "chdir", "=x", "command line, argument 1"},
        {{"--master"}, "master", "true", "command line, argument 1"},
        {{"--supervise"}, "master", "true", "command line, argument 1"},
        {{"--master=Off"}, "master", "Off", "command line, argument 1"},
        {{"--no-master"}, "master", "false", "command line, argument 1"},
        {{"--no-supervise"}, "master", "false", "command line, argument 1"},
        {{"--no-master=no"}, "master", "true", "command line, argument 1"},
        {{"--no-site"}, "no-site", "true", "command line, argument 1"},
        {{"--no-no-site"}, "no-site", "false", "command line, argument 1"},
        {{"--chmod-socket"}, "chmod-socket", "", "command line, argument 1"},
        {{"-c", "660"}, "chmod-socket", "", "command line, argument 1"},
        {{"-c660"}, "chmod-socket", "660", "command line, argument 1"},
        {{"--http-keepalive"}, "http-keepalive", "1", "command line, argument 1"},
        {{"-k"}, "http-keepalive", "1", "command line, argument 1"},
        {{"--env", "B=2"}, "env", "B=2", "command line, argument 2"},
        {{"--help"}, "help", "", "command line, argument 1"},
        {{"--help=http"}, "help", "http", "command line, argument 1"},
        {{"--version"}, "version", "true", "command line, argument 1"},
        {{"--reload", "x.pid"}, "reload", "x.pid", "command line, argument 2"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line;
        bask_str text;
        read_good(&line, cases[i].words);
        bask_str name = bask_str_of(cases[i].name);
        assert_int_equal(bask_conf_get(line.conf, name, 0, &text), 0);
        assert_str(text, bask_str_of(cases[i].text));
        assert_str(bask_conf_origin(line.conf, name), bask_str_of(cases[i].origin));
        bask_conf_free(&line.conf);
        assert_null(line.conf);
    }
}

/* The same numbers, where their owner sees them. */
static void
numbers(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        size_t offset;
        int64_t value;
    } cases[] = {
        {{NULL}, AT(processes), 1},
        {{NULL}, AT(buffer), 65536},
        {{NULL}, AT(grace), 10000},
        {{NULL}, AT(any), 0},
        {{"-p", "1024"}, AT(processes), 1024},
        {{"--nice=-20"}, AT(nice), -20},
        {{"--nice=-0"}, AT(nice), 0},
        {{"--any=-9223372036854775808"}, AT(any), INT64_MIN},
        {{"--any=-9223372036854775807"}, AT(any), -INT64_MAX},
        {{"--any=9223372036854775807"}, AT(any), INT64_MAX},
        {{"--floor=5"}, AT(any), 5},
        {{"--ceiling=-5"}, AT(any), -5},
        {{"-b", "4k"}, AT(buffer), 4096},
        {{"-b1g"}, AT(buffer), 1 << 30},
        {{"--grace", "500ms"}, AT(grace), 500},
        {{"--grace", "1h"}, AT(grace), 3600000},
        {{"--grace", "3"}, AT(grace), 3000},
        {{"--http-keepalive"}, AT(keepalive), 1},
        {{"--http-keepalive="}, AT(keepalive), 1},
        {{"--http-keepalive=true"}, AT(keepalive), 1},
        {{"-k30", "--http-keepalive=off"}, AT(keepalive), 0},
        {{"-k30"}, AT(keepalive), 30},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line;
        int64_t value;
        read_good(&line, cases[i].words);
        memcpy(&value, (char *)&line.values + cases[i].offset, sizeof value);
        assert_true(value == cases[i].value);
        bask_conf_free(&line.conf);
    }
}

static void
flags(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        bool master, quiet, site;
    } cases[] = {
        {{NULL}, false, false, false},
        {{"--master"}, true, false, false},
        {{"-ML"}, true, true, false},
        {{"-M", "-L", "--no-site"}, true, true, true},
        {{"-ML", "--no-master", "--disable-logging=0"}, false, false, false},
        {{"--master=1"}, true, false, false},
        {{"--master=YES"}, true, false, false},
        {{"--master=on"}, true, false, false},
        {{"-M", "--master=false"}, false, false, false},
        {{"-M", "--master=no"}, false, false, false},
        {{"-M", "--master=off"}, false, false, false},
        {{"-L", "--no-master=off"}, true, true, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line;
        read_good(&line, cases[i].words);
        assert_int_equal(line.values.master, cases[i].master);
        assert_int_equal(line.values.quiet, cases[i].quiet);
        assert_int_equal(line.values.site, cases[i].site);
        bask_conf_free(&line.conf);
    }
}

static void
rejected(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        int err;
        const char *text;
    } cases[] = {
        {{"-M", "--proceses", "4"},
         BASK_E_NOTFOUND,
         "command line, argument 2: unknown option --proceses; did you mean --processes?"},
        {{"--xyzzy=1"}, BASK_E_NOTFOUND, "command line, argument 1: unknown option --xyzzy"},
        {{"--http_socket=:80"},
         BASK_E_NOTFOUND,
         "command line, argument 1: unknown option --http_socket; did you mean --http-socket?"},
        {{"--buffer"},
         BASK_E_NOTFOUND,
         "command line, argument 1: unknown option --buffer; did you mean --buffer-size?"},
        {{"--no-mastre"},
         BASK_E_NOTFOUND,
         "command line, argument 1: unknown option --no-mastre; did you mean --no-master?"},
        {{"--no-processes"},
         BASK_E_NOTFOUND,
         "command line, argument 1: unknown option --no-processes; did you mean --processes?"},
        {{"--="}, BASK_E_NOTFOUND, "command line, argument 1: unknown option --"},
        {{"--\x1b[31m"}, BASK_E_NOTFOUND, "command line, argument 1: unknown option --\\x1b[31m"},
        {{"-Z"}, BASK_E_NOTFOUND, "command line, argument 1: unknown option -Z"},
        {{"-MZ"}, BASK_E_NOTFOUND, "command line, argument 1: unknown option -Z in -MZ"},
        {{"-\xff"}, BASK_E_NOTFOUND, "command line, argument 1: unknown option -\xff"},
        {{"-master"},
         BASK_E_NOTFOUND,
         "command line, argument 1: unknown option -m in -master; did you mean --master?"},
        {{"-nice=3"},
         BASK_E_NOTFOUND,
         "command line, argument 1: unknown option -n in -nice=3; did you mean --nice?"},
        {{"-M=1"}, BASK_E_NOTFOUND, "command line, argument 1: unknown option -= in -M=1"},
        {{"-M", "--processes", "many"},
         BASK_E_SYNTAX,
         "command line, argument 3: --processes expects a whole number from 1 to 1024, "
         "not \"many\""},
        {{"--workers=0"},
         BASK_E_RANGE,
         "command line, argument 1: --workers expects a whole number from 1 to 1024, not \"0\""},
        {{"-p1025"},
         BASK_E_RANGE,
         "command line, argument 1: -p expects a whole number from 1 to 1024, not \"1025\""},
        {{"-p", "-1"},
         BASK_E_RANGE,
         "command line, argument 2: -p expects a whole number from 1 to 1024, not \"-1\""},
        {{"-p", "99999999999999999999"},
         BASK_E_RANGE,
         "command line, argument 2: -p expects a whole number from 1 to 1024, "
         "not \"99999999999999999999\""},
        {{"-p", ""},
         BASK_E_SYNTAX,
         "command line, argument 2: -p expects a whole number from 1 to 1024, not \"\""},
        {{"-p", "true"},
         BASK_E_SYNTAX,
         "command line, argument 2: -p expects a whole number from 1 to 1024, not \"true\""},
        {{"-p", "1.5"},
         BASK_E_SYNTAX,
         "command line, argument 2: -p expects a whole number from 1 to 1024, not \"1.5\""},
        {{"--nice=-21"},
         BASK_E_RANGE,
         "command line, argument 1: --nice expects a whole number from -20 to 19, not \"-21\""},
        {{"--any=-"},
         BASK_E_SYNTAX,
         "command line, argument 1: --any expects a whole number, not \"-\""},
        {{"--any=--1"},
         BASK_E_SYNTAX,
         "command line, argument 1: --any expects a whole number, not \"--1\""},
        {{"--any=-9223372036854775809"},
         BASK_E_RANGE,
         "command line, argument 1: --any expects a whole number, "
         "not \"-9223372036854775809\""},
        {{"--floor=4"},
         BASK_E_RANGE,
         "command line, argument 1: --floor expects a whole number, at least 5, not \"4\""},
        {{"--ceiling=-4"},
         BASK_E_RANGE,
         "command line, argument 1: --ceiling expects a whole number, at most -5, not \"-4\""},
        {{"--http-keepalive=61"},
         BASK_E_RANGE,
         "command line, argument 1: --http-keepalive expects a whole number from 0 to 60, "
         "not \"61\""},
        {{"-b", "4095"},
         BASK_E_RANGE,
         "command line, argument 2: -b expects a size in bytes (or with k, m, g) from 4k to 1g, "
         "not \"4095\""},
        {{"-b", "1t"},
         BASK_E_SYNTAX,
         "command line, argument 2: -b expects a size in bytes (or with k, m, g) from 4k to 1g, "
         "not \"1t\""},
        {{"--grace", "499ms"},
         BASK_E_RANGE,
         "command line, argument 2: --grace expects a time in seconds (or with ms, s, m, h, d) "
         "from 500ms to 1h, not \"499ms\""},
        {{"--idle", "soon\n"},
         BASK_E_SYNTAX,
         "command line, argument 2: --idle expects a time in seconds (or with ms, s, m, h, d), "
         "not \"soon\\x0a\""},
        {{"--master=maybe"},
         BASK_E_SYNTAX,
         "command line, argument 1: --master expects true or false, not \"maybe\""},
        {{"--no-master=maybe"},
         BASK_E_SYNTAX,
         "command line, argument 1: --no-master expects true or false, not \"maybe\""},
        {{"--master="},
         BASK_E_SYNTAX,
         "command line, argument 1: --master expects true or false, not \"\""},
        {{"--chdir"}, BASK_E_SYNTAX, "command line, argument 1: --chdir expects a value (DIR)"},
        {{"--nice"}, BASK_E_SYNTAX, "command line, argument 1: --nice expects a value (N)"},
        {{"--idle"}, BASK_E_SYNTAX, "command line, argument 1: --idle expects a value (TIME)"},
        {{"--pidfile"},
         BASK_E_SYNTAX,
         "command line, argument 1: --pidfile expects a value (TEXT)"},
        {{"-M", "-Ls"}, BASK_E_SYNTAX, "command line, argument 2: -s expects a value (ADDRESS)"},
        {{"--reload"},
         BASK_E_SYNTAX,
         "command line, argument 1: --reload expects a value (PIDFILE)"},
        {{"--version=2"}, BASK_E_SYNTAX, "command line, argument 1: --version takes no value"},
        {{"--idle=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg"
          "hhhhhhhhhhiiiiiiiiii"},
         BASK_E_SYNTAX,
         "command line, argument 1: --idle expects a time in seconds (or with ms, s, m, h, d), "
         "not \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg"
         "hhhhhhhhhh...\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line;
        read_line(&line, cases[i].words);
        assert_string_equal(line.error.text, cases[i].text);
        assert_int_equal(line.err, cases[i].err);
        bask_conf_free(&line.conf);
    }
}

/* A rejected value leaves the one before it. */
static void
rejected_changes_nothing(void **state)
{
    (void)state;
    struct line line;
    bask_str text;
    read_line(&line, (const char *[]){"-p4", "-p", "x", "-p5", NULL});
    assert_int_equal(line.err, BASK_E_SYNTAX);
    assert_true(line.values.processes == 4);
    assert_int_equal(bask_conf_get(line.conf, BASK_STR("processes"), 0, &text), 0);
    assert_str(text, BASK_STR("4"));
    assert_str(bask_conf_origin(line.conf, BASK_STR("processes")),
               BASK_STR("command line, argument 1"));
    assert_int_equal(bask_conf_parse_args(line.conf, 2, (char *[]){(char *)"", (char *)"-p"}, NULL),
                     BASK_E_SYNTAX);
    bask_conf_free(&line.conf);
}

static void
lists(void **state)
{
    (void)state;
    static const struct bask_value expected[] = {
        {BASK_STR(":1"), BASK_STR("command line, argument 2")},
        {BASK_STR(":2"), BASK_STR("command line, argument 3")},
        {BASK_STR(":1"), BASK_STR("command line, argument 4")},
        {BASK_STR(":4"), BASK_STR("command line, argument 6")},
    };
    struct line line;
    bask_str text;
    read_good(&line,
              (const char *[]){"-s", ":1", "--http=:2", "-s:1", "--http-socket", ":4", NULL});
    assert_int_equal(line.values.sockets.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_str(line.values.sockets.items[i].text, expected[i].text);
        assert_str(line.values.sockets.items[i].origin, expected[i].origin);
        assert_int_equal(bask_conf_get(line.conf, BASK_STR("http"), i, &text), 0);
        assert_str(text, expected[i].text);
    }
    assert_int_equal(bask_conf_get(line.conf, BASK_STR("http"), COUNT(expected), &text),
                     BASK_E_NOTFOUND);
    assert_int_equal(line.values.env.count, 1);
    assert_str(line.values.env.items[0].origin, BASK_STR("default"));
    bask_conf_free(&line.conf);

    read_good(&line, (const char *[]){"--env", "B=2", "--env=C", NULL});
    assert_null(line.values.sockets.items);
    assert_int_equal(line.values.env.count, 2);
    assert_str(line.values.env.items[0].text, BASK_STR("B=2"));
    assert_str(line.values.env.items[1].text, BASK_STR("C"));
    bask_conf_free(&line.conf);
}

static void
bare_words(void **state)
{
    (void)state;
    static const struct bask_value expected[] = {
        {BASK_STR("app.ini"), BASK_STR("command line, argument 2")},
        {BASK_STR("-"), BASK_STR("command line, argument 4")},
        {BASK_STR(""), BASK_STR("command line, argument 6")},
        {BASK_STR("--nice"), BASK_STR("command line, argument 8")},
        {BASK_STR("--"), BASK_STR("command line, argument 9")},
        {BASK_STR("[x"), BASK_STR("command line, argument 10")},
    };
    struct line line;
    read_good(&line, (const char *[]){"-M", "app.ini", "--no-site", "-", "[bask worker 1]", "",
                                      "--", "--nice", "--", "[x", NULL});
    const struct bask_values *words = bask_conf_arguments(line.conf);
    assert_int_equal(words->count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_str(words->items[i].text, expected[i].text);
        assert_str(words->items[i].origin, expected[i].origin);
    }
    bask_conf_free(&line.conf);
}

static void
nothing_to_read(void **state)
{
    (void)state;
    struct line line;
    char *holes[] = {(char *)"bask", (char *)"-M", NULL, (char *)"--bogus"};
    char *early[] = {(char *)"bask", (char *)"--chdir", NULL};
    read_good(&line, (const char *[]){NULL});
    assert_int_equal(bask_conf_parse_args(line.conf, 0, NULL, NULL), 0);
    assert_int_equal(bask_conf_parse_args(line.conf, 3, NULL, NULL), 0);
    assert_int_equal(bask_conf_parse_args(line.conf, 0, early, NULL), 0);
    assert_int_equal(bask_conf_parse_args(line.conf, 3, early, NULL), BASK_E_SYNTAX);
    assert_int_equal(bask_conf_parse_args(line.conf, 4, holes, NULL), 0);
    assert_true(line.values.master);
    assert_int_equal(bask_conf_arguments(line.conf)->count, 0);
    bask_conf_free(&line.conf);
}

static void
actions(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        const char *action;
    } cases[] = {
        {{"-M"}, NULL},
        {{"--help"}, "help"},
        {{"-M", "-h"}, "help"},
        {{"-MVh"}, "version"},
        {{"-hhttp"}, "help"},
        {{"--version", "--help"}, "version"},
        {{"--reload=x"}, "reload"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line;
        read_good(&line, cases[i].words);
        if (cases[i].action)
            assert_string_equal(bask_conf_action(line.conf), cases[i].action);
        else
            assert_null(bask_conf_action(line.conf));
        bask_conf_free(&line.conf);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(numbers),
        cmocka_unit_test(flags),
        cmocka_unit_test(rejected),
        cmocka_unit_test(rejected_changes_nothing),
        cmocka_unit_test(lists),
        cmocka_unit_test(bare_words),
        cmocka_unit_test(nothing_to_read),
        cmocka_unit_test(actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
