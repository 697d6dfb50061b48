/*
 * What a cron of the options is to be, out of the words of its option.
 */
#pragma once

#include "base/str.h"
#include "svc/cron.h"

#include <stddef.h>

enum cron_form {
    CRON_PLAIN,     /* MINUTE HOUR DAY MONTH WEEKDAY COMMAND */
    CRON_UNIQUE,    /* the same; not while it runs */
    CRON_DESCRIBED, /* [KEY=VALUE,...] COMMAND */
};

struct cron_spec {
    char *command; /* for the shell */
    struct bask_cron when;
    bool is_unique;  /* not while it runs */
    int64_t limit_s; /* it is killed then; 0: never; -1: as --cron-harakiri says */
};

/* 0; BASK_E_NOMEM; BASK_E_SYNTAX with one sentence in `error`. */
int cron_spec_parse(enum cron_form form, bask_str text, struct cron_spec *ret_spec, char *error,
                    size_t error_size);
void cron_spec_fini(struct cron_spec *spec);
