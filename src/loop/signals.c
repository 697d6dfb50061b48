/*
 * The variables of this file are the state that a signal handler can reach; there is no other
 * way to hand it anything.
 */
#include "loop/signals.h"

#include "loop/loop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static _Atomic uint64_t pending;
static struct bask_loop *_Atomic woken;
static uint64_t watched;
static struct sigaction before[64]; /* of those that are watched */

static void
on_signal(int number)
{
    atomic_fetch_or(&pending, UINT64_C(1) << number);
    struct bask_loop *loop = atomic_load(&woken);
    if (loop)
        bask_loop_wake(loop);
}

void
bask_signals_watch(struct bask_loop *loop, const int *signals)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    atomic_store(&woken, loop);
    for (; *signals; signals++) {
        bool again = watched & UINT64_C(1) << *signals;
        sigaction(*signals, &action, again ? NULL : &before[*signals]);
        watched |= UINT64_C(1) << *signals;
    }
}

uint64_t
bask_signals_take(void)
{
    return atomic_load(&pending) ? atomic_exchange(&pending, 0) : 0;
}

void
bask_signals_forget(void)
{
    for (int number = 1; number < 64; number++)
        if (watched & UINT64_C(1) << number)
            sigaction(number, &before[number], NULL);
    watched = 0;
    atomic_store(&woken, NULL);
    atomic_store(&pending, 0);
}
