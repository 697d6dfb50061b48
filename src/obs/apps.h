/*
 * The applications of every worker: which they are and what they answered, in memory that all
 * processes share.
 *
 * Each process has a list of its own in its place of the board (obs/board.h), and writes nobody
 * else's. Rows are only ever added; a reader sees whole rows. Application 0 is what no other one
 * is, so its counters are those of the worker without the others', and a worker with a single
 * application counts nothing. Row 0 counts what no application got.
 */
#pragma once

#include "obs/board.h"

struct bask_app_row {
    _Atomic uint64_t requests, exceptions;
    int64_t loaded_at, load_ms;
    char mountpoint[BASK_APP_TEXT];
    char folder[BASK_APP_TEXT];
};

/* The applications of one process. */
struct bask_app_list {
    _Alignas(64) _Atomic uint32_t count;
    struct bask_app_row rows[];
};

struct bask_apps {
    uint32_t worker_count, max; /* of the rows in a list */
    char *memory;               /* [worker_count * BASK_PLACES] lists */
};

/* 0 or BASK_E_NOMEM. */
int bask_apps_init(struct bask_apps *apps, uint32_t workers, uint32_t max);
/* The list of a process; the seat exists. */
struct bask_app_list *bask_apps_list(const struct bask_apps *apps, struct bask_seat seat);
/* The bytes of one list, for those that need one in memory of their own. */
size_t bask_apps_list_size(uint32_t max);

/* The next application of the calling process; its id, or BASK_E_LIMIT: `max` are there. Text that
 * is too long is cut off. */
int bask_app_list_add(struct bask_app_list *list, uint32_t max, const struct bask_app_info *app);
/* `list` is that of a process that begins with the applications of `from`. The counters stay: they
 * are those of all who had this place. */
void bask_app_list_begin(struct bask_app_list *list, const struct bask_app_list *from);

/* Application `id` of a worker: what its serving process has, with the counters of all who had the
 * worker's places. BASK_E_NOTFOUND. */
int bask_apps_read(const struct bask_apps *apps, const struct bask_board *board, uint32_t worker_id,
                   uint32_t id, struct bask_app_info *ret_info);
