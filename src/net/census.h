/*
 * How many connections each address has with this worker, where that has a limit. Knows no
 * connections; whoever was let in says so when it leaves.
 *
 * Of IPv6 the first half of an address counts: the other half is the client's own to choose.
 */
#pragma once

#include "base/list.h"
#include "proto/ip.h"

#include <stdint.h>

struct bask_census;

/* An address with one connection or more. */
struct bask_census_entry {
    struct bask_link link; /* in a bucket */
    struct bask_ip ip;
    int64_t count;
};

/* NULL: out of memory. */
struct bask_census *bask_census_new(void);
void bask_census_free(struct bask_census **census);
/* One more of `ip`, if it has fewer than `most`: whom to leave later. NULL: it has not, or out of
 * memory. */
struct bask_census_entry *bask_census_enter(struct bask_census *census, const struct bask_ip *ip,
                                            int64_t most);
void bask_census_leave(struct bask_census_entry *entry);
