/* See aide.h. Signals end the process until the plugin takes them; nothing is lost by that. */
#include "proc/aide.h"

#include "obs/log.h"
#include "proc/load.h"
#include "proc/strays.h"
#include "proc/worker.h"
#include "sys/bell.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What clients want is the workers' business; a socket that is open here would only keep a port
 * taken. */
static void
close_listeners(struct bask_heritage *heritage)
{
    for (size_t i = 0; i < heritage->listeners.count; i++)
        if (heritage->listeners.items[i].io.fd >= 0)
            close(heritage->listeners.items[i].io.fd);
    heritage->listeners.count = 0;
    heritage->info.listeners = 0;
    bask_strays_ours(true); /* forks of the application are whole copies */
}

static bool
go_to(bask_str folder)
{
    if (!folder.len || !chdir(folder.ptr))
        return true;
    bask_log(BASK_LOG_ERROR, "--spooler-chdir %.*s: %s", BASK_FMT(folder), strerror(errno));
    return false;
}

/* What is left to do before the application has the process. */
static int
prepare(struct bask_heritage *heritage, const struct bask_aide *aide)
{
    bool is_mule = aide->kind == BASK_AIDE_MULE;
    int code = heritage->options->lazy_apps ? bask_load_application(heritage) : BASK_EXIT_OK;
    if (code)
        return code;
    if (bask_guests_post_fork(&heritage->guests))
        return BASK_EXIT_FAILED;
    if (is_mule && bask_hooks_run(&heritage->place.options.hooks, BASK_HOOK_AS_MULE))
        return BASK_EXIT_FAILED;
    if (!is_mule && !go_to(heritage->aides.options->spooler_chdir))
        return BASK_EXIT_FAILED;
    return bask_place_confine(&heritage->place) ? BASK_EXIT_FAILED : BASK_EXIT_OK;
}

/* Whom the master sees here is ready, and takes the place of the one before. */
static void
announce(const struct bask_heritage *heritage, const struct bask_aide *aide,
         struct bask_aide_place *place)
{
    atomic_store(&place->started_at, bask_clock_wall());
    atomic_store(&place->pid, getpid());
    bask_bell_ring(heritage->board.bell);
    bask_log(BASK_LOG_INFO, "spawned Bask %s %u (pid: %d)", bask_aide_kind_name(aide->kind),
             aide->id, (int)getpid());
    bask_log_also_to(-1);
}

static void
follow_log(void *context)
{
    bask_worker_follow_log(context);
}

int
bask_aide_run(struct bask_heritage *heritage, uint32_t index, uint32_t side)
{
    const struct bask_aide *aide = &heritage->aides.items[index];
    struct bask_aide_place *place = bask_aide_place(&heritage->aides, index, side);
    close_listeners(heritage);
    bask_place_title(&heritage->place, bask_aide_kind_name(aide->kind), aide->id);
    bask_load_host(heritage, NULL, 0);
    bask_svc_be_aide(&(struct bask_svc_aide){.about = aide,
                                             .place = place,
                                             .master_pid = heritage->info.master_pid,
                                             .parent = getppid(),
                                             .follow_log = follow_log,
                                             .context = heritage});
    bask_worker_let_signals_end();
    int code = prepare(heritage, aide);
    if (code)
        return code;
    if (!heritage->place.options.no_orphans)
        bask_proc_die_with_parent(SIGURG); /* from now on it looks after itself */
    announce(heritage, aide, place);
    code = heritage->plugin->aide();
    heritage->plugin->fini();
    bask_guests_fini(&heritage->guests);
    free(heritage->host_listeners);
    return code;
}
