/*
 * The service "spool": tasks in files, which outlive the server, and spoolers that do them.
 *
 * A task is a dictionary and a body; its file is uWSGI's. Spoolers find it in a folder, lock it
 * (fcntl(2), as uWSGI does), and remove it when it is done.
 */
#pragma once

#include <bask/str.h>

#include <stddef.h>
#include <stdint.h>

enum { BASK_SPOOL_ITEMS = 65535, BASK_SPOOL_PATH = 4096 };

/* What a new task is. */
struct bask_spool_order {
    uint32_t size;     /* of this struct, set by the caller */
    bask_str folder;   /* one of the server's; empty: the first one */
    bask_str priority; /* decimal digits; empty: none, which is after all that have one */
    int64_t at;        /* not before this Unix time; 0: at once */
    bask_str items;    /* (u16le n, key, u16le m, value)* */
    bask_str body;
};

/* A task that was read; valid until it is released. */
struct bask_spool_task {
    uint32_t size; /* of this struct, set by the caller */
    const char *path;
    bask_str items, body; /* items are well formed */
    void *memory;         /* the server's */
};

struct bask_service_spool {
    uint32_t size;
    /* Folder `index`, from 0, and whether spoolers of this server look into it; absent at the end.
     */
    bask_str (*folder)(uint32_t index, int *ret_is_ours);
    /* The process of spooler `index` from 0, and its folder; 0: it does not run now, -1: there is
     * none. */
    int32_t (*spooler)(uint32_t index, bask_str *ret_folder);
    /* Makes the file of a task and wakes the spoolers of its folder. 0 and the file's path; else a
     * bask_err and one sentence. */
    int (*put)(const struct bask_spool_order *order, char path[BASK_SPOOL_PATH], char *error,
               size_t error_size);
    /* Reads a task, whoever does it now. BASK_E_NOTFOUND, BASK_E_SYNTAX: it is no task. */
    int (*read)(bask_str path, struct bask_spool_task *ret_task);
    void (*release)(struct bask_spool_task *task);

    /* In a spooler: the next task, locked, or BASK_E_NOTFOUND: none is left to be done now. Then
     * the next call looks again. */
    int (*take)(struct bask_spool_task *ret_task);
    /* Ends what take gave, and releases it. `remove`: it is done, else it stays. */
    void (*finish)(struct bask_spool_task *task, int remove);
    /* After take found nothing: how long there will be nothing to do that nobody tells of. */
    int64_t (*wait_ms)(void);
    /* How often all spoolers look for what nobody tells them of. */
    void (*set_frequency_ms)(int64_t ms);
    int (*is_quiet)(void);
    int64_t (*max_tasks)(void); /* 0: no limit */
};
