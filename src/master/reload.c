/*
 * One reload at a time, from being asked for to its end; those that are asked for meanwhile become
 * one that follows. Generations and roster do the work.
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <stdio.h>

/* A worker may fail for a reason of its own; several in a row without one that serves may not. The
 * fewer are enough when they took longer than a version may take to get ready. */
enum { STUMBLES_MAX = 3, STUMBLES_LATE = 2 };

static bool
is_of_workers(enum reload_kind kind)
{
    return kind == RELOAD_WORKERS || kind == RELOAD_WORKERS_BRUTAL;
}

static bool
is_brutal(enum reload_kind kind)
{
    return kind == RELOAD_BRUTAL || kind == RELOAD_WORKERS_BRUTAL;
}

static void
tell_watchers(struct master *master)
{
    struct reload *reload = &master->reload;
    struct bask_link *at = reload->watchers.next;
    while (at != &reload->watchers) {
        struct reload_watcher *watcher = BASK_CONTAINER(at, struct reload_watcher, link);
        at = at->next;
        if (watcher->number > reload->number)
            continue;
        bask_list_remove(&watcher->link);
        watcher->on_end(watcher, reload->done, bask_str_n(reload->words, reload->words_len));
    }
}

void
reload_end(struct master *master, bool done, bask_str words)
{
    struct reload *reload = &master->reload;
    reload->kind = RELOAD_NONE;
    reload->done = done;
    reload->words_len = words.len < WORDS_MAX ? words.len : WORDS_MAX;
    memmove(reload->words, words.ptr, reload->words_len); /* they may be there already */
    tell_watchers(master);
}

void
reload_watch(struct master *master, struct reload_watcher *watcher, unsigned number)
{
    struct reload *reload = &master->reload;
    watcher->number = number;
    bask_list_append(&reload->watchers, &watcher->link);
    if (!reload->kind && number <= reload->number)
        tell_watchers(master); /* it failed at once */
}

static void
begin(struct master *master, enum reload_kind kind)
{
    struct reload *reload = &master->reload;
    bool brutal = is_brutal(kind);
    reload->kind = kind;
    reload->number++;
    reload_goes_on(master);
    if (master->plan->log && master->plan->log->reopen)
        logfile_reopen(master);
    if (kind == RELOAD_UPGRADE) {
        upgrade_begin(master);
        return;
    }
    bask_log(BASK_LOG_INFO, "reloading%s%s", is_of_workers(kind) ? " the workers" : "",
             brutal ? " (requests are cut off)" : "");
    if (is_of_workers(kind)) {
        bask_proc_empty_file(master->current->words);
        roster_renew(master, brutal);
        return;
    }
    generation_start(master, false);
    if (master->next)
        master->next->substitute = false; /* the workers shall be replaced too */
    else
        reload_failed(master, NULL);
}

unsigned
reload_ask(struct master *master, enum reload_kind kind)
{
    struct reload *reload = &master->reload;
    if (master->stopping)
        return 0;
    if (master->plan->options->exit_on_reload && kind != RELOAD_UPGRADE) {
        master_obey(master, is_brutal(kind) ? MASTER_STOP : MASTER_STOP_GRACEFULLY);
        return 0;
    }
    if (reload->kind || master->next || master->old || !master->current) {
        if (!reload->wanted)
            bask_log(BASK_LOG_INFO, "a reload is under way; another one follows it");
        if (kind > reload->wanted)
            reload->wanted = kind; /* the one that does most */
        if (reload->kind == RELOAD_UPGRADE && kind != RELOAD_UPGRADE)
            upgrade_tell(master, BASK_MESSAGE_RELOAD, 0); /* this one may never come to it */
        return reload->number + 1;
    }
    begin(master, kind);
    return reload->number;
}

void
reload_goes_on(struct master *master)
{
    master->reload.stumbles = 0;
    master->reload.moved_us = bask_clock_us();
}

bool
reload_is_changing(const struct master *master)
{
    return master->reload.kind == RELOAD_GRACEFUL || master->reload.kind == RELOAD_BRUTAL;
}

void
reload_stumbled(struct master *master)
{
    struct reload *reload = &master->reload;
    int64_t limit_us = master->plan->load_limit_ms * 1000;
    if (!reload_is_changing(master) && !master->heir)
        return;
    bool late = limit_us && bask_clock_us() - reload->moved_us >= limit_us;
    if (++reload->stumbles < (late ? STUMBLES_LATE : STUMBLES_MAX))
        return;
    if (master->heir) {
        upgrade_failed(master, master->current);
        master_obey(master, MASTER_STOP_GRACEFULLY); /* one of its workers serves */
    } else if (!generation_roll_back(master)) {
        bask_log(BASK_LOG_ERROR,
                 "not all workers of generation %u get as far as serving, and the one before is "
                 "gone: they are tried again",
                 master->current->number);
        reload_failed(master, master->current);
    }
}

void
reload_failed(struct master *master, const struct generation *failed)
{
    struct reload *reload = &master->reload;
    if (failed)
        upgrade_failed(master, failed);
    if (!reload->kind || reload->kind == RELOAD_UPGRADE)
        return;
    size_t len =
        failed ? bask_proc_read_from_start(failed->words, reload->words, sizeof reload->words) : 0;
    reload_end(master, false,
               len ? bask_str_n(reload->words, len)
                   : BASK_STR("the new generation did not start\n"));
}

static void
end_if_done(struct master *master)
{
    char words[64];
    if (!master->reload.kind || master->reload.kind == RELOAD_UPGRADE || master->next ||
        !roster_is_current(master))
        return;
    snprintf(words, sizeof words, "generation %u serves\n", master->current->number);
    bask_log(BASK_LOG_INFO, "reloaded: generation %u serves", master->current->number);
    bool new_version = !is_of_workers(master->reload.kind);
    reload_end(master, true, bask_str_of(words));
    if (new_version)
        daemons_reloaded(master);
}

void
reload_advance(struct master *master)
{
    struct reload *reload = &master->reload;
    end_if_done(master);
    if (master->stopping)
        return;
    if (reload->wanted && !reload->kind && master->current && !master->next && !master->old) {
        enum reload_kind kind = reload->wanted;
        reload->wanted = RELOAD_NONE;
        begin(master, kind);
    }
}
