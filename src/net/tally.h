/*
 * What clients run into is counted each time, and told once in a while: the first few of a kind get
 * a line each, of the rest one line tells how many they were. A thousand hostile connections must
 * not fill a disk, and must not go unseen.
 */
#pragma once

#include "loop/loop.h"
#include "obs/bounds.h"
#include "sys/sock.h"

#include <stdatomic.h>

enum { BASK_TALLY_ROWS = 48 };

/* Events of one reason since the window began. */
struct bask_tally_row {
    const char *reason; /* its address is what tells kinds apart */
    unsigned status;    /* 0: nothing was answered */
    unsigned count;
    char last[BASK_ADDR_TEXT];
};

struct bask_tally {
    struct bask_loop *loop;
    struct bask_timer window;
    _Atomic uint64_t *counters; /* [BASK_BOUND_COUNT], this process is their writer; NULL: none */
    size_t used;
    struct bask_tally_row rows[BASK_TALLY_ROWS];
};

void bask_tally_init(struct bask_tally *tally, struct bask_loop *loop);
/* Tells what was not told yet. */
void bask_tally_fini(struct bask_tally *tally);
/* `who` is an address, "" on a unix socket; `reason` lives as long as the process. */
void bask_tally_note(struct bask_tally *tally, enum bask_bound bound, const char *who,
                     unsigned status, const char *reason);
