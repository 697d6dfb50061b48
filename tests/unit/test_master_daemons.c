/* master/daemon_spec: the words of a daemon's option, right and wrong. */
#include "test.h"

#include "base/err.h"
#include "master/daemon_spec.h"

#include <signal.h>
#include <stdlib.h>

static struct daemon_spec spec;

static int
parse(enum daemon_form form, const char *text)
{
    char error[256] = "";
    int err = daemon_spec_parse(form, bask_str_of(text), &spec, error, sizeof error);
    assert_true(!err == !error[0]);
    return err;
}

static void
plain(void **state)
{
    (void)state;
    assert_int_equal(parse(DAEMON_PLAIN, " redis-server --port 1, 'a=b' "), 0);
    assert_string_equal(spec.command, "redis-server --port 1, 'a=b'");
    assert_int_equal(spec.stop_signal, SIGTERM);
    assert_false(spec.control);
    assert_null(spec.pidfile);
    daemon_spec_fini(&spec);
    assert_int_equal(parse(DAEMON_CONTROL, "x"), 0);
    assert_true(spec.control);
    daemon_spec_fini(&spec);
}

static void
smart(void **state)
{
    (void)state;
    assert_int_equal(parse(DAEMON_SMART, "/run/a.pid  memcached -d"), 0);
    assert_string_equal(spec.pidfile, "/run/a.pid");
    assert_string_equal(spec.command, "memcached -d");
    assert_false(spec.writes_pidfile);
    daemon_spec_fini(&spec);
    assert_int_equal(parse(DAEMON_SMART2, "/run/a.pid memcached"), 0);
    assert_true(spec.writes_pidfile);
    daemon_spec_fini(&spec);
}

static void
described(void **state)
{
    (void)state;
    assert_int_equal(parse(DAEMON_DESCRIBED,
                           "cmd=\"sh -c 'a,b' \\\"x\\\" \\n\",freq=5,pidfile=/p,control=1,"
                           " stopsignal=3,reloadsignal=1,touch=/t\\,1,chdir=/"),
                     0);
    assert_string_equal(spec.command, "sh -c 'a,b' \"x\" \\n");
    assert_string_equal(spec.touch, "/t,1");
    assert_string_equal(spec.folder, "/");
    assert_int_equal(spec.freq_s, 5);
    assert_int_equal(spec.stop_signal, 3);
    assert_int_equal(spec.reload_signal, 1);
    assert_true(spec.control);
    daemon_spec_fini(&spec);
    assert_int_equal(parse(DAEMON_DESCRIBED, "cmd=celery -A x --opt=1"), 0);
    assert_string_equal(spec.command, "celery -A x --opt=1");
    daemon_spec_fini(&spec);
}

static void
users(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int err;
        bool uid, gid;
        gid_t group;
    } rows[] = {
        {"cmd=a", 0, false, false, 0},
        {"cmd=a,uid=root", 0, true, true, 0},
        {"cmd=a,gid=7", 0, false, true, 7},
        {"cmd=a,uid=54321,gid=7,ns_pid=1", 0, true, true, 7},
        {"cmd=a,uid=54321", BASK_E_NOTFOUND, false, false, 0},
        {"cmd=a,uid=no-such-user", BASK_E_NOTFOUND, false, false, 0},
        {"cmd=a,uid=root,gid=no-such-group", BASK_E_NOTFOUND, false, false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bask_priv priv = {0};
        char error[256];
        assert_int_equal(parse(DAEMON_DESCRIBED, rows[i].text), 0);
        assert_int_equal(daemon_spec_priv(&spec, &priv, error, sizeof error), rows[i].err);
        assert_int_equal(priv.change_uid, rows[i].uid);
        assert_int_equal(priv.change_gid, rows[i].gid);
        assert_int_equal(priv.gid, rows[i].group);
        free(priv.groups);
        daemon_spec_fini(&spec);
    }
}

static void
wrong(void **state)
{
    (void)state;
    static const struct {
        enum daemon_form form;
        const char *text;
    } rows[] = {
        {DAEMON_PLAIN, ""},
        {DAEMON_PLAIN, "   "},
        {DAEMON_SMART, ""},
        {DAEMON_SMART, "/run/only.pid"},
        {DAEMON_DESCRIBED, ""},
        {DAEMON_DESCRIBED, "cmd"},
        {DAEMON_DESCRIBED, "cmd="},
        {DAEMON_DESCRIBED, "cmd=a,"
                           ","},
        {DAEMON_DESCRIBED, "freq=1"},
        {DAEMON_DESCRIBED, "cmd=a,freq=x"},
        {DAEMON_DESCRIBED, "cmd=a,freq=99999999999999999999"},
        {DAEMON_DESCRIBED, "cmd=a,stopsignal=0"},
        {DAEMON_DESCRIBED, "cmd=a,stopsignal=65"},
        {DAEMON_DESCRIBED, "cmd=a,control=maybe"},
        {DAEMON_DESCRIBED, "cmd=a,color=red"},
        {DAEMON_DESCRIBED, "cmd=a,legion=x"},
        {DAEMON_DESCRIBED, "cmd=a,uid="},
        {DAEMON_DESCRIBED, "cmd=a,ns_pid=2"},
        {DAEMON_DESCRIBED, "cmd=\"a"},
        {DAEMON_DESCRIBED, "cmd=\"a\"b"},
        {DAEMON_DESCRIBED, "cmd=\""},
        {DAEMON_DESCRIBED, "=,=,="},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(parse(rows[i].form, rows[i].text), BASK_E_SYNTAX);
    char error[64] = "";
    assert_int_equal(daemon_spec_parse(DAEMON_PLAIN, BASK_STR("a\0b"), &spec, error, sizeof error),
                     BASK_E_SYNTAX);
}

/* Whatever stands there, nothing is read or written where it must not be: for the sanitizers. */
static void
any_bytes(void **state)
{
    (void)state;
    static const char alphabet[] = "cmd=,\"'\\ a";
    unsigned long seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[40], error[128];
        size_t len = (seed >> 16) % sizeof text;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = i < 4 ? "cmd="[i] : alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        seed = seed * 1103515245 + 12345;
        if (!daemon_spec_parse(DAEMON_DESCRIBED, bask_str_n(text, len), &spec, error, sizeof error))
            daemon_spec_fini(&spec);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain), cmocka_unit_test(smart), cmocka_unit_test(described),
        cmocka_unit_test(users), cmocka_unit_test(wrong), cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
