/* Parsing of --attach-daemon and its relatives. Pure. */
#include "master/daemon_spec.h"

#include "base/err.h"
#include "base/str.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { FREQ_S = 10, THROTTLE_S = 180, SIGNAL_MAX = 64, NUMBER_MAX = 86400 };

/* What can be said of a daemon: words, numbers and facts. */
enum kind { WORD, NUMBER, SIGNAL, FACT, REFUSED };

#define AT(member) offsetof(struct daemon_spec, member)

static const struct key {
    const char *name;
    enum kind kind;
    size_t offset;
} keys[] = {
    {"cmd", WORD, AT(command)},
    {"command", WORD, AT(command)},
    {"exec", WORD, AT(command)},
    {"pidfile", WORD, AT(pidfile)},
    {"touch", WORD, AT(touch)},
    {"chdir", WORD, AT(folder)},
    {"freq", NUMBER, AT(freq_s)},
    {"max_throttle", NUMBER, AT(max_throttle_s)},
    {"max-throttle", NUMBER, AT(max_throttle_s)},
    {"stopsignal", SIGNAL, AT(stop_signal)},
    {"stop_signal", SIGNAL, AT(stop_signal)},
    {"reloadsignal", SIGNAL, AT(reload_signal)},
    {"reload_signal", SIGNAL, AT(reload_signal)},
    {"control", FACT, AT(control)},
    {"daemonize", FACT, AT(writes_pidfile)},
    {"daemon", FACT, AT(writes_pidfile)},
    {"stdin", FACT, AT(keep_stdin)},
    {"notifypid", FACT, AT(tell_pid)},
    {"uid", WORD, AT(user)},
    {"gid", WORD, AT(group)},
    {"ns_pid", FACT, AT(new_pids)},
    {"legion", REFUSED, 0},
};

static const struct key *
find_key(bask_str name)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (bask_str_eq(name, bask_str_of(keys[i].name)))
            return &keys[i];
    return NULL;
}

/* Takes one value off *rest, into `to` with a NUL: up to a comma, or up to the closing quote if it
 * begins with one. A backslash takes the special meaning from the next byte. Returns the end of
 * what was written, NULL if a quote is not closed. */
static char *
take_value(bask_str *rest, char *to)
{
    const char *at = rest->ptr, *end = at + rest->len;
    char quote = at < end && (*at == '"' || *at == '\'') ? *at++ : '\0';
    while (at < end && *at != (quote ? quote : ',')) {
        if (*at == '\\' && at + 1 < end && (at[1] == ',' || at[1] == '\\' || at[1] == quote))
            at++;
        *to++ = *at++;
    }
    if (quote && at++ == end)
        return NULL;
    if (at < end && *at == ',')
        at++;
    else if (at < end)
        return NULL; /* something behind the closing quote */
    *to++ = '\0';
    *rest = bask_str_n(at, (size_t)(end - at));
    return to;
}

static bool
store(const struct key *key, struct daemon_spec *spec, const char *value)
{
    void *member = (char *)spec + key->offset;
    long long number;
    if (key->kind == WORD) {
        *(const char **)member = value;
        return *value != '\0';
    }
    if (key->kind == FACT) {
        bask_str word = bask_str_of(value);
        *(bool *)member = bask_str_eq(word, BASK_STR("1")) || bask_str_eq(word, BASK_STR("true"));
        return *(bool *)member || bask_str_eq(word, BASK_STR("0")) ||
               bask_str_eq(word, BASK_STR("false"));
    }
    if (bask_str_to_i64(bask_str_of(value), &number) ||
        number > (key->kind == SIGNAL ? SIGNAL_MAX : NUMBER_MAX) ||
        (key->kind == SIGNAL && number < 1))
        return false;
    *(int64_t *)member = number;
    return true;
}

/* `words` has room for all of `text` and a NUL for every comma in it. */
static int
parse_described(bask_str text, struct daemon_spec *spec, char *error, size_t error_size)
{
    bask_str name, rest = text;
    char *words = spec->words;
    while (rest.len) {
        if (!bask_str_cut(rest, '=', &name, &rest)) {
            snprintf(error, error_size, "expected key=value at \"%.*s\"", BASK_FMT(rest));
            return BASK_E_SYNTAX;
        }
        name = bask_str_trim(name);
        const struct key *key = find_key(name);
        if (!key || key->kind == REFUSED) {
            snprintf(error, error_size,
                     key ? "\"%.*s\" is not supported: let the command do that"
                         : "there is no key \"%.*s\"",
                     BASK_FMT(name));
            return BASK_E_SYNTAX;
        }
        char *end = take_value(&rest, words);
        if (!end || !store(key, spec, words)) {
            snprintf(error, error_size, "the value of \"%.*s\" is not one", BASK_FMT(name));
            return BASK_E_SYNTAX;
        }
        words = end;
    }
    return BASK_OK;
}

/* "PIDFILE COMMAND" */
static int
parse_smart(struct daemon_spec *spec, char *error, size_t error_size)
{
    char *blank = strchr(spec->words, ' ');
    if (!blank || blank == spec->words) {
        snprintf(error, error_size, "expected a pidfile and a command");
        return BASK_E_SYNTAX;
    }
    *blank = '\0';
    spec->pidfile = spec->words;
    spec->command = blank + 1 + strspn(blank + 1, " ");
    return BASK_OK;
}

int
daemon_spec_parse(enum daemon_form form, bask_str text, struct daemon_spec *ret_spec, char *error,
                  size_t error_size)
{
    struct daemon_spec spec = {
        .words = malloc(text.len * 2 + 2),
        .freq_s = FREQ_S,
        .stop_signal = SIGTERM,
        .max_throttle_s = THROTTLE_S,
        .control = form == DAEMON_CONTROL,
        .writes_pidfile = form == DAEMON_SMART2,
    };
    int err = BASK_OK;
    if (!spec.words)
        return BASK_E_NOMEM;
    if (text.len && memchr(text.ptr, '\0', text.len)) {
        snprintf(error, error_size, "there is a NUL byte in it");
        err = BASK_E_SYNTAX;
    } else if (form == DAEMON_DESCRIBED) {
        err = parse_described(text, &spec, error, error_size);
    } else {
        bask_str words = bask_str_trim(text);
        memcpy(spec.words, words.len ? words.ptr : "", words.len);
        spec.words[words.len] = '\0';
        spec.command = spec.words;
        if (form == DAEMON_SMART || form == DAEMON_SMART2)
            err = parse_smart(&spec, error, error_size);
    }
    if (!err && (!spec.command || !*spec.command)) {
        snprintf(error, error_size, "there is no command");
        err = BASK_E_SYNTAX;
    }
    if (err)
        free(spec.words);
    else
        *ret_spec = spec;
    return err;
}

void
daemon_spec_fini(struct daemon_spec *spec)
{
    free(spec->words);
    *spec = (struct daemon_spec){0};
}
