/* The lists of applications in shared memory: see apps.h. */
#include "obs/apps.h"

#include "base/err.h"
#include "sys/proc.h"

#include <string.h>

enum { LINE_BYTES = 64 };

size_t
bask_apps_list_size(uint32_t max)
{
    size_t size = sizeof(struct bask_app_list) + max * sizeof(struct bask_app_row);
    return (size + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

int
bask_apps_init(struct bask_apps *apps, uint32_t workers, uint32_t max)
{
    char *memory =
        bask_proc_shared_memory((size_t)workers * BASK_PLACES * bask_apps_list_size(max));
    if (!memory)
        return BASK_E_NOMEM;
    *apps = (struct bask_apps){.worker_count = workers, .max = max, .memory = memory};
    return BASK_OK;
}

struct bask_app_list *
bask_apps_list(const struct bask_apps *apps, struct bask_seat seat)
{
    return (struct bask_app_list *)(apps->memory +
                                    bask_board_index(seat) * bask_apps_list_size(apps->max));
}

int
bask_app_list_add(struct bask_app_list *list, uint32_t max, const struct bask_app_info *app)
{
    uint32_t id = atomic_load(&list->count);
    if (id >= max)
        return BASK_E_LIMIT;
    struct bask_app_row *row = &list->rows[id];
    row->loaded_at = app->loaded_at;
    row->load_ms = app->load_ms;
    memcpy(row->mountpoint, app->mountpoint, sizeof row->mountpoint);
    memcpy(row->folder, app->folder, sizeof row->folder);
    atomic_store(&list->count, id + 1);
    return (int)id;
}

void
bask_app_list_begin(struct bask_app_list *list, const struct bask_app_list *from)
{
    uint32_t count = atomic_load(&from->count);
    atomic_store(&list->count, 0);
    for (uint32_t id = 0; id < count; id++) {
        struct bask_app_row *row = &list->rows[id];
        row->loaded_at = from->rows[id].loaded_at;
        row->load_ms = from->rows[id].load_ms;
        memcpy(row->mountpoint, from->rows[id].mountpoint, sizeof row->mountpoint);
        memcpy(row->folder, from->rows[id].folder, sizeof row->folder);
    }
    atomic_store(&list->count, count);
}

/* What the rows from `first` to `last` of a worker have counted. */
static void
sum(const struct bask_apps *apps, uint32_t worker_id, uint32_t first, uint32_t last,
    struct bask_app_info *info)
{
    for (uint32_t side = 0; side < BASK_PLACES; side++) {
        const struct bask_app_list *list =
            bask_apps_list(apps, (struct bask_seat){worker_id, side});
        for (uint32_t id = first; id <= last; id++) {
            info->requests += atomic_load(&list->rows[id].requests);
            info->exceptions += atomic_load(&list->rows[id].exceptions);
        }
    }
}

/* The counters may be a moment apart, but none may seem to be below zero. */
static uint64_t
rest(uint64_t whole, uint64_t part)
{
    return whole > part ? whole - part : 0;
}

int
bask_apps_read(const struct bask_apps *apps, const struct bask_board *board, uint32_t worker_id,
               uint32_t id, struct bask_app_info *ret_info)
{
    if (worker_id < 1 || worker_id > apps->worker_count)
        return BASK_E_NOTFOUND;
    uint32_t side = atomic_load(&bask_board_worker(board, worker_id)->side);
    const struct bask_app_list *list = bask_apps_list(apps, (struct bask_seat){worker_id, side});
    if (id >= atomic_load(&list->count))
        return BASK_E_NOTFOUND;
    const struct bask_app_row *row = &list->rows[id];
    struct bask_app_info info = {.id = id, .loaded_at = row->loaded_at, .load_ms = row->load_ms};
    memcpy(info.mountpoint, row->mountpoint, sizeof info.mountpoint - 1);
    memcpy(info.folder, row->folder, sizeof info.folder - 1);
    if (id) {
        sum(apps, worker_id, id, id, &info);
    } else {
        struct bask_worker_info worker;
        sum(apps, worker_id, 0, apps->max - 1, &info);
        bask_board_read(board, worker_id, &worker);
        info.requests = rest(worker.requests, info.requests);
        info.exceptions = rest(worker.exceptions, info.exceptions);
    }
    *ret_info = info;
    return BASK_OK;
}
