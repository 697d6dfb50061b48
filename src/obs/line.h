/*
 * The line of a request as text: uWSGI's built-in one, or what --log-format says.
 */
#pragma once

#include "obs/escape.h"
#include "obs/line_format.h"

#include <bask/option.h>

struct bask_line_options {
    bask_str template;               /* --log-format; absent: the built-in line */
    bask_str escape;                 /* hex or json */
    bool own_ftime;                  /* %(ftime) is as `date` has it */
    bool micros;                     /* how long it took, in the built-in line */
    bool forwarded;                  /* the address of the client is what X-Forwarded-For says */
    int64_t memory;                  /* of the process, in the built-in line: 0 no, 2 in detail */
    bask_str date;                   /* of the server's own lines; absent: the usual one */
    struct bask_line_format *format; /* no option: the template, once it is settled */
    enum bask_escape how;            /* the same */
};

struct bask_option_table bask_line_option_table(struct bask_line_options *values);
/* After the options were read. BASK_E_SYNTAX: `*ret_name` is the option that is wrong, and `error`
 * a sentence; BASK_E_NOMEM. */
int bask_line_options_settle(struct bask_line_options *options, const char **ret_name, char *error,
                             size_t error_size);

struct bask_line {
    const struct bask_line_options *options;
    struct bask_line_source source;
};

/* `options` NULL: the built-in line. The rest of `source` is the caller's to fill. BASK_E_NOMEM. */
int bask_line_init(struct bask_line *line, const struct bask_line_options *options);
void bask_line_fini(struct bask_line *line);

/* Writes at most BASK_LINE_MAX bytes, the last of them a newline; how many. */
size_t bask_line_write(struct bask_line *line, const struct bask_access_entry *entry, char *out);
