/* Options of alarms, and what they describe. */
#include "svc/alarms.h"

#include "base/err.h"
#include "svc/private.h"

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define AT(member) offsetof(struct bask_alarm_options, member)

enum { DAY_MS = 86400000, LONGEST = 65536, BYTES_MAX = 65536, PATTERN_MAX = 1023 };

static const struct bask_option rows[] = {
    {"alarm", NULL, 0, BASK_OPT_LIST, AT(alarms), 0, 0, NULL, "\"NAME PLUGIN:ARGUMENT\"",
     "an alarm: cmd:COMMAND, log:TEXT, mule:N, signal:N or udp:HOST:PORT; a name may have several",
     "master", BASK_OPT_FIXED},
    {"alarm-freq", NULL, 0, BASK_OPT_DURATION, AT(freq_ms), 0, DAY_MS, "3", "SECONDS",
     "the same message of an alarm is told once in so long", .flags = BASK_OPT_FIXED},
    {"alarm-msg-size", NULL, 0, BASK_OPT_SIZE, AT(longest), 1, LONGEST, "8k", "BYTES",
     "the longest message of an alarm; a longer one is cut", .flags = BASK_OPT_FIXED},
    {"alarm-timeout", NULL, 0, BASK_OPT_DURATION, AT(limit_ms), 1, DAY_MS, "60", "SECONDS",
     "a command of an alarm that runs for longer is killed", .flags = BASK_OPT_FIXED},
    {"log-alarm", "alarm-log", 0, BASK_OPT_LIST, AT(log), 0, 0, NULL, "\"NAME[,NAME...] REGEXP\"",
     "raise these alarms when a line of the log matches (a POSIX extended expression)", "master",
     BASK_OPT_FIXED},
    {"not-log-alarm", "not-alarm-log", 0, BASK_OPT_LIST, AT(not_log), 0, 0, NULL,
     "\"NAME[,NAME...] REGEXP\"",
     "lines that match do not raise these alarms, whatever log-alarm says",
     .flags = BASK_OPT_FIXED},
    {"alarm-backlog", "backlog-alarm lq-alarm alarm-lq alarm-listen-queue listen-queue-alarm", 0,
     BASK_OPT_LIST, AT(backlog), 0, 0, NULL, "NAME",
     "raise this alarm when the queue of a listening socket is full; looked at each second",
     "master", BASK_OPT_FIXED},
    {"alarm-segfault", "segfault-alarm", 0, BASK_OPT_LIST, AT(segfault), 0, 0, NULL, "NAME",
     "raise this alarm when a process of the server crashes", "master", BASK_OPT_FIXED},
    {"alarm-fd", NULL, 0, BASK_OPT_LIST, AT(files), 0, 0, NULL, "\"NAME FD[:BYTES] MESSAGE\"",
     "raise this alarm when the descriptor is readable, and read so many bytes (1; eventfd: 8)",
     "master", BASK_OPT_FIXED},
    {"alarm-list", "alarms-list", 0, BASK_OPT_FLAG, AT(list), 0, 0, NULL, NULL,
     "log at the start in what ways alarms can be told", .flags = BASK_OPT_FIXED},
    {"alarm-cheap", NULL, 0, BASK_OPT_STRING, AT(cheap), 0, 0, NULL, "BOOL",
     "needless: alarms have no threads", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_alarm_option_table(struct bask_alarm_options *values)
{
    return (struct bask_option_table){
        .group = "Alarms",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

/* Ways, each with what it makes of its argument */

static int
read_command(struct bask_alarm *alarm, struct bask_words words)
{
    return alarm->argument.len ? BASK_OK
                               : bask_complain(words, BASK_E_SYNTAX, "expected cmd:COMMAND");
}

static int
read_text(struct bask_alarm *alarm, struct bask_words words)
{
    (void)alarm;
    (void)words;
    return BASK_OK;
}

static int
read_signal(struct bask_alarm *alarm, struct bask_words words)
{
    long long number;
    if (bask_str_to_i64(alarm->argument, &number) || number >= BASK_SIGNALS)
        return bask_complain(words, BASK_E_SYNTAX, "expected signal:NUMBER, from 0 to 255");
    alarm->number = (uint32_t)number;
    return BASK_OK;
}

/* Whether there are so many is looked at when mules are known. */
static int
read_mule(struct bask_alarm *alarm, struct bask_words words)
{
    long long number = 0;
    if (alarm->argument.len && (bask_str_to_i64(alarm->argument, &number) || number > INT32_MAX))
        return bask_complain(words, BASK_E_SYNTAX, "expected mule:NUMBER, 0 for any");
    alarm->number = (uint32_t)number;
    return BASK_OK;
}

static int
read_address(struct bask_alarm *alarm, struct bask_words words)
{
    if (!alarm->argument.len)
        return bask_complain(words, BASK_E_SYNTAX, "expected udp:HOST:PORT");
    int err = bask_sock_parse(alarm->argument, &alarm->address, words.text, words.size);
    if (!err && alarm->address.u.any.sa_family == AF_UNIX)
        err = bask_complain(words, BASK_E_SYNTAX, "expected udp:HOST:PORT");
    return err;
}

static const struct {
    bask_str name;
    int (*read)(struct bask_alarm *, struct bask_words);
} ways[BASK_ALARM_WAYS] = {
    [BASK_ALARM_CMD] = {{"cmd", 3}, read_command},
    [BASK_ALARM_LOG] = {{"log", 3}, read_text},
    [BASK_ALARM_MULE] = {{"mule", 4}, read_mule},
    [BASK_ALARM_SIGNAL] = {{"signal", 6}, read_signal},
    [BASK_ALARM_UDP] = {{"udp", 3}, read_address},
};
const char bask_alarm_ways[] = "cmd, log, mule, signal, udp";

static int
read_alarm(struct bask_alarms *alarms, bask_str text, struct bask_words words)
{
    if (alarms->count == BASK_ALARMS)
        return bask_complain(words, BASK_E_SYNTAX, "there are %d alarms already", BASK_ALARMS);
    struct bask_alarm *alarm = &alarms->items[alarms->count];
    bask_str plugin;
    alarm->name = bask_str_take_word(&text);
    if (!alarm->name.len || !bask_str_cut(text, ':', &plugin, &alarm->argument))
        return bask_complain(words, BASK_E_SYNTAX, "expected \"NAME PLUGIN:ARGUMENT\"");
    if (memchr(alarm->name.ptr, ',', alarm->name.len))
        return bask_complain(words, BASK_E_SYNTAX, "a name has no comma in it");
    for (unsigned way = 0; way < BASK_ALARM_WAYS; way++)
        if (bask_str_eq(plugin, ways[way].name)) {
            alarm->way = (enum bask_alarm_way)way;
            alarms->count++;
            return ways[way].read(alarm, words);
        }
    return bask_complain(
        words, BASK_E_SYNTAX, "expected cmd:, log:, mule:, signal: or udp:, not \"%.*s:\"%s",
        BASK_FMT(plugin), bask_str_eq(plugin, BASK_STR("curl")) ? "; cmd: can run curl" : "");
}

/* "NAME,NAME": all of them. */
static int
read_whom(const struct bask_alarms *alarms, bask_str names, uint64_t *whom, struct bask_words words)
{
    if (!names.len)
        return bask_complain(words, BASK_E_SYNTAX, "expected the name of an alarm");
    while (names.len) {
        bask_str name = names, rest = {"", 0};
        bask_str_cut(names, ',', &name, &rest);
        uint64_t found = bask_alarms_find(alarms, name);
        if (!found)
            return bask_complain(words, BASK_E_SYNTAX, "there is no alarm \"%.*s\"",
                                 BASK_FMT(name));
        *whom |= found;
        names = rest;
    }
    return BASK_OK;
}

static int
read_backlog(struct bask_alarms *alarms, bask_str text, struct bask_words words)
{
    return read_whom(alarms, text, &alarms->backlog, words);
}

static int
read_segfault(struct bask_alarms *alarms, bask_str text, struct bask_words words)
{
    return read_whom(alarms, text, &alarms->segfault, words);
}

static int
read_rule(struct bask_alarms *alarms, bask_str text, bool never, struct bask_words words)
{
    struct bask_alarm_rule *rule = &alarms->rules[alarms->rule_count];
    char pattern[PATTERN_MAX + 1];
    bask_str names = bask_str_take_word(&text);
    int err = read_whom(alarms, names, &rule->whom, words);
    if (err)
        return err;
    if (!text.len || text.len > PATTERN_MAX)
        return bask_complain(words, BASK_E_SYNTAX, "expected \"NAME REGEXP\"");
    memcpy(pattern, text.ptr, text.len);
    pattern[text.len] = '\0';
    int code = regcomp(&rule->pattern, pattern, REG_EXTENDED | REG_NOSUB);
    if (code) {
        regerror(code, &rule->pattern, words.text, words.size);
        return BASK_E_SYNTAX;
    }
    rule->never = never;
    alarms->rule_count++;
    return BASK_OK;
}

static int
read_log(struct bask_alarms *alarms, bask_str text, struct bask_words words)
{
    return read_rule(alarms, text, false, words);
}

static int
read_not_log(struct bask_alarms *alarms, bask_str text, struct bask_words words)
{
    return read_rule(alarms, text, true, words);
}

static int
read_file(struct bask_alarms *alarms, bask_str text, struct bask_words words)
{
    struct bask_alarm_file *file = &alarms->files[alarms->file_count];
    long long fd, bytes = 1;
    bask_str names = bask_str_take_word(&text), number = bask_str_take_word(&text), size = {"1", 1};
    int err = read_whom(alarms, names, &file->whom, words);
    if (err)
        return err;
    bask_str_cut(number, ':', &number, &size);
    if (bask_str_to_i64(number, &fd) || fd > INT_MAX || bask_str_to_i64(size, &bytes) ||
        bytes < 1 || bytes > BYTES_MAX || !text.len)
        return bask_complain(words, BASK_E_SYNTAX, "expected \"NAME FD[:BYTES] MESSAGE\"");
    file->fd = (int)fd;
    file->bytes = (size_t)bytes;
    file->message = text;
    alarms->file_count++;
    return BASK_OK;
}

/* In this order: alarms are there before they are spoken of. */
static const struct {
    const char *option;
    size_t offset;
    int (*read)(struct bask_alarms *, bask_str, struct bask_words);
} kinds[] = {
    {"alarm", AT(alarms), read_alarm},
    {"log-alarm", AT(log), read_log},
    {"not-log-alarm", AT(not_log), read_not_log},
    {"alarm-backlog", AT(backlog), read_backlog},
    {"alarm-segfault", AT(segfault), read_segfault},
    {"alarm-fd", AT(files), read_file},
};

static int
read_values(struct bask_alarms *alarms, size_t kind, struct bask_words words)
{
    char why[256];
    const struct bask_values *values =
        (const void *)((const char *)alarms->options + kinds[kind].offset);
    for (size_t i = 0; i < values->count; i++) {
        const struct bask_value *value = &values->items[i];
        bask_str text = bask_str_trim(value->text);
        int err = kinds[kind].read(alarms, text, (struct bask_words){why, sizeof why});
        if (!err)
            continue;
        bask_complain(words, BASK_E_SYNTAX, "%.*s: --%s \"%.*s\": %s", BASK_FMT(value->origin),
                      kinds[kind].option, BASK_FMT(value->text), why);
        return err;
    }
    return BASK_OK;
}

int
svc_alarms_read(struct bask_alarms *alarms, char *error, size_t error_size)
{
    const struct bask_alarm_options *options = alarms->options;
    struct bask_words words = {error, error_size};
    alarms->rules = calloc(options->log.count + options->not_log.count + 1, sizeof *alarms->rules);
    alarms->files = calloc(options->files.count + 1, sizeof *alarms->files);
    if (!alarms->rules || !alarms->files) {
        bask_complain(words, BASK_E_SYNTAX, "alarms: %s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        int err = read_values(alarms, kind, words);
        if (err)
            return err;
    }
    return BASK_OK;
}
