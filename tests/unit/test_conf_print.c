/* conf/: what is printed. Whole pages, compared byte for byte. */
#include "test.h"

#include "conf/conf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    bool flag;
    int64_t number;
    bask_str text;
    struct bask_values list;
} values;

#define AT(field) ((size_t)((char *)&values.field - (char *)&values))

static void
add(struct bask_conf *conf, const char *group, const struct bask_option *rows, size_t count)
{
    if (bask_conf_add(conf, &(struct bask_option_table){group, rows, count, &values}))
        fail_msg("%s", bask_conf_message(conf));
}

static struct bask_conf *
example(void)
{
    static const struct bask_option net[] = {
        {"http-socket", "http", 's', BASK_OPT_LIST, AT(list), .argument = "ADDRESS",
         .help = "listen for HTTP on ADDRESS: host:port, :port, or the path of a unix socket"},
        {"http-keepalive", NULL, 'k', BASK_OPT_INT, AT(number), 0, 3600, NULL, "[N]",
         "keep idle connections"},
        {"a-name-that-leaves-no-room", NULL, 0, BASK_OPT_SIZE, AT(number), 0, INT64_MAX, "64k",
         NULL, "size of *the* buffer"},
        {"pidfile", NULL, 0, BASK_OPT_STRING, AT(text), .initial = "", .argument = "FILE",
         .help = "write the pid"},
    };
    static const struct bask_option processes[] = {
        {"processes", "workers procs", 'p', BASK_OPT_INT, AT(number), 1, 1024, "1", "N",
         "number of workers"},
        {"master", NULL, 'M', BASK_OPT_FLAG, AT(flag), .help = "supervise"},
        {"version", NULL, 0, BASK_OPT_ACTION, .help = "print the version"},
    };
    static const struct bask_option more[] = {
        {"grace", NULL, 0, BASK_OPT_DURATION, AT(number), 500, 86400000, "10s", NULL, "wait"},
    };
    struct bask_conf *conf = bask_conf_new();
    assert_non_null(conf);
    add(conf, "HTTP and sockets", net, COUNT(net));
    add(conf, "Processes", processes, COUNT(processes));
    add(conf, "HTTP and sockets", more, COUNT(more));
    return conf;
}

static const char http_help[] =
    "HTTP and sockets:\n"
    "  -s, --http-socket ADDRESS   listen for HTTP on ADDRESS: host:port, :port, or\n"
    "                              the path of a unix socket (repeatable; also\n"
    "                              --http)\n"
    "  -k, --http-keepalive[=N]    keep idle connections\n"
    "      --a-name-that-leaves-no-room SIZE\n"
    "                              size of *the* buffer (default: 64k)\n"
    "      --pidfile FILE          write the pid (default: \"\")\n"
    "      --grace TIME            wait (default: 10s)\n";

static const char processes_help[] =
    "Processes:\n"
    "  -p, --processes N           number of workers (default: 1; also --workers,\n"
    "                              --procs)\n"
    "  -M, --master                supervise\n"
    "      --version               print the version\n";

static const char no_group[] = "There is no group \"cron\". The groups:\n"
                               "  HTTP and sockets\n"
                               "  Processes\n";

static const char manual[] =
    "\n## HTTP and sockets\n"
    "\n### `--http-socket ADDRESS`\n\n"
    "listen for HTTP on ADDRESS: host:port, :port, or the path of a unix socket\n\n"
    "- Short: `-s ADDRESS`\n"
    "- Also: `--http`\n"
    "- Value: a text; repeatable\n"
    "\n### `--http-keepalive[=N]`\n\n"
    "keep idle connections\n\n"
    "- Short: `-k[N]`\n"
    "- Value: a whole number from 0 to 3600; may be left out\n"
    "\n### `--a-name-that-leaves-no-room SIZE`\n\n"
    "size of \\*the\\* buffer\n\n"
    "- Value: a size in bytes (or with k, m, g)\n"
    "- Default: `64k`\n"
    "\n### `--pidfile FILE`\n\n"
    "write the pid\n\n"
    "- Value: a text\n"
    "- Default: empty\n"
    "\n### `--grace TIME`\n\n"
    "wait\n\n"
    "- Value: a time in seconds (or with ms, s, m, h, d) from 500ms to 1d\n"
    "- Default: `10s`\n"
    "\n## Processes\n"
    "\n### `--processes N`\n\n"
    "number of workers\n\n"
    "- Short: `-p N`\n"
    "- Also: `--workers`, `--procs`\n"
    "- Value: a whole number from 1 to 1024\n"
    "- Default: `1`\n"
    "\n### `--master`\n\n"
    "supervise\n\n"
    "- Short: `-M`\n"
    "- Switch: `--no-master` or `--master=false` turns it off\n"
    "\n### `--version`\n\n"
    "print the version\n\n"
    "- Does this instead of serving\n";

static char *
printed_help(const struct bask_conf *conf, const char *group)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    bask_conf_help(conf, group, to);
    fclose(to);
    return text;
}

static void
help(void **state)
{
    (void)state;
    char all[2000];
    snprintf(all, sizeof all, "%s\n%s", http_help, processes_help);
    const struct {
        const char *group, *text;
    } cases[] = {
        {NULL, all}, {"http", http_help}, {"PROCESSES", processes_help},
        {"", all},   {"s", all},          {"cron", no_group},
    };
    struct bask_conf *conf = example();
    setenv("COLUMNS", "60", 1); /* a file is not a terminal: 80 stays */
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = printed_help(conf, cases[i].group);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
    unsetenv("COLUMNS");
    bask_conf_free(&conf);
}

/* The page as a terminal with $COLUMNS columns would get it. */
static void
help_on_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *columns;
        size_t longest;
    } cases[] = {
        {"60", 60}, {"100", 100}, {"1", 50}, {"", 80}, {"wide", 80}, {"100000", 160},
    };
    static const struct bask_option rows[] = {
        {"x", NULL, 0, BASK_OPT_FLAG, AT(flag),
         .help =
             "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o "
             "p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u v w x y z"},
    };
    struct bask_conf *conf = bask_conf_new();
    add(conf, "X", rows, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        int pty = posix_openpt(O_RDWR | O_NOCTTY);
        if (pty < 0 || grantpt(pty) || unlockpt(pty))
            skip();
        FILE *to = fdopen(open(ptsname(pty), O_WRONLY | O_NOCTTY), "w");
        assert_non_null(to);
        setenv("COLUMNS", cases[i].columns, 1);
        bask_conf_help(conf, NULL, to);
        fputs("END", to);
        fflush(to);
        char text[2000] = "";
        size_t longest = 0, column = 0, len = 0;
        while (!strstr(text, "END")) {
            ssize_t more = read(pty, text + len, sizeof text - 1 - len);
            assert_true(more > 0);
            len += (size_t)more;
        }
        for (size_t k = 0; k < len; k++) {
            column = text[k] == '\n' || text[k] == '\r' ? 0 : column + 1;
            longest = column > longest ? column : longest;
        }
        /* Words of one letter fill a line to its last column or the one before. */
        assert_true(longest <= cases[i].longest && longest + 1 >= cases[i].longest);
        fclose(to);
        close(pty);
    }
    unsetenv("COLUMNS");
    bask_conf_free(&conf);
}

static void
markdown(void **state)
{
    (void)state;
    struct bask_conf *conf = example();
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    bask_conf_markdown(conf, to);
    fclose(to);
    const char *body = strstr(text, "\n## ");
    assert_non_null(body);
    assert_string_equal(body, manual);
    assert_non_null(strstr(text, "\n# Options\n"));
    free(text);
    bask_conf_free(&conf);
}

static void
list(void **state)
{
    (void)state;
    struct bask_conf *conf = example();
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    bask_conf_list(conf, to);
    fclose(to);
    assert_string_equal(text, "a-name-that-leaves-no-room\ngrace\nhttp\nhttp-keepalive\n"
                              "http-socket\nmaster\npidfile\nprocesses\nprocs\nversion\nworkers\n");
    free(text);
    bask_conf_free(&conf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help),
        cmocka_unit_test(help_on_terminal),
        cmocka_unit_test(markdown),
        cmocka_unit_test(list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
