/*
 * One reload at a time, from being asked for to its end; those that are asked for meanwhile become
 * one that follows. Generations and roster do the work.
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/proc.h"

enum { WORDS_MAX = 65536 };

static bool
is_of_workers(enum reload_kind kind)
{
    return kind == RELOAD_WORKERS || kind == RELOAD_WORKERS_BRUTAL;
}

static void
tell_watchers(struct master *master, bool done, bask_str words)
{
    struct bask_link *at = master->reload.watchers.next;
    while (at != &master->reload.watchers) {
        struct reload_watcher *watcher = BASK_CONTAINER(at, struct reload_watcher, link);
        at = at->next;
        if (watcher->number > master->reload.number)
            continue;
        bask_list_remove(&watcher->link);
        watcher->on_end(watcher, done, words);
    }
}

static void
begin(struct master *master, enum reload_kind kind)
{
    struct reload *reload = &master->reload;
    bool brutal = kind == RELOAD_BRUTAL || kind == RELOAD_WORKERS_BRUTAL;
    reload->kind = kind;
    reload->number++;
    bask_log(BASK_LOG_INFO, "reloading%s%s", is_of_workers(kind) ? " the workers" : "",
             brutal ? " (requests are cut off)" : "");
    if (is_of_workers(kind)) {
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
    if (master->plan->options->exit_on_reload) {
        master_obey(master, kind == RELOAD_BRUTAL ? MASTER_STOP : MASTER_STOP_GRACEFULLY);
        return 0;
    }
    if (reload->kind || master->next || master->old || !master->current) {
        bask_log(BASK_LOG_INFO, "a reload is under way; another one follows it");
        if (kind > reload->wanted)
            reload->wanted = kind; /* the one that does most */
        return reload->number + 1;
    }
    begin(master, kind);
    return reload->number;
}

void
reload_failed(struct master *master, const struct generation *failed)
{
    static char words[WORDS_MAX];
    if (!master->reload.kind)
        return;
    master->reload.kind = RELOAD_NONE;
    size_t len = failed ? bask_proc_read_from_start(failed->words, words, sizeof words) : 0;
    tell_watchers(master, false,
                  len ? bask_str_n(words, len) : BASK_STR("the new generation did not start"));
}

void
reload_advance(struct master *master)
{
    struct reload *reload = &master->reload;
    if (reload->kind && !master->next && roster_is_current(master)) {
        bask_log(BASK_LOG_INFO, "reloaded: generation %u serves", master->current->number);
        reload->kind = RELOAD_NONE;
        tell_watchers(master, true, BASK_STR(""));
    }
    if (reload->wanted && !reload->kind && master->current && !master->next && !master->old) {
        enum reload_kind kind = reload->wanted;
        reload->wanted = RELOAD_NONE;
        begin(master, kind);
    }
}
