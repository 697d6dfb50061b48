/*
 * Mules and spoolers, the processes beside the workers, as every process of a server knows them:
 *
 *   who there is   mules, farms, spoolers and their folders; fixed at the start
 *   boxes          socket pairs that messages go through, a message a record; made once, before any
 *                  process is forked, so that what waits in them outlives whoever should read it
 *   places         what each is doing, in memory that all share: one writer a field, as on the
 *                  scoreboard; an aide has two places, for a successor beside the one before
 *
 * Knows nothing of how such a process is made, or of what it runs.
 */
#pragma once

#include "base/str.h"
#include "svc/signals.h"

#include <bask/option.h>

#include <stdatomic.h>
#include <stdbool.h>

enum { BASK_AIDE_SIDES = 2, BASK_SUSPECTS = 64, BASK_AIDES_MAX = 1024 };

struct bask_aide_options {
    struct bask_values mules; /* programs; an empty text: it waits for messages */
    int64_t more_mules;       /* so many more that wait for messages */
    struct bask_values farms; /* "name:1,2" */
    int64_t message_size;
    int64_t mule_harakiri_ms, mule_mercy_ms;
    struct bask_values spoolers, outside_spoolers; /* folders */
    int64_t spooler_processes;                     /* for each folder */
    int64_t spooler_frequency_ms, spooler_max_tasks;
    int64_t spooler_harakiri_ms, spooler_mercy_ms;
    bask_str spooler_chdir;
    bool spooler_ordered, spooler_quiet;
};

struct bask_option_table bask_aide_option_table(struct bask_aide_options *values);

enum bask_aide_kind { BASK_AIDE_MULE, BASK_AIDE_SPOOLER };

/* Two ends: what is written into [1] is read from [0]. -1, -1: there is none. */
struct bask_box {
    int ends[2];
};

struct bask_aide {
    enum bask_aide_kind kind;
    uint32_t id;   /* from 1, among its kind */
    bask_str work; /* a mule's program, which may be empty; a spooler's folder */
    struct bask_box box;
};

struct bask_farm {
    bask_str name;
    struct bask_box box;
    bool *members; /* by mule id - 1 */
};

/* Where tasks can be put. */
struct bask_spool_folder {
    char *path;   /* absolute, without links; the bytes are the folder's own */
    bool is_ours; /* spoolers of this server look into it */
};

struct bask_aide_place {
    _Alignas(64) _Atomic int32_t pid; /* the process that is ready; cleared when it has ended */
    _Atomic int64_t started_at;       /* Unix time */
    _Atomic uint64_t done;            /* messages, tasks, signals, of all who had this place */
    _Atomic int64_t deadline_us;      /* what it does now has to be done by then; 0: no limit */
    _Atomic uint64_t task;            /* a spooler's, by its name; 0: none */
    _Atomic uint32_t busy;            /* with a message, a task or a signal */
    struct bask_signal_box signals;   /* for this process */
};

/* A task whose process died with it, or that cannot be read: the others go first. */
struct bask_suspect {
    _Atomic uint64_t task; /* 0: none */
    _Atomic uint32_t times;
    _Atomic int64_t not_before_us;
};

struct bask_aide_shared {
    _Atomic int64_t frequency_ms;
    struct bask_suspect suspects[BASK_SUSPECTS];
    struct bask_aide_place places[]; /* [count * BASK_AIDE_SIDES] */
};

struct bask_aides {
    const struct bask_aide_options *options;
    uint32_t count, mules, farm_count, folder_count;
    struct bask_aide *items; /* mules first */
    struct bask_farm *farms;
    struct bask_spool_folder *folders;
    struct bask_box any; /* for whichever mule comes first */
    struct bask_aide_shared *shared;
    int bell; /* the scoreboard's */
};

/* Makes all of it; with no mule and no folder, nothing. 0, or a bask_err with one sentence. */
int bask_aides_init(struct bask_aides *aides, const struct bask_aide_options *options, int bell,
                    char *error, size_t error_size);
void bask_aides_fini(struct bask_aides *aides);
/* Folders that this process has made belong to `uid`. */
void bask_aides_give_to(const struct bask_aides *aides, uint32_t uid, uint32_t gid);
/* The root of this process is `root` from now on: where the folders are then. */
void bask_aides_enter_root(struct bask_aides *aides, const char *root);

struct bask_aide_place *bask_aide_place(const struct bask_aides *aides, uint32_t aide,
                                        uint32_t side);
/* "mule" or "spooler". */
const char *bask_aide_kind_name(enum bask_aide_kind kind);
/* How long it may go on with what it does when it shall end. */
int64_t bask_aide_mercy_ms(const struct bask_aides *aides, const struct bask_aide *aide);
int64_t bask_aide_harakiri_ms(const struct bask_aides *aides, const struct bask_aide *aide);

/* Puts a message into a box; never waits. BASK_E_AGAIN: it is full; BASK_E_LIMIT: the message is
 * larger than a box; BASK_E_SYSTEM. */
int bask_box_put(const struct bask_box *box, bask_str message);
/* Wakes the spoolers of a folder. */
void bask_aides_wake_spoolers(const struct bask_aides *aides, bask_str folder);

/* What a task is called in shared memory; never 0. */
uint64_t bask_suspect_name(bask_str path);
/* A process died with this task, or it cannot be read: it is left alone for `delay_us`, twice as
 * long each time. How often that was. */
uint32_t bask_suspect_add(const struct bask_aides *aides, uint64_t task, int64_t delay_us);
void bask_suspect_clear(const struct bask_aides *aides, uint64_t task);
/* When it may be tried again; 0: at any time. */
int64_t bask_suspect_not_before_us(const struct bask_aides *aides, uint64_t task);
