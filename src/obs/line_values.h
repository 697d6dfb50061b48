/*
 * What a line can show of a request by a name of uWSGI's: %(status), %(ltime).
 *
 * A value is made when a line asks for it, and only then.
 */
#pragma once

#include "obs/access_entry.h"
#include "sys/memory.h"

#include <locale.h>
#include <sys/types.h>
#include <time.h>

enum bask_line_stamp { BASK_STAMP_CTIME, BASK_STAMP_LTIME, BASK_STAMP_FTIME, BASK_STAMP_COUNT };

enum { BASK_STAMP_MAX = 128 };

/* What the lines of a process have in common. */
struct bask_line_source {
    pid_t pid;
    uint32_t worker_id;
    /* The value of a metric, 0 if there is none. NULL: there are no metrics. */
    int64_t (*metric)(const void *context, bask_str name);
    const void *context;
    locale_t locale; /* of days and months, whatever the application sets */
    /* A time as text, which is made once a second. */
    struct {
        const char *format; /* as strftime(3) has it */
        time_t second;
        size_t len;
        char text[BASK_STAMP_MAX];
    } stamps[BASK_STAMP_COUNT];
};

/* One line while it is made. */
struct bask_line_scene {
    struct bask_line_source *source;
    const struct bask_access_entry *entry;
    int64_t now_us; /* wall time */
    bool has_memory;
    struct bask_memory_use memory;
    char scratch[BASK_ACCESS_NUMBER];
};

struct bask_line_row {
    bask_str name;
    bask_str (*make)(const struct bask_line_row *row, struct bask_line_scene *scene);
    /* For `make`, one of: */
    size_t offset;     /* in struct bask_access_entry */
    bask_str variable; /* of the request */
    uint64_t (*number)(struct bask_line_scene *scene);
    enum bask_line_stamp stamp;
};

/* The row of a name; NULL: there is none. */
const struct bask_line_row *bask_line_row(bask_str name);

/* The value lives until the scene makes another one. */
static inline bask_str
bask_line_make(const struct bask_line_row *row, struct bask_line_scene *scene)
{
    return row->make(row, scene);
}

/* When the request came, as text. */
bask_str bask_line_time(struct bask_line_scene *scene, enum bask_line_stamp stamp);
/* Of this process; it is looked at once a line. */
const struct bask_memory_use *bask_line_memory(struct bask_line_scene *scene);
bask_str bask_line_number(struct bask_line_scene *scene, int64_t number);
