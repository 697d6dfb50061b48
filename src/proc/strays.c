/* pthread_atfork(3) handlers, because the application may fork wherever it wants. They take no
 * argument, so what they have to know is in the variables of this file. */
#include "proc/strays.h"

#include "base/err.h"
#include "loop/signals.h"
#include "plugin/host.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static struct bask_listeners *listeners;
static struct bask_strays_parts parts;
static struct bask_crew *_Atomic crew; /* of `parts`; set last */
static _Thread_local struct bask_crew *locked;
static _Thread_local sigset_t mask; /* before the fork */
static bool ours, set_up;
static bool is_stray; /* nothing here is the server's, whatever number it has */

/* Whoever changes connections meanwhile shall be done with it; and a signal for the child shall
 * find it as it will be, not with the server's handlers, which would lose it. */
static void
before_fork(void)
{
    sigset_t all;
    if (ours || is_stray)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    locked = atomic_load(&crew);
    if (locked)
        bask_crew_lock(locked);
}

static void
after_fork(void)
{
    if (ours || is_stray)
        return;
    if (locked)
        bask_crew_unlock(locked);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void
in_child(void)
{
    if (ours || is_stray)
        return;
    for (size_t i = 0; i < listeners->count; i++)
        close(listeners->items[i].io.fd);
    bask_signals_forget();
    if (locked) {
        bask_host_limit((struct bask_host_limits){0});
        if (parts.net)
            bask_net_forsake(parts.net);
        if (parts.forsake)
            parts.forsake(parts.context);
        bask_crew_forsake(locked);
    }
    after_fork();
    is_stray = true;
}

int
bask_strays_set_up(struct bask_listeners *inherited)
{
    listeners = inherited;
    if (set_up)
        return BASK_OK;
    set_up = pthread_atfork(before_fork, after_fork, in_child) == 0;
    return set_up ? BASK_OK : BASK_E_NOMEM;
}

void
bask_strays_have(struct bask_strays_parts now)
{
    atomic_store(&crew, NULL);
    parts = now;
    atomic_store(&crew, now.crew);
}

void
bask_strays_ours(bool are_ours)
{
    ours = are_ours;
}
