/* What applications share: its options, and how it is put together. */
#include "svc/shared.h"

#include "base/err.h"

#include <stdio.h>

static const struct bask_option rows[] = {
    {"locks", NULL, 0, BASK_OPT_INT, offsetof(struct bask_shared_options, locks), 0, 65535, "0",
     "N", "locks for applications beside number 0, which is always there", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_shared_option_table(struct bask_shared_options *values)
{
    return (struct bask_option_table){
        .group = "Shared between workers",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

int
bask_shared_open(struct bask_shared *shared, const struct bask_shared_options *options, char *error,
                 size_t error_size)
{
    shared->locks = bask_locks_new((uint32_t)options->locks + 1);
    if (shared->locks)
        return BASK_OK;
    snprintf(error, error_size, "--locks: %s", bask_err_text(BASK_E_NOMEM));
    return BASK_E_NOMEM;
}
