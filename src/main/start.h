/*
 * What the process was started with. Copied before anything can change it, so that a reload reads
 * its options from the same words, the same environment and the same folder.
 */
#pragma once

#include "conf/conf.h"

#include <limits.h>

struct bask_start {
    int argc;
    char **argv, **env; /* copies */
    char folder[PATH_MAX];
    char hostname[HOST_NAME_MAX + 1];
    char binary[PATH_MAX];
    struct bask_values once; /* sources that can be read only once, such as stdin */
};

/* BASK_E_NOMEM. The copies live as long as the process. */
int bask_start_init(struct bask_start *start, int argc, char **argv, char **env);

/* What files of options may ask about it. */
void bask_start_facts(struct bask_start *start, struct bask_conf_facts *ret_facts);
