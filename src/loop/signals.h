/*
 * Signals as events: the handler only notes the number and wakes the loop.
 *
 * A process has one set of watched signals, as it has one disposition for each of them.
 */
#pragma once

#include <stdint.h>

struct bask_loop;

/* Notes `signals` (ended by 0) from now on and wakes `loop` when one comes. */
void bask_signals_watch(struct bask_loop *loop, const int *signals);
/* The signals that came since the last call, as a bit set: 1 << number. */
uint64_t bask_signals_take(void);
/* Puts all dispositions back to what they were, for a child that shall not inherit them. */
void bask_signals_forget(void);
