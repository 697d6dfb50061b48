/*
 * Alarms: messages of any process of a server for those whom the operator named. Whoever raises one
 * puts it into a socket and goes on; the master takes it out and tells it (master/alarms.c). The
 * socket's memory is all that waiting messages can take: what does not fit is lost, and counted.
 *
 * A set of alarms is a number: bit i is the alarm i. A name stands for all alarms that have it.
 */
#pragma once

#include "base/str.h"
#include "sys/sock.h"

#include <bask/option.h>

#include <regex.h>
#include <stdatomic.h>

enum { BASK_ALARMS = 64 };

struct bask_alarm_options {
    struct bask_values alarms; /* "NAME PLUGIN:ARGUMENT" */
    int64_t freq_ms;
    int64_t longest; /* message */
    int64_t limit_ms;
    struct bask_values log, not_log; /* "NAME[,NAME] REGEXP" */
    struct bask_values backlog, segfault;
    struct bask_values files; /* "NAME FD[:BYTES] MESSAGE" */
    bool list;
    bask_str cheap; /* needless */
};

struct bask_option_table bask_alarm_option_table(struct bask_alarm_options *values);

/* How an alarm is told. */
enum bask_alarm_way {
    BASK_ALARM_CMD,
    BASK_ALARM_LOG,
    BASK_ALARM_MULE,
    BASK_ALARM_SIGNAL,
    BASK_ALARM_UDP,
    BASK_ALARM_WAYS
};
/* All of them, in words. */
extern const char bask_alarm_ways[];

struct bask_alarm {
    bask_str name;
    enum bask_alarm_way way;
    bask_str
        argument;    /* CMD: for the shell; LOG: what stands before the message. Ends with a NUL */
    uint32_t number; /* of a SIGNAL; of a MULE, 0: any */
    struct bask_sockaddr address; /* UDP */
};

/* Lines of the log that raise alarms, or that do not. */
struct bask_alarm_rule {
    uint64_t whom;
    bool never;
    regex_t pattern;
};

/* A descriptor that raises alarms when it is readable. */
struct bask_alarm_file {
    uint64_t whom;
    int fd;
    size_t bytes; /* to read then */
    bask_str message;
};

struct bask_alarms {
    const struct bask_alarm_options *options;
    struct bask_alarm items[BASK_ALARMS];
    uint32_t count;
    struct bask_alarm_rule *rules;
    size_t rule_count;
    struct bask_alarm_file *files;
    size_t file_count;
    uint64_t backlog, segfault; /* whom they raise */
    int inlet, outlet;          /* everybody's end, and the master's */
    _Atomic uint64_t *lost;     /* shared */
};

/* 0 with `*ret_alarms` NULL: there are none. Else 0, or a bask_err and one sentence in `error`. The
 * options stay the caller's, and are used. */
int bask_alarms_open(struct bask_alarms **ret_alarms, const struct bask_alarm_options *options,
                     char *error, size_t error_size);
void bask_alarms_free(struct bask_alarms **alarms);

/* The set of a name; 0: there is none of it. */
uint64_t bask_alarms_find(const struct bask_alarms *alarms, bask_str name);
/* From any process and thread, and never waits. BASK_E_LIMIT: too many wait already. */
int bask_alarms_raise(const struct bask_alarms *alarms, uint64_t whom, bask_str message);
/* For the master: the next message, which is put into `buffer`, of alarms_buffer_size bytes.
 * BASK_E_AGAIN: none waits. */
int bask_alarms_take(const struct bask_alarms *alarms, char *buffer, uint64_t *ret_whom,
                     bask_str *ret_message);
size_t bask_alarms_buffer_size(const struct bask_alarms *alarms);
/* In a process that is not the master: its end is closed. */
void bask_alarms_leave(struct bask_alarms *alarms);
/* How many were lost since the last call. */
uint64_t bask_alarms_lost(const struct bask_alarms *alarms);

/* alarm_log.c */
/* From now on, in this process and those that it forks, lines of the log raise alarms, if rules are
 * there; NULL: no more. */
void bask_alarms_watch_log(const struct bask_alarms *alarms);
/* Lines that went to the log in another way. */
void bask_alarms_see(const char *lines, size_t len);
/* What this thread logs from now on is about alarms, and raises none; or not any more. */
void bask_alarms_hush(bool hush);
