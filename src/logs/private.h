/* What the files of this room share. */
#pragma once

#include "base/buf.h"
#include "logs/logs.h"
#include "serve/pattern.h"
#include "sys/sock.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_LEN = 65536, HOST_MAX = 256, AFTER_FAILURE_US = 60000000 };

/* When a line came. */
struct moment {
    int64_t wall_us;
    struct tm fields;
};

/* encode.c */
enum encoder_kind { ENCODER_PREFIX, ENCODER_SUFFIX, ENCODER_NL, ENCODER_FORMAT, ENCODER_JSON };

struct encoder {
    enum encoder_kind kind;
    bask_str logger;   /* for this one alone; empty: for all */
    bask_str argument; /* a view of the option, which lives as long as the process */
};

int encoder_parse(bask_str text, struct encoder *ret_encoder, char *error, size_t error_size);
/* Appends what it makes of a message. 0 or BASK_E_NOMEM. */
int encoder_apply(const struct encoder *encoder, bask_str message, const struct moment *now,
                  struct bask_buf *out);

/* rules.c */
struct rule {
    bask_str logger; /* empty: it is about no logger */
    regex_t pattern;
};

int rule_compile(struct rule *rule, bask_str pattern, char *error, size_t error_size);
bool rule_matches(const struct rule *rule, bask_str line);

/* kinds.c */
struct logger;

/* How lines get to where they shall go. */
struct logger_kind {
    const char *name;
    int (*parse)(struct logger *logger, char *error, size_t error_size);
    /* Opens logger->fd. */
    int (*open)(struct logger *logger, char *error, size_t error_size);
    /* A message is a datagram, which this makes of it; NULL: they are lines, one after the other.
     */
    int (*frame)(const struct logger *logger, bask_str message, const struct moment *now,
                 struct bask_buf *out);
};

struct logger {
    const struct logger_kind *kind;
    bask_str name;          /* empty: it has none */
    bask_str text;          /* as the user wrote it, without the name */
    bask_str argument;      /* of it; ends with a NUL */
    bool for_requests;      /* --req-logger */
    const char *host;       /* of the server */
    char *path, *backup;    /* of a file; `path` also holds `words` that are made up */
    char *words_of;         /* what `text` is a view of, where that is not an option */
    int64_t max_bytes;      /* of a file; 0: no limit */
    int64_t stays_until_us; /* it could not be moved: not again before */
    bask_str words;         /* what stands before each message */
    unsigned priority;      /* of syslog */
    struct bask_sockaddr addr;
    int fd;              /* -1: not open */
    bool may_wait;       /* writes would */
    pid_t pid;           /* of a command; 0: it does not run */
    int64_t started_us;  /* when it did */
    struct bask_buf out; /* lines that are to be written */
    bool held;           /* nothing goes out: there is no more waiting */
    bool in_line;        /* what was written last has no end */
    uint64_t lost;       /* lines, not told of yet */
    int64_t lost_us;     /* since when */
};

static inline bool
logger_is(const struct logger *logger, const char *kind)
{
    return strcmp(logger->kind->name, kind) == 0;
}

/* NULL: there is none of this name. */
const struct logger_kind *logger_kind_named(bask_str name);
/* 0, or BASK_E_SYNTAX and words: an argument is missing, which is `what`. */
int logger_wants(const struct logger *logger, const char *what, char *error, size_t error_size);

/* logger.c */
/* "[NAME ]KIND[:ARGUMENT]" */
int logger_parse(bask_str text, struct logger *ret_logger, char *error, size_t error_size);
void logger_free(struct logger *logger);
int logger_open(struct logger *logger, char *error, size_t error_size);
void logger_close(struct logger *logger);
/* A line goes out now, or with those that follow it and logger_flush. */
void logger_put(struct logger *logger, bask_str message, const struct moment *now);
void logger_flush(struct logger *logger);
/* The end of file for a command, and its end. */
void logger_finish(struct logger *logger);
/* Something has to be done at a certain time. */
bool logger_is_waiting(const struct logger *logger);

/* files.c */
/* "PATH" or "logfile=PATH[,maxsize=BYTES][,backupname=PATH]" */
int logger_file_parse(struct logger *logger, char *error, size_t error_size);
int logger_file_open(struct logger *logger, char *error, size_t error_size);
/* A file is opened again; `move`: it gets another name before. */
void logger_turn(struct logger *logger, bool move);
void logger_file_begin_anew_if_large(struct logger *logger);

/* commands.c */
int logger_command_parse(struct logger *logger, char *error, size_t error_size);
/* Starts one if it may. */
bool logger_command_is_there(struct logger *logger);
/* Nobody reads what it was sent. */
void logger_command_lose(struct logger *logger);
/* For a while, for one that has no input any more. */
void logger_command_await_end(struct logger *logger);
/* The process has ended: true if it was the logger's command. */
bool logger_ended(struct logger *logger, pid_t pid, int status);

/* delivery.c */
/* A message that is a datagram goes out now. */
void logger_send(struct logger *logger, bask_str message, const struct moment *now);
/* Writes as much as goes out in time; false if that is not all, and errno tells. */
bool logger_write(struct logger *logger);
/* All that waits is lost but the end of a line whose beginning went out. */
void logger_drop(struct logger *logger, const char *why);
/* A line about what was lost, which counts as told; 0: nothing was. */
size_t logger_describe_loss(struct logger *logger, char *note, size_t size);

/* packets.c */
int frame_plain(const struct logger *logger, bask_str message, const struct moment *now,
                struct bask_buf *out);
int frame_syslog(const struct logger *logger, bask_str message, const struct moment *now,
                 struct bask_buf *out);
int frame_journal(const struct logger *logger, bask_str message, const struct moment *now,
                  struct bask_buf *out);
/* "local0" and its like; BASK_E_NOTFOUND. */
int syslog_facility(bask_str name, unsigned *ret_facility);

/* logs.c */
enum stream_kind { STREAM_LINES, STREAM_REQUESTS, STREAMS };

struct rules {
    struct rule *items;
    size_t count;
};

struct encoders {
    struct encoder *items;
    size_t count;
};

/* A pipe, and what is done with what comes out of it. */
struct stream {
    int ends[2]; /* -1: there is none */
    struct bask_buf in;
    struct rules routes;
    struct encoders encoders;
};

struct bask_logs {
    struct logger *loggers; /* the last one is standard error, for lines that are nobody's */
    size_t count;
    struct stream streams[STREAMS];
    struct rules filters, drains; /* of lines */
    int64_t max_bytes;            /* of the log's own file; 0: no limit */
    const char *backup;           /* its name then; NULL: NAME.TIME */
    int64_t stays_until_us;       /* it could not be moved: not again before */
    char host[HOST_MAX];
};

/* streams.c */
/* One line, with its end, goes to those that it is for. */
void stream_hand_out(struct bask_logs *logs, enum stream_kind kind, bask_str line,
                     const struct moment *now);
/* Hands out what is whole in `in`; `all`: the rest of it, too. */
void stream_take_lines(struct bask_logs *logs, enum stream_kind kind, bool all);
