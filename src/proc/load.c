/* Before the first request: see load.h. */
#include "proc/load.h"

#include "base/err.h"
#include "obs/log.h"
#include "plugin/host.h"
#include "plugin/registry.h"
#include "proc/strays.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <signal.h>
#include <stdlib.h>

void
bask_load_host(struct bask_heritage *heritage, struct bask_crew *crew, uint32_t worker_id)
{
    bask_host_set_up(&(struct bask_host_setup){
        .crew = crew,
        .board = &heritage->board,
        .apps = &heritage->apps,
        .conf = heritage->conf,
        .info = heritage->info,
        .listeners = heritage->host_listeners,
        .worker_id = worker_id,
        .jobs = bask_plugin_jobs(heritage->plugin),
        .transfer_ms = (int)heritage->net->transfer_ms,
        .lines = heritage->options->lines.format,
    });
    bask_svc_set_up(&(struct bask_svc_setup){
        .options = heritage->services,
        .timeout_ms = (int)heritage->net->transfer_ms,
        .signals = heritage->signals,
        .workers = heritage->info.workers,
        .worker_id = worker_id,
        .generation = heritage->generation,
        .shared = &heritage->shared,
        .aides = &heritage->aides,
        .board = &heritage->board,
        .alarms = heritage->alarms,
    });
}

static int
describe_listeners(struct bask_heritage *heritage)
{
    size_t count = heritage->listeners.count;
    struct bask_host_listener *described = calloc(count + 1, sizeof *described);
    for (size_t i = 0; described && i < count; i++) {
        const struct bask_listener *listener = &heritage->listeners.items[i];
        described[i] = (struct bask_host_listener){
            .name = listener->name,
            .port = bask_str_of(listener->port),
            .fd = listener->io.fd,
        };
    }
    heritage->host_listeners = described;
    return described ? BASK_OK : BASK_E_NOMEM;
}

static int
settle(const struct bask_heritage *heritage, enum bask_place_stage stage)
{
    char error[512];
    int err = bask_place_settle(&heritage->place, stage, error, sizeof error);
    if (err)
        bask_log(BASK_LOG_ERROR, "%s", error);
    else if (heritage->options->master)
        bask_proc_die_with_parent(SIGKILL); /* a change of the user has undone it */
    return err;
}

static int
finish_loading(const struct bask_heritage *heritage)
{
    char error[512];
    if (bask_hooks_run(&heritage->place.options.hooks, BASK_HOOK_POST_APP) ||
        settle(heritage, BASK_PLACE_APPS))
        return BASK_EXIT_FAILED;
    if (bask_place_loaded(&heritage->place, error, sizeof error)) {
        bask_log(BASK_LOG_ERROR, "%s", error);
        return BASK_EXIT_FAILED;
    }
    return BASK_EXIT_OK;
}

static int
settle_static(struct bask_heritage *heritage)
{
    char error[512];
    if (bask_static_new(heritage->file_options, &heritage->files, error, sizeof error)) {
        bask_log(BASK_LOG_ERROR, "%s", error);
        return BASK_E_SYNTAX;
    }
    int err = heritage->files ? bask_static_settle(heritage->files) : BASK_OK;
    if (err)
        bask_log(BASK_LOG_ERROR, "static files: %s", bask_err_text(err));
    return err;
}

int
bask_load_plugin(struct bask_heritage *heritage)
{
    if (describe_listeners(heritage) || bask_strays_set_up(&heritage->listeners))
        return BASK_EXIT_FAILED;
    bask_load_host(heritage, NULL, 0);
    heritage->began_us = bask_clock_us();
    if (settle(heritage, BASK_PLACE_ZYGOTE) || heritage->plugin->init(&bask_host_functions))
        return BASK_EXIT_FAILED;
    if (settle(heritage, BASK_PLACE_INIT) || bask_body_options_settle(heritage->net) ||
        settle_static(heritage))
        return BASK_EXIT_FAILED;
    return BASK_EXIT_OK;
}

int
bask_load_application(struct bask_heritage *heritage)
{
    char error[512];
    if (bask_waiting_load(&heritage->place.options.waiting, error, sizeof error)) {
        bask_log(BASK_LOG_ERROR, "the application is not loaded: %s", error);
        return BASK_EXIT_FAILED;
    }
    if (bask_hooks_run(&heritage->place.options.hooks, BASK_HOOK_PRE_APP))
        return BASK_EXIT_FAILED;
    if (bask_guests_load(&heritage->guests, &bask_host_functions))
        return BASK_EXIT_FAILED;
    int apps = heritage->plugin->load();
    if (apps <= 0 && (heritage->options->need_app || (apps < 0 && heritage->replaces))) {
        bask_log(BASK_LOG_ERROR, "no application was loaded");
        return BASK_EXIT_NO_APP;
    }
    return finish_loading(heritage);
}
