/*
 * What is told of the file that the log goes to: how large it gets, its other names, its mode.
 */
#pragma once

#include "base/str.h"

#include <bask/option.h>

#include <stdint.h>

struct bask_log_options {
    int64_t max_bytes;    /* of the file; 0: no limit */
    bask_str backup_name; /* what a file that is full is called; absent: NAME.TIME */
    bask_str chmod;       /* in octal; absent: 640 without the umask */
    bool truncate;        /* empty at the start */
    bool reopen;          /* at every reload */
    bool by_master, threaded, stream, request_stream; /* needless */
    int64_t longest;                                  /* needless */
};

struct bask_option_table bask_log_option_table(struct bask_log_options *values);

/* The mode that `chmod` means, 0 if it says nothing; BASK_E_SYNTAX. */
int bask_log_mode(const struct bask_log_options *options, unsigned *ret_mode);
