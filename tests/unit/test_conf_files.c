/* conf/: files of options in every format, placeholders, conditions, the environment. */
#include "conf_files.h"

#include "base/err.h"
#include "conf/private.h"
#include "sys/cpus.h"

#include <sys/stat.h>

struct values {
    bool master, lazy, log_master, stats_on;
    int64_t processes, keepalive, size, timeout;
    bask_str chdir, stats, paste;
    struct bask_values sockets, plugins;
};

#define AT(field) offsetof(struct values, field)

static const struct bask_option rows[] = {
    {"master", NULL, 'M', BASK_OPT_FLAG, AT(master), .help = "-"},
    {"lazy-apps", NULL, 0, BASK_OPT_FLAG, AT(lazy), .help = "-"},
    {"log-master", NULL, 0, BASK_OPT_FLAG, AT(log_master), .help = "-", .implies = "master"},
    {"processes", "workers", 'p', BASK_OPT_INT, AT(processes), 1, 1024, "1", "N", "-",
     .flags = BASK_OPT_CPUS | BASK_OPT_FIXED},
    {"http-keepalive", NULL, 0, BASK_OPT_INT, AT(keepalive), 0, 60, NULL, "[N]", "-"},
    {"buffer-size", NULL, 'b', BASK_OPT_SIZE, AT(size), 0, 1 << 30, "4k", "SIZE", "-",
     .flags = BASK_OPT_FIXED},
    {"timeout", NULL, 0, BASK_OPT_DURATION, AT(timeout), 0, INT64_MAX, NULL, "SECONDS", "-"},
    {"chdir", NULL, 0, BASK_OPT_STRING, AT(chdir), .argument = "DIR", .help = "-"},
    {"stats", NULL, 0, BASK_OPT_STRING, AT(stats), .help = "-", .implies = "log-master"},
    {"socket", NULL, 's', BASK_OPT_LIST, AT(sockets), .help = "-", .flags = BASK_OPT_FIXED},
    {"plugin", "plugins", 0, BASK_OPT_LIST, AT(plugins), .help = "-", .flags = BASK_OPT_AT_ONCE},
    {"paste", NULL, 0, BASK_OPT_STRING, AT(paste), .help = "-", .flags = BASK_OPT_ALSO_INI},
    {"version", NULL, 0, BASK_OPT_ACTION, .help = "-"},
};

struct reading {
    struct values values;
    struct bask_conf *conf;
    struct bask_conf_error error;
    struct bask_values once;
    int err;
};

static char *environment[] = {(char *)"HOME=/home/ada", (char *)"EMPTY=", (char *)"WORDS=a b",
                              NULL};

static bool
has_plugin(void *context, bask_str name)
{
    (void)context;
    return bask_str_eq(name, BASK_STR("null"));
}

static int
at_once(void *context, const struct bask_option *row, bask_str text, bask_str origin,
        struct bask_conf_error *ret_error)
{
    size_t *met = context;
    assert_string_equal(row->name, "plugin");
    if (bask_str_eq(text, BASK_STR("./bad.so"))) {
        snprintf(ret_error->text, sizeof ret_error->text, "%.*s: bad", BASK_FMT(origin));
        return BASK_E_NOTFOUND;
    }
    ++*met;
    return 0;
}

static size_t met;

static void
start(struct reading *r)
{
    const struct bask_conf_facts facts = {
        .version = "1.2",
        .hostname = "web1.example",
        .binary = "/usr/bin/bask",
        .start_folder = "/start",
        .env = environment,
        .has_plugin = has_plugin,
        .at_once = at_once,
        .context = &met,
        .once = &r->once,
    };
    *r = (struct reading){.conf = bask_conf_new()};
    struct bask_option_table table = {"Test", rows, COUNT(rows), &r->values};
    if (bask_conf_add(r->conf, &table) || bask_conf_add(r->conf, bask_conf_directive_table()))
        fail_msg("%s", bask_conf_message(r->conf));
    bask_conf_know(r->conf, &facts);
}

static void
end(struct reading *r)
{
    bask_conf_free(&r->conf);
    for (size_t i = 0; i < r->once.count; i++) {
        free((char *)r->once.items[i].text.ptr);
        free((char *)r->once.items[i].origin.ptr);
    }
    free(r->once.items);
}

static void
read_words(struct reading *r, const char *const *words)
{
    char *argv[10] = {(char *)"bask"};
    int argc = 1;
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    start(r);
    r->err = bask_conf_parse_args(r->conf, argc, argv, &r->error);
}

static void
read_text(struct reading *r, const char *name, const char *text)
{
    write_file(name, text);
    read_words(r, (const char *[]){name, NULL});
    assert_true((r->err != 0) == (r->error.text[0] != '\0'));
}

/* What a text in [uwsgi] gives one option or placeholder; all values, with commas. */
struct meaning {
    const char *text, *name, *value;
};

static void
check(const struct reading *r, const char *name, const char *expected)
{
    char joined[400] = "";
    size_t used = 0;
    bask_str text;
    if (r->err)
        fail_msg("%s", r->error.text);
    for (size_t i = 0; !bask_conf_get(r->conf, bask_str_of(name), i, &text); i++)
        used += (size_t)snprintf(joined + used, sizeof joined - used, "%s%.*s", i ? "," : "",
                                 BASK_FMT(text));
    if (strcmp(joined, expected) != 0)
        fail_msg("%s: expected \"%s\", found \"%s\"", name, expected, joined);
}

/* A format whose library was missing when this was built. */
static bool
is_missing(const struct reading *r)
{
    return strstr(r->error.text, "this server was built without") != NULL;
}

static void
run_cases(const char *file, const struct meaning *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reading r;
        read_text(&r, file, cases[i].text);
        if (!is_missing(&r))
            check(&r, cases[i].name, cases[i].value);
        end(&r);
    }
}

static void
ini(void **state)
{
    (void)state;
    static const struct meaning cases[] = {
        {"[uwsgi]\nchdir=/a", "chdir", "/a"},
        {"[uwsgi]\r\nchdir = /a\r\nmaster\r\n", "chdir", "/a"},
        {"\xef\xbb\xbf[uwsgi]\nchdir = /a\n", "chdir", "/a"},
        {"  [uwsgi]  \n\t chdir \t=  /a b \t\n", "chdir", "/a b"},
        {"[ uwsgi ]\nchdir = /a\n", "chdir", "/a"},
        {"[uwsgi]\n# chdir = /b\n; chdir = /c\nchdir = /a # not a comment\n", "chdir",
         "/a # not a comment"},
        {"[uwsgi]\n# chdir = /b\n", "# chdir", ""},
        {"[uwsgi]\n; chdir = /b\n", "; chdir", ""},
        {"[uwsgi]\nchdir = a=b\n", "chdir", "a=b"},
        {"[uwsgi]\nchdir =\n", "chdir", ""},
        {"[uwsgi]\nchdir = \"/a\"\n", "chdir", "\"/a\""},
        {"[bask]\nchdir = /a\n[uwsgi]\nmaster = true\n", "chdir", "/a"},
        {"[other]\nchdir = /b\n[uwsgi]\nchdir = /a\n[more]\nchdir = /c\n", "chdir", "/a"},
        {"[uwsgi]\nmaster\n", "master", "true"},
        {"[uwsgi]\nmaster = enabled\n", "master", "enabled"},
        {"[uwsgi]\nmaster = 0\n", "master", "0"},
        {"[uwsgi]\nno-master = yes\n", "master", "false"},
        {"[uwsgi]\nsocket = :1\nsocket = :2\nprocesses = 2\nprocesses = 3\n", "socket", ":1,:2"},
        {"[uwsgi]\nprocesses = 2\nworkers = 3\n", "processes", "3"},
        {"[uwsgi]\nhttp-keepalive\n", "http-keepalive", "1"},
        {"[uwsgi]\nhttp-keepalive = true\n", "http-keepalive", "true"},
        {"[uwsgi]\nproject = shop\n", "project", "shop"},
        {"[uwsgi]\nplugin = ./a.so\n", "plugin", "./a.so"},
    };
    met = 0;
    run_cases("a.ini", cases, COUNT(cases));
    assert_int_equal(met, 1);
}

static void
flags_and_numbers(void **state)
{
    (void)state;
    struct reading r;
    read_text(&r, "a.ini", "[uwsgi]\nmaster = enabled\nlazy-apps = Off\nhttp-keepalive = true\n");
    assert_true(r.values.master && !r.values.lazy);
    assert_int_equal(r.values.keepalive, 1);
    assert_int_equal(bask_conf_warnings(r.conf)->count, 1);
    assert_str(bask_conf_warnings(r.conf)->items[0].text,
               BASK_STR("a.ini:2: master expects true or false; \"enabled\" counts as true"));
    end(&r);
    read_text(&r, "a.ini", "[uwsgi]\nprocesses = auto\nno-master = perhaps\n");
    assert_int_equal(r.values.processes, bask_cpus());
    assert_false(r.values.master);
    end(&r);
}

/* What uWSGI's atoi() makes of them; what it counts as is a line of the log. */
static void
lax_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
        int64_t keepalive, timeout, size;
        const char *warning;
    } cases[] = {
        {"timeout = 600  ; why", "600", 0, 600000, 4096,
         "a.ini:2: timeout expects a time in seconds (or with ms, s, m, h, d); \"600  ; why\" "
         "counts as 600"},
        {"timeout = 5m\t# why", "5m", 0, 300000, 4096,
         "a.ini:2: timeout expects a time in seconds (or with ms, s, m, h, d); "
         "\"5m\\x09# why\" counts as 5m"},
        {"buffer-size = 65536 //why", "65536", 0, 0, 65536,
         "a.ini:2: buffer-size expects a size in bytes (or with k, m, g), at most 1g; "
         "\"65536 //why\" counts as 65536"},
        {"timeout = True", "0", 0, 0, 4096,
         "a.ini:2: timeout expects a time in seconds (or with ms, s, m, h, d); \"True\" counts "
         "as 0"},
        {"timeout = off # why", "0", 0, 0, 4096,
         "a.ini:2: timeout expects a time in seconds (or with ms, s, m, h, d); \"off # why\" "
         "counts as 0"},
        {"timeout =", "0", 0, 0, 4096,
         "a.ini:2: timeout expects a time in seconds (or with ms, s, m, h, d); \"\" counts as 0"},
        {"timeout", "0", 0, 0, 4096,
         "a.ini:2: timeout expects a time in seconds (or with ms, s, m, h, d); \"\" counts as 0"},
        {"timeout = \"20\" ; why", "20", 0, 20000, 4096,
         "a.ini:2: timeout expects a time in seconds (or with ms, s, m, h, d); \"\"20\" ; why\" "
         "counts as 20"},
        {"timeout = 20", "20", 0, 20000, 4096, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reading r;
        char text[200];
        snprintf(text, sizeof text, "[uwsgi]\n%s\n", cases[i].text);
        read_text(&r, "a.ini", text);
        check(&r, strncmp(cases[i].text, "buffer", 6) == 0 ? "buffer-size" : "timeout",
              cases[i].shown);
        assert_int_equal(r.values.timeout, cases[i].timeout);
        assert_int_equal(r.values.size, cases[i].size);
        assert_int_equal(bask_conf_warnings(r.conf)->count, cases[i].warning != NULL);
        if (cases[i].warning)
            assert_str(bask_conf_warnings(r.conf)->items[0].text, bask_str_of(cases[i].warning));
        end(&r);
    }
    struct reading r;
    read_text(&r, "a.ini", "[uwsgi]\nhttp-keepalive = on ; why\n");
    assert_int_equal(r.values.keepalive, 1); /* where a value may be left out, "on" means 1 */
    end(&r);
    read_words(&r, (const char *[]){"--timeout", "600 # why", NULL});
    assert_int_equal(r.err, BASK_E_SYNTAX);
    end(&r);
}

static void
placeholders(void **state)
{
    (void)state;
    static const struct meaning cases[] = {
        {"[uwsgi]\nchdir = %(a)/x\na = %(b)b\nb = c\n", "chdir", "cb/x"},
        {"[uwsgi]\nchdir = %(a)\nset = a=1\nset = a=2\n", "chdir", "1"},
        {"[uwsgi]\nset = a=1\na = 2\n", "a", "1,2"},
        {"[uwsgi]\nset = chdir=/a=b\n", "chdir", "/a=b"},
        {"[uwsgi]\nset-ph = processes=9\nchdir = %(processes)\n", "chdir", "9"},
        {"[uwsgi]\nset-placeholder = processes=9\n", "workers", "1"},
        {"[uwsgi]\nworkers = 4\nchdir = %(processes)%(master)\nmaster\n", "chdir", "4true"},
        {"[uwsgi]\nx = 20\nchdir = %(x + 22)\n", "chdir", "42"},
        {"[uwsgi]\nx = 20\nchdir = %(x 22)\n", "chdir", "2022"},
        {"[uwsgi]\nx = 20\nchdir = %(x - 1 * 2 / 3)\n", "chdir", "12"},
        {"[uwsgi]\nx = 20\nchdir = %(x ++)%(x --)\n", "chdir", "2119"},
        {"[uwsgi]\nx = 20\nchdir = %(x / 0)\n", "chdir", "0"},
        {"[uwsgi]\nchdir = %(x  y)\n", "chdir", "xy"},
        {"[uwsgi]\nx = 9223372036854775807\nchdir = %(x + x)\n", "chdir", "9223372036854775807"},
        {"[uwsgi]\nchdir = %(addr) %(method) %( ) %()\n", "chdir", "%(addr) %(method)  %()"},
        {"[uwsgi]\nchdir = %(addr\n", "chdir", "%(addr"},
        {"[uwsgi]\nchdir = $(HOME)/$(EMPTY)x\n", "chdir", "/home/ada/x"},
        {"[uwsgi]\nchdir = $(UNSET)\n", "chdir", "$(UNSET)"},
        {"[uwsgi]\nchdir = @(part.txt)!\n", "chdir", "a secret!"},
        {"[uwsgi]\nchdir = %n %e %s %x %V %h %v %b\n", "chdir",
         "a ini a.ini uwsgi 1.2 web1.example /start /usr/bin/bask"},
        {"[uwsgi]\nchdir = %%n 100%% %q%y| 5%\n", "chdir", "%n 100% | 5%"},
        {"[uwsgi]\nchdir = %0\n", "chdir", "tmp"},
        {"[uwsgi]\nchdir = %o %O\n", "chdir", "a.ini a.ini"},
        {"[uwsgi]\ninclude = part.ini\n", "chdir", "part a uwsgi"},
        {"[uwsgi]\ndeclare-option = app=chdir=/srv/$1;socket=$2;master\napp = shop :1\n", "chdir",
         "/srv/shop"},
        {"[uwsgi]\ndeclare-option = app=chdir=/srv/$1;socket=$2;master\napp = shop :1\n", "socket",
         ":1"},
    };
    write_file("part.txt", "a secret\n");
    write_file("part.ini", "[uwsgi]\nchdir = %n %N %X\n");
    run_cases("a.ini", cases, COUNT(cases));
}

static void
conditions(void **state)
{
    (void)state;
    static const struct meaning cases[] = {
        {"[uwsgi]\nfor = a b  c\nsocket = %(_).s\nendfor\nsocket = d\n", "socket", "a.s,b.s,c.s,d"},
        {"[uwsgi]\nfor-times = 3\nsocket = :%(_)\nend-for\n", "socket", ":1,:2,:3"},
        {"[uwsgi]\nfor-times = 0\nsocket = :%(_)\nend\n", "socket", ""},
        {"[uwsgi]\nfor-glob = dir/*.x\nsocket = %(_)\nendfor\n", "socket", "dir/1.x,dir/2.x"},
        {"[uwsgi]\nfor-readline = lines\nsocket = %(_)\nendfor\n", "socket", "one,two three"},
        {"[uwsgi]\nfor = x y\n%(_) = 1%(_)\nendfor\nchdir = %(x)%(y)\n", "chdir", "1x1y"},
        {"[uwsgi]\nfor = $(WORDS)\nsocket = %(_)\nendfor\n", "socket", "a,b"},
        {"[uwsgi]\nif-env = HOME\nchdir = %(_)\nendif\n", "chdir", "/home/ada"},
        {"[uwsgi]\nif-env = HOME=/x\nchdir = 1\nelse\nchdir = 2\nendif\n", "chdir", "2"},
        {"[uwsgi]\nifenv = HOME=/home/ada\nchdir = 1\nelse\nchdir = 2\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-env = EMPTY\nchdir = (%(_))\nend-if\n", "chdir", "()"},
        {"[uwsgi]\nif-not-env = NONE\nchdir = 1\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-not-env = HOME\nchdir = 1\nendif\n", "chdir", ""},
        {"[uwsgi]\nworkers = 3\nif-opt = processes=3\nchdir = %(_)\nendif\n", "chdir", "3"},
        {"[uwsgi]\nif-opt = processes\nchdir = 1\nendif\n", "chdir", ""},
        {"[uwsgi]\nx = 1\nif-not-opt = x\nchdir = 1\nendif\n", "chdir", ""},
        {"[uwsgi]\nif-exists = dir\nchdir = %(_)\nendif\n", "chdir", "dir"},
        {"[uwsgi]\nif-file = dir\nchdir = 1\nendif\n", "chdir", ""},
        {"[uwsgi]\nif-file = lines\nchdir = 1\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-dir = dir\nchdir = 1\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-not-dir = lines\nchdir = 1\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-plugin = null\nchdir = 1\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-not-plugin = php\nchdir = 1\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-hostname = web1.example\nchdir = 1\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-hostname-match = ^web[0-9]\nchdir = 1\nendif\n", "chdir", "1"},
        {"[uwsgi]\nif-hostname-match = [\nchdir = 1\nendif\n", "chdir", ""},
        {"[uwsgi]\nif-reload\nchdir = 1\nelse\nchdir = 2\nendif\n", "chdir", "2"},
        {"[uwsgi]\nif-env = HOME\ninclude = loop.ini\nendif\n", "socket", "x1,x2"},
        {"[uwsgi]\nif-env = NONE\ninclude = nowhere.ini\nendif\nchdir = 1\n", "chdir", "1"},
    };
    mkdir("dir", 0700);
    write_file("dir/1.x", "");
    write_file("dir/2.x", "");
    write_file("lines", "one\r\n\ntwo three\n");
    write_file("loop.ini", "[uwsgi]\nfor = 1 2\nsocket = x%(_)\nendfor\n");
    run_cases("a.ini", cases, COUNT(cases));
}

static void
other_formats(void **state)
{
    (void)state;
    static const struct meaning yaml[] = {
        {"uwsgi:\n  chdir: /a\n  socket: [':1', \":2\"]\n", "socket", ":1,:2"},
        {"uwsgi:\n  socket:\n    - :1\n    - :2\n", "socket", ":1,:2"},
        {"uwsgi:\n  socket: :1\n  socket: :2\n", "socket", ":1,:2"},
        {"uwsgi:\n  plugin: null\n", "plugin", "null"},
        {"uwsgi:\n  master:\n  http-keepalive: ~\n", "http-keepalive", "1"},
        {"base: &b\n  chdir: /%n\nuwsgi:\n  <<: *b\n", "chdir", "/a"},
        {"---\nbask:\n  chdir: |\n    two\n    lines\n", "chdir", "two\nlines\n"},
        {"uwsgi:\n  for: 1 2\n  socket: :%(_)\n  endfor:\n", "socket", ":1,:2"},
    };
    static const struct meaning json[] = {
        {"{\"uwsgi\": {\"chdir\": \"/a\", \"socket\": [\":1\", \":2\"]}}", "socket", ":1,:2"},
        {"{\"uwsgi\":{\"master\":true,\"lazy-apps\":false,\"processes\":3}}", "processes", "3"},
        {"{\"uwsgi\":{\"master\":true}}", "master", "1"},
        {"{\"uwsgi\":{\"master\":null}}", "master", "0"},
        {"{\"x\":[1,{\"y\":[]},-1.5e3,\"\\n\"],\"uwsgi\":{\"socket\":[],\"chdir\":\"\"}}", "chdir",
         ""},
        {" {\r\n\"uwsgi\" : {\"chdir\": \"\\u00e9\\ud83d\\ude00\\/\\\"\\\\\" } } \n", "chdir",
         "\xc3\xa9\xf0\x9f\x98\x80/\"\\"},
        {"{\"bask\":{},\"uwsgi\":{\"chdir\":\"%n\"}}", "chdir", "a"},
    };
    static const struct meaning xml[] = {
        {"<uwsgi><chdir> /a </chdir><socket>:1</socket><socket>:2</socket></uwsgi>", "socket",
         ":1,:2"},
        {"<uwsgi><chdir> /a </chdir></uwsgi>", "chdir", "/a"},
        {"<?xml version=\"1.0\"?><a><!-- x --><bask>\n<master/>\n</bask></a>", "master", "true"},
        {"<uwsgi id=\"a\"><chdir>/a</chdir></uwsgi>", "chdir", "/a"},
        {"<x><uwsgi id=\"a\"><chdir>/a</chdir></uwsgi><uwsgi "
         "id=\"b\"><chdir>/b</chdir></uwsgi></x>",
         "chdir", "/a"},
        {"<uwsgi><app mountpoint=\"/\"><script> x\n</script>\n</app></uwsgi>", "mount", "/=x"},
        {"<uwsgi><app mountpoint=\"/a\">\n<module>x:y</module></app>"
         "<app><module>z</module></app><app domain=\"b\"> w </app></uwsgi>",
         "mount", "/a=x:y,/=z,b|=w"},
        {"<uwsgi><app mountpoint=\"/\"><script>x</script></app><chdir>/a</chdir></uwsgi>", "chdir",
         "/a"},
        {"<uwsgi><chdir>&lt;%n&amp;</chdir></uwsgi>", "chdir", "<a&"},
    };
    run_cases("a.yaml", yaml, COUNT(yaml));
    run_cases("a.yml", yaml, COUNT(yaml));
    run_cases("a.json", json, COUNT(json));
    run_cases("a.js", json, COUNT(json));
    run_cases("a.xml", xml, COUNT(xml));
}

/* Each file is refused with this line. */
struct refusal {
    const char *file, *text, *said;
};

static void
refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"a.ini", "", "command line, argument 1: a.ini has no section \"uwsgi\""},
        {"a.ini", "[x]\na=1\n", "command line, argument 1: a.ini has no section \"uwsgi\""},
        {"a.ini", "master = 1\n",
         "a.ini:1: expected a section such as [uwsgi] before \"master = 1\""},
        {"a.ini", "[uwsgi\n", "a.ini:1: expected [SECTION], not \"[uwsgi\""},
        {"a.ini", "[", "a.ini:1: expected [SECTION], not \"[\""},
        {"a.ini", "[uwsgi]\n = 1\n", "a.ini:2: expected KEY = VALUE, not \"= 1\""},
        {"a.ini", "[uwsgi]\nprocesses = many\n",
         "a.ini:2: processes expects a whole number from 1 to 1024, or auto, not \"many\""},
        {"a.ini", "[uwsgi]\nworkers = true\n",
         "a.ini:2: workers expects a whole number from 1 to 1024, or auto, not \"true\""},
        {"a.ini", "[uwsgi]\nworkers = 2,5 # x\n",
         "a.ini:2: workers expects a whole number from 1 to 1024, or auto, not \"2,5 # x\""},
        {"a.ini", "[uwsgi]\nworkers = 2000 # x\n",
         "a.ini:2: workers expects a whole number from 1 to 1024, or auto, not \"2000 # x\""},
        {"a.ini", "[uwsgi]\nworkers = 2 and more\n",
         "a.ini:2: workers expects a whole number from 1 to 1024, or auto, not \"2 and more\""},
        {"a.ini", "[uwsgi]\nworkers\n", "a.ini:2: workers expects a value (N)"},
        {"a.ini", "[uwsgi]\nversion = true\n", "a.ini:2: version takes no value"},
        {"a.ini", "[uwsgi]\nstrict = true\nproceses = 2\n",
         "a.ini:3: \"proceses\" is not an option; did you mean \"processes\"?"},
        {"a.ini", "[uwsgi]\nproject = 2\nstrict\n", "a.ini:2: \"project\" is not an option"},
        {"a.ini", "[uwsgi]\nstrict = maybe\n",
         "a.ini:2: strict expects true or false, not \"maybe\""},
        {"a.ini", "[uwsgi]\nset = x\n", "a.ini:2: set expects NAME=VALUE, not \"x\""},
        {"a.ini", "[uwsgi]\nset\n", "a.ini:2: set expects a value (NAME=VALUE)"},
        {"a.ini", "[uwsgi]\na = %(b)\nb = %(a)\nchdir = %(a)\n", "a.ini:2: %(b) refers to itself"},
        {"a.ini", "[uwsgi]\nchdir = @(nothing)\n",
         "a.ini:2: cannot read nothing: No such file or directory"},
        {"a.ini", "[uwsgi]\ninclude = nothing.ini\n",
         "a.ini:2: cannot read nothing.ini: No such file or directory"},
        {"a.ini", "[uwsgi]\ninclude = x.conf\n",
         "a.ini:2: expected a file ending in .ini, .yaml, .yml, .json, .js or .xml, not "
         "\"x.conf\""},
        {"a.ini", "[uwsgi]\nini = http://x/a.ini\n",
         "a.ini:2: cannot read http://x/a.ini: only files, - and fd://N are read"},
        {"a.ini", "[uwsgi]\nini = fd://x\n", "a.ini:2: cannot read fd://x: expected fd://NUMBER"},
        {"a.ini", "[uwsgi]\nini = :b\n", "a.ini:2: a.ini has no section \"b\""},
        {"a.ini", "[uwsgi]\ninclude = a.ini\n", "a.ini:2: cannot read a.ini: it includes itself"},
        {"a.ini", "[uwsgi]\ninherit = a.ini\n", "a.ini:2: cannot read a.ini: too many files"},
        {"a.ini", "[uwsgi]\nini = :b\n[b]\nini = :uwsgi\n[c]\n", ""},
        {"a.ini", "[uwsgi]\nfor = 1 2\nmaster = 1\n", "a.ini:2: for has no end; expected endfor"},
        {"a.ini", "[uwsgi]\nif-env = X\n[b]\n", "a.ini:2: if-env has no end; expected endif"},
        {"a.ini", "[uwsgi]\nendif\n", "a.ini:2: endif without if before it"},
        {"a.ini", "[uwsgi]\nelse\n", "a.ini:2: else without if before it"},
        {"a.ini", "[uwsgi]\nendfor\n", "a.ini:2: endfor without for before it"},
        {"a.ini", "[uwsgi]\nfor = 1\nif-env = X\n",
         "a.ini:3: if-env inside for, which began at a.ini:2; expected endfor first"},
        {"a.ini", "[uwsgi]\nif-env = X\nendfor\n",
         "a.ini:3: endfor inside if-env, which began at a.ini:2; expected endif first"},
        {"a.ini", "[uwsgi]\nfor-times = x\n", "a.ini:2: for-times expects a number, not \"x\""},
        {"a.ini", "[uwsgi]\nfor-times = 10001\n", "a.ini:2: more than 10000 times"},
        {"a.ini", "[uwsgi]\nfor-times = 9999\na = 1\nb = 1\nend\n",
         "a.ini:4: more than 10000 settings"},
        {"a.ini", "[uwsgi]\nfor-readline = nothing\n",
         "a.ini:2: cannot read nothing: No such file or directory"},
        {"a.ini", "[uwsgi]\ndeclare-option = master=a=b\n",
         "a.ini:2: \"master\" is an option already"},
        {"a.ini", "[uwsgi]\nplugin = ./bad.so\n", "a.ini:2: bad"},
        {"a.json", "", "a.json:1: expected {, not the end of the file"},
        {"a.json", "[]", "a.json:1: expected {, not \"[]\""},
        {"a.json", "{}", "command line, argument 1: a.json has no section \"uwsgi\""},
        {"a.json", "{\"uwsgi\":{}} x", "a.json:1: expected the end of the file, not \"x\""},
        {"a.json", "{\"uwsgi\":{\n\"a\":{}}}",
         "a.json:2: expected a text, a number, true, false or a list of them, not \"{}}}\""},
        {"a.json", "{\"uwsgi\":{\"a\":[[1]]}}",
         "a.json:1: expected a text, a number, true or false, not \"[1]]}}\""},
        {"a.json", "{\"uwsgi\":[]}", "a.json:1: expected {, not \"[]}\""},
        {"a.json", "{\"uwsgi\":{\"a\":1,}}", "a.json:1: expected a string, not \"}}\""},
        {"a.json", "{\"uwsgi\":{\"a\" 1}}", "a.json:1: expected a colon, not \"1}}\""},
        {"a.json", "{\"uwsgi\":{\"a\":1 2}}", "a.json:1: expected a comma or }, not \"2}}\""},
        {"a.json", "{\"uwsgi\":{\"a\":nope}}", "a.json:1: expected a value, not \"nope}}\""},
        {"a.json", "{\"uwsgi\":{\"a\":\"x\n\"}}",
         "a.json:1: expected the end of a string, not \"\\x0a\"}}\""},
        {"a.json", "{\"uwsgi\":{\"a\":\"x",
         "a.json:1: expected the end of a string, not the end of the file"},
        {"a.json", "{\"uwsgi\":{\"a\":\"\\u0000\"}}",
         "a.json:1: expected four hexadecimal digits, not all 0, not \"0000\"}}\""},
        {"a.json", "{\"uwsgi\":{\"a\":\"\\ud83d\"}}",
         "a.json:1: expected the second half of a character, not \"\"}}\""},
        {"a.yaml", "uwsgi: [1\n",
         "a.yaml:2: not well formed YAML: did not find expected ',' or ']'"},
        {"a.yaml", "- a\n", "a.yaml:1: expected a map such as \"uwsgi:\""},
        {"a.yaml", "uwsgi: 1\n", "a.yaml:1: expected a map of options"},
        {"a.yaml", "uwsgi:\n  a:\n    b: c\n",
         "a.yaml:3: a: expected a text, a number or a list of them"},
        {"a.yaml", "uwsgi:\n  a: \"\\0\"\n", "a.yaml:2: a NUL byte; expected text"},
        {"a.yaml", "uwsgi: &a\n  <<: *a\n", "a.yaml:1: too many maps are merged"},
        {"a.yaml", "", "command line, argument 1: a.yaml has no section \"uwsgi\""},
        {"a.xml", "<uwsgi>", "a.xml:1: not well formed XML: no element found"},
        {"a.xml", "<uwsgi><a><b/></a></uwsgi>", "a.xml:1: expected a text, not <b>"},
        {"a.xml", "<uwsgi><app><a>x</a><b>y</b></app></uwsgi>",
         "a.xml:1: expected a text, not <b>"},
        {"a.xml", "<uwsgi><app><a><b/></a></app></uwsgi>", "a.xml:1: expected a text, not <b>"},
        {"a.xml", "<!DOCTYPE x [<!ENTITY y \"z\">]>\n<uwsgi/>",
         "a.xml:1: expected no document type"},
        {"a.xml", "<x/>", "command line, argument 1: a.xml has no section \"uwsgi\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reading r;
        read_text(&r, cases[i].file, cases[i].text);
        if (is_missing(&r))
            assert_memory_equal(r.error.text, cases[i].file, strlen(cases[i].file));
        else if (!cases[i].said[0])
            assert_non_null(strstr(r.error.text, "it includes itself"));
        else
            assert_string_equal(r.error.text, cases[i].said);
        end(&r);
    }
}

/* Files that no person wrote. */
static void
hostile(void **state)
{
    (void)state;
    struct reading r;
    size_t size = 1 << 20;
    char *text = malloc(size);
    assert_non_null(text);
    write_bytes("a.ini", "[uwsgi]\nchdir = \0x\n", 18);
    read_words(&r, (const char *[]){"a.ini", NULL});
    assert_string_equal(r.error.text, "a.ini:2: a NUL byte; expected text");
    end(&r);
    memset(text, 'x', size);
    memcpy(text, "[uwsgi]\n", 8);
    write_bytes("a.ini", text, size);
    read_words(&r, (const char *[]){"a.ini", NULL});
    assert_string_equal(r.error.text, "a.ini:2: a line of more than 65536 bytes");
    end(&r);
    memset(text, '[', size);
    write_bytes("a.json", text, size);
    memcpy(text, "{\"x\":", 5);
    write_bytes("b.json", text, size);
    read_words(&r, (const char *[]){"b.json", NULL});
    assert_string_equal(r.error.text,
                        "b.json:1: expected less depth, not \"[[[[[[[[[[[[[[[[[[[[\"");
    end(&r);
    read_words(&r, (const char *[]){"/dev/zero.ini", "--ini", "/dev/zero", NULL});
    assert_string_equal(r.error.text,
                        "command line, argument 3: cannot read /dev/zero: it is larger than 4 MiB");
    end(&r);
    read_words(&r, (const char *[]){"--ini", ".", NULL});
    assert_string_equal(r.error.text, "command line, argument 2: cannot read .: Is a directory");
    end(&r);
    /* References that double with every step. */
    size_t used = (size_t)snprintf(text, size, "[uwsgi]\na0 = xxxxxxxxxx\n");
    for (int i = 1; i < 15; i++)
        used += (size_t)snprintf(text + used, size - used, "a%d = %%(a%d)%%(a%d)%%(a%d)\n", i,
                                 i - 1, i - 1, i - 1);
    snprintf(text + used, size - used, "chdir = %%(a14)\n");
    read_text(&r, "a.ini", text);
    assert_int_equal(r.err, BASK_E_LIMIT);
    end(&r);
    free(text);
}

/* Where files and words stand decides who is last. */
static void
order(void **state)
{
    (void)state;
    struct reading r;
    write_file("two.ini", "[uwsgi]\nprocesses = 2\nsocket = file\n[x]\nprocesses = 3\nsocket = x\n"
                          "ini = :y\n[y]\nchdir = y\n");
    read_words(&r, (const char *[]){"-p4", "--ini", "two.ini", NULL});
    check(&r, "processes", "2");
    assert_str(bask_conf_origin(r.conf, BASK_STR("processes")), BASK_STR("two.ini:2"));
    end(&r);
    read_words(&r, (const char *[]){"--ini=two.ini", "-p4", "-s", "word", NULL});
    check(&r, "processes", "4");
    check(&r, "socket", "file,word");
    end(&r);
    read_words(&r, (const char *[]){"two.ini:x", "-p4", "app:app", NULL});
    check(&r, "processes", "3");
    check(&r, "chdir", "y");
    assert_int_equal(bask_conf_arguments(r.conf)->count, 1);
    end(&r);
    read_words(&r, (const char *[]){"--ini", "two.ini", "--ini", ":x", NULL});
    check(&r, "socket", "file,x");
    end(&r);
    read_words(&r, (const char *[]){"--set", "p=9", "--processes", "%(p)", NULL});
    check(&r, "processes", "9");
    end(&r);
    write_file("child.ini", "[uwsgi]\ninherit = %(base).ini\nbase = parent\nname = child\n");
    write_file("parent.ini", "[uwsgi]\nchdir = /%(name)\nname = parent\n");
    read_words(&r, (const char *[]){"child.ini", NULL});
    check(&r, "chdir", "/child");
    end(&r);
}

static void
from_environment(void **state)
{
    (void)state;
    static char *good[] = {
        (char *)"UWSGI_PROCESSES=2",      (char *)"BASK_SOCKET=env",  (char *)"UWSGI_RELOADS=1",
        (char *)"UWSGI_VERSION=2.0.20",   (char *)"UWSGI_MASTER=yes", (char *)"UWSGI_=1",
        (char *)"UWSGI_SOMETHING_ELSE=1", (char *)"PROCESSES=9",      NULL};
    static char *bad[] = {(char *)"BASK_HTTP_KEEPALIVE=often", NULL};
    struct reading r;
    start(&r);
    r.err = bask_conf_read_env(r.conf, good, &r.error);
    char *argv[] = {(char *)"bask", (char *)"--socket", (char *)"word"};
    if (!r.err)
        r.err = bask_conf_parse_args(r.conf, 3, argv, &r.error);
    check(&r, "processes", "2");
    check(&r, "socket", "env,word");
    check(&r, "something-else", "1");
    assert_str(bask_conf_given(r.conf, 2), BASK_STR("socket"));
    assert_str(bask_conf_given(r.conf, 3), BASK_STR("something-else"));
    assert_null(bask_conf_given(r.conf, 4).ptr);
    assert_true(r.values.master);
    assert_null(bask_conf_action(r.conf));
    assert_int_equal(bask_conf_warnings(r.conf)->count, 0);
    assert_str(bask_conf_origin(r.conf, BASK_STR("processes")),
               BASK_STR("environment, UWSGI_PROCESSES"));
    end(&r);
    start(&r);
    assert_int_equal(bask_conf_read_env(r.conf, bad, &r.error), 0);
    assert_int_equal(bask_conf_apply(r.conf, &r.error), BASK_E_SYNTAX);
    assert_string_equal(r.error.text,
                        "environment, BASK_HTTP_KEEPALIVE: BASK_HTTP_KEEPALIVE expects "
                        "a whole number from 0 to 60, not \"often\"");
    end(&r);
}

static void
warnings(void **state)
{
    (void)state;
    struct reading r;
    read_text(&r, "a.ini",
              "[uwsgi]\nproceses = 2\nproject = x\nchdr = /a\nchdir = %(chdr) $(NONE)\n");
    assert_int_equal(bask_conf_warnings(r.conf)->count, 2);
    assert_str(bask_conf_warnings(r.conf)->items[0].text,
               BASK_STR("a.ini:5: $(NONE) is not set in the environment"));
    assert_str(bask_conf_warnings(r.conf)->items[1].text,
               BASK_STR("a.ini:2: \"proceses\" is not an option; did you mean \"processes\"? (kept "
                        "as a placeholder)"));
    end(&r);
    read_text(&r, "a.ini", "[uwsgi]\nharakiri = 20\nzerg = %(zerg-pool)\nzerg-pool = x\n");
    assert_int_equal(bask_conf_warnings(r.conf)->count, 2);
    assert_str(bask_conf_warnings(r.conf)->items[0].text,
               BASK_STR("a.ini:2: \"harakiri\" is an option of uWSGI's that this server does not "
                        "have (kept as a placeholder)"));
    end(&r);
    read_words(&r, (const char *[]){"--abstract-socket", NULL});
    assert_string_equal(r.error.text, "command line, argument 1: unknown option --abstract-socket, "
                                      "which is uWSGI's and not in this server");
    end(&r);
    read_words(&r, (const char *[]){"--gevent", "100", NULL});
    assert_string_equal(r.error.text,
                        "command line, argument 1: unknown option --gevent, which is uWSGI's and "
                        "not in this server; use threads = N, on which the same application runs");
    end(&r);
    read_text(&r, "a.ini", "[uwsgi]\nroute-if = x\nhttps = :1\n");
    assert_int_equal(bask_conf_warnings(r.conf)->count, 2);
    assert_str(bask_conf_warnings(r.conf)->items[0].text,
               BASK_STR("a.ini:2: \"route-if\" is an option of uWSGI's that this server does not "
                        "have (kept as a placeholder); there is no internal routing: let the "
                        "application or a gateway such as nginx do it"));
    end(&r);
    read_text(&r, "a.ini", "[uwsgi]\nstrict = true\nemperor = x\n");
    assert_string_equal(r.error.text,
                        "a.ini:3: \"emperor\" is an option of uWSGI's that this server does not "
                        "have; start each server by systemd or in a container");
    end(&r);
    for (size_t i = 0; i < 3; i++) /* first, last, part of one */
        assert_int_equal(
            bask_conf_is_foreign((bask_str[]){BASK_STR("abstract-socket"), BASK_STR("zergpool"),
                                              BASK_STR("sock")}[i]),
            i < 2);
}

static void
implied(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool master, log_master;
        const char *origin, *warning;
    } cases[] = {
        {"chdir = /", false, false, "default", NULL},
        {"log-master = true", true, true, "implied by log-master (a.ini:2)", NULL},
        {"log-master = false", false, false, "default", NULL},
        {"stats = :1", true, true, "implied by log-master (implied by stats (a.ini:2))", NULL},
        {"stats =", false, false, "default", NULL},
        {"master = false\nlog-master", false, true, "a.ini:2",
         "a.ini:3: log-master needs master, which is switched off (a.ini:2)"},
        {"log-master\nmaster", true, true, "a.ini:3", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[100];
        struct reading r;
        snprintf(text, sizeof text, "[uwsgi]\n%s\n", cases[i].text);
        read_text(&r, "a.ini", text);
        assert_int_equal(r.err, 0);
        assert_int_equal(r.values.master, cases[i].master);
        assert_int_equal(r.values.log_master, cases[i].log_master);
        assert_str(bask_conf_origin(r.conf, BASK_STR("master")), bask_str_of(cases[i].origin));
        const struct bask_values *said = bask_conf_warnings(r.conf);
        assert_int_equal(said->count, cases[i].warning ? 1 : 0);
        if (cases[i].warning)
            assert_str(said->items[0].text, bask_str_of(cases[i].warning));
        end(&r);
    }
}

static void
implied_by_a_bug(void **state)
{
    (void)state;
    static const struct bask_option bad[] = {
        {"a", NULL, 0, BASK_OPT_FLAG, AT(master), .help = "-", .implies = "b c"}};
    struct values values = {0};
    struct bask_conf_error error;
    struct bask_conf *conf = bask_conf_new();
    assert_int_equal(bask_conf_add(conf, &(struct bask_option_table){"A", bad, 1, &values}), 0);
    char *argv[] = {(char *)"bask", (char *)"--a"};
    assert_int_equal(bask_conf_parse_args(conf, 2, argv, &error), BASK_E_STATE);
    assert_string_equal(error.text, "--a implies --b, which is no flag");
    bask_conf_free(&conf);
}

static void
read_again(void **state)
{
    (void)state;
    struct reading before, after;
    read_text(&before, "a.ini",
              "[uwsgi]\nprocesses = 2\nbuffer-size = 64k\nsocket = :1\n"
              "socket = :2\nchdir = /a\nmaster\n");
    write_file("a.ini", "[uwsgi]\nbuffer-size = 65536\nprocesses = 3\nsocket = :1\nlazy-apps\n"
                        "if-reload\nhttp-keepalive = 5\nendif\n");
    start(&after);
    struct bask_conf_facts facts = {.reload = true};
    after.values = before.values; /* as it is where the owners' structs are the same */
    bask_conf_know(after.conf, &facts);
    bask_conf_clear(after.conf);
    char *argv[] = {(char *)"bask", (char *)"a.ini"};
    assert_int_equal(bask_conf_parse_args(after.conf, 2, argv, &after.error), 0);
    assert_int_equal(bask_conf_keep_fixed(after.conf, before.conf, &after.error), 0);
    const struct bask_values *said = bask_conf_warnings(after.conf);
    assert_int_equal(said->count, 2);
    assert_str(
        said->items[0].text,
        BASK_STR("a.ini:3: processes cannot change at a reload: it stays \"2\" (a.ini:2), not "
                 "\"3\"; restart or upgrade the server"));
    assert_str(said->items[1].text,
               BASK_STR("a.ini:4: socket cannot change at a reload: it stays \"2 values\" "
                        "(a.ini:5), not \":1\"; restart or upgrade the server"));
    assert_int_equal(after.values.processes, 2);
    assert_int_equal(after.values.sockets.count, 2);
    assert_str(after.values.sockets.items[1].text, BASK_STR(":2"));
    assert_null(after.values.chdir.ptr);
    assert_true(!after.values.master && after.values.lazy);
    assert_int_equal(after.values.keepalive, 5);
    assert_str(before.values.chdir, BASK_STR("/a"));
    end(&before);
    end(&after);
}

/* What can be read only once is there for the next reading, too. */
static void
read_once(void **state)
{
    (void)state;
    struct reading r, again;
    int ends[2];
    char name[24];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "[uwsgi]\nprocesses = 5\n", 22), 22);
    close(ends[1]);
    snprintf(name, sizeof name, "fd://%d", ends[0]);
    read_words(&r, (const char *[]){"--ini", name, NULL});
    check(&r, "processes", "5");
    assert_int_equal(r.once.count, 1);
    struct bask_conf_facts facts = {.once = &r.once};
    start(&again);
    bask_conf_know(again.conf, &facts);
    char *argv[] = {(char *)"bask", (char *)"--ini", name};
    again.err = bask_conf_parse_args(again.conf, 3, argv, &again.error);
    check(&again, "processes", "5");
    close(ends[0]);
    end(&again);
    end(&r);
}

/* What --show-config writes means the same when it is read. */
static void
shown(void **state)
{
    (void)state;
    struct reading r, again;
    read_text(&r, "a.ini",
              "[uwsgi]\nx = 50%%\nchdir = %(x) %(addr)\nset-ph = processes=3\n"
              "socket = :1\nsocket = :2\nhttp-keepalive\n");
    FILE *file = fopen("b.ini", "w");
    assert_non_null(file);
    bask_conf_show(r.conf, file);
    fclose(file);
    read_words(&again, (const char *[]){"b.ini", NULL});
    check(&again, "chdir", "50% %(addr)");
    check(&again, "socket", ":1,:2");
    check(&again, "x", "50%");
    check(&again, "http-keepalive", "1");
    check(&again, "processes", "1");
    end(&r);
    end(&again);
}

/* A file that is somebody else's, in which options may be. */
static void
also_ini(void **state)
{
    (void)state;
    struct reading r;
    char path[200];
    write_file("with.conf", "[app:main]\nuse = %(here)s\n[uwsgi]\nprocesses = 4\n");
    write_file("without.conf", "[app:main]\nprocesses = 9\n");
    write_file("bad.conf", "[uwsgi]\nprocesses = many\n");
    write_file("itself.ini", "[uwsgi]\npaste = itself.ini\n");
    snprintf(path, sizeof path, "%s/with.conf", test_folder);
    read_words(&r, (const char *[]){"--set", "n=with", "--paste", "%(n).conf", NULL});
    check(&r, "paste", path);
    check(&r, "processes", "4");
    end(&r);
    read_words(&r, (const char *[]){"--paste", "with.conf", "--processes", "5", NULL});
    check(&r, "processes", "5");
    end(&r);
    read_words(&r, (const char *[]){"--paste", "without.conf", NULL});
    check(&r, "processes", "1");
    end(&r);
    static const char *const refused_words[][2] = {
        {"bad.conf", "bad.conf:2: "},
        {"none.conf", "cannot read none.conf"},
        {"itself.ini", "includes itself"},
        {"/dev/null/x", "cannot read /dev/null/x"},
    };
    for (size_t i = 0; i < COUNT(refused_words); i++) {
        read_words(&r, (const char *[]){"--paste", refused_words[i][0], NULL});
        assert_int_not_equal(r.err, 0);
        if (!strstr(r.error.text, refused_words[i][1]))
            fail_msg("%s: %s", refused_words[i][0], r.error.text);
        end(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ini),
        cmocka_unit_test(flags_and_numbers),
        cmocka_unit_test(lax_numbers),
        cmocka_unit_test(placeholders),
        cmocka_unit_test(conditions),
        cmocka_unit_test(other_formats),
        cmocka_unit_test(refused),
        cmocka_unit_test(hostile),
        cmocka_unit_test(order),
        cmocka_unit_test(from_environment),
        cmocka_unit_test(warnings),
        cmocka_unit_test(implied),
        cmocka_unit_test(implied_by_a_bug),
        cmocka_unit_test(read_again),
        cmocka_unit_test(read_once),
        cmocka_unit_test(shown),
        cmocka_unit_test(also_ini),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
