/* Shared areas: descriptions read, memory mapped, and the service "area". */
#include "svc/areas.h"

#include "base/err.h"
#include "base/units.h"
#include "svc/private.h"
#include "sys/proc.h"
#include "sys/robust.h"
#include "sys/shared_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct bask_area {
    pthread_mutex_t *lock; /* in memory of its own: the area is the application's from end to end */
    char *memory;
    size_t size;
};

static const int64_t most = INT64_C(1) << 40;

/* As sizes are written, or "0x" and hexadecimal digits, as addresses are. */
static int
parse_number(bask_str text, int64_t *ret_number)
{
    char digits[20], *end;
    if (!bask_str_starts(text, BASK_STR("0x")))
        return bask_size_parse(text, ret_number);
    if (text.len < 3 || text.len >= sizeof digits || text.ptr[2] == '-' || text.ptr[2] == '+')
        return BASK_E_SYNTAX;
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    unsigned long long number = strtoull(digits, &end, 16);
    if (*end || number > INT64_MAX)
        return BASK_E_SYNTAX;
    *ret_number = (int64_t)number;
    return BASK_OK;
}

static int
complain(char *error, size_t error_size, const char *why)
{
    snprintf(error, error_size, "%s", why);
    return BASK_E_SYNTAX;
}

static int
read_pair(bask_str pair, struct bask_area_spec *spec, char *error, size_t error_size)
{
    bask_str name = pair, value = {"", 0};
    int64_t number = 0;
    bask_str_cut(pair, '=', &name, &value);
    name = bask_str_trim(name);
    value = bask_str_trim(value);
    if (bask_str_eq(name, BASK_STR("file"))) {
        spec->file = value;
        return value.len ? BASK_OK : complain(error, error_size, "\"file\": expected a path");
    }
    bool is_offset = bask_str_eq(name, BASK_STR("offset"));
    bool is_pages = bask_str_eq(name, BASK_STR("pages"));
    if (!is_offset && !is_pages && !bask_str_eq(name, BASK_STR("size"))) {
        snprintf(error, error_size, "expected pages, size, file or offset, not \"%.*s\"",
                 BASK_FMT(name));
        return BASK_E_SYNTAX;
    }
    if (parse_number(value, &number) || number < 0 || (!is_offset && number > most)) {
        snprintf(error, error_size, "\"%.*s\": expected a number, not \"%.*s\"", BASK_FMT(name),
                 BASK_FMT(value));
        return BASK_E_SYNTAX;
    }
    if (is_offset)
        spec->offset = number;
    else
        spec->size = is_pages ? number * sysconf(_SC_PAGESIZE) : number;
    return BASK_OK;
}

int
bask_area_parse(bask_str text, struct bask_area_spec *ret_spec, char *error, size_t error_size)
{
    struct bask_area_spec spec = {0};
    long long pages;
    if (!bask_str_to_i64(text, &pages) && pages <= most / sysconf(_SC_PAGESIZE)) {
        spec.size = pages * sysconf(_SC_PAGESIZE);
        text.len = 0;
    }
    while (text.len) {
        bask_str pair = text, rest = {"", 0};
        bask_str_cut(text, ',', &pair, &rest);
        text = rest;
        int err = read_pair(pair, &spec, error, error_size);
        if (err)
            return err;
    }
    if (spec.size <= 0 || spec.size > most)
        return complain(error, error_size, "it needs a size: a number of pages, or size=BYTES");
    if (spec.offset % sysconf(_SC_PAGESIZE))
        return complain(error, error_size, "\"offset\": expected the beginning of a page");
    if (spec.offset && !spec.file.len)
        return complain(error, error_size, "an offset needs a file (file=...)");
    *ret_spec = spec;
    return BASK_OK;
}

static int
map(struct bask_area *area, const struct bask_area_spec *spec, char *error, size_t error_size)
{
    char path[4096];
    area->size = (size_t)spec->size;
    if (!spec->file.len) {
        area->memory = bask_proc_shared_memory(area->size);
        if (!area->memory)
            complain(error, error_size, bask_err_text(BASK_E_NOMEM));
        return area->memory ? BASK_OK : BASK_E_NOMEM;
    }
    snprintf(path, sizeof path, "%.*s", BASK_FMT(spec->file));
    int err = bask_shared_file_map(path, spec->offset, area->size, &area->memory);
    if (err)
        snprintf(error, error_size, "%.400s: %s", path,
                 err == BASK_E_STATE ? "the file is not that long" : strerror(errno));
    return err;
}

static int
add(struct bask_areas *areas, bask_str text, char *error, size_t error_size)
{
    struct bask_area_spec spec;
    struct bask_area area = {.lock = bask_proc_shared_memory(sizeof *area.lock)};
    if (!area.lock)
        return complain(error, error_size, bask_err_text(BASK_E_NOMEM));
    int err = bask_area_parse(text, &spec, error, error_size);
    if (!err)
        err = map(&area, &spec, error, error_size);
    if (err) {
        bask_proc_unshare_memory(area.lock, sizeof *area.lock);
        return err;
    }
    bask_robust_init(area.lock, true);
    areas->items[areas->count++] = area;
    return BASK_OK;
}

int
bask_areas_open(struct bask_areas *areas, const struct bask_values *described, char *error,
                size_t error_size)
{
    char why[512] = "out of memory";
    *areas = (struct bask_areas){0};
    if (described->count)
        areas->items = calloc(described->count, sizeof *areas->items);
    for (size_t i = 0; i < described->count; i++) {
        const struct bask_value *value = &described->items[i];
        if (areas->items && !add(areas, value->text, why, sizeof why))
            continue;
        snprintf(error, error_size, "%.*s: --sharedarea \"%.*s\": %s", BASK_FMT(value->origin),
                 BASK_FMT(value->text), why);
        bask_areas_close(areas);
        return BASK_E_SYSTEM;
    }
    return BASK_OK;
}

void
bask_areas_close(struct bask_areas *areas)
{
    for (uint32_t i = 0; i < areas->count; i++) {
        bask_proc_unshare_memory(areas->items[i].memory, areas->items[i].size);
        bask_proc_unshare_memory(areas->items[i].lock, sizeof *areas->items[i].lock);
    }
    free(areas->items);
    *areas = (struct bask_areas){0};
}

char *
bask_areas_memory(const struct bask_areas *areas, uint32_t number, size_t *ret_size)
{
    if (number >= areas->count)
        return NULL;
    *ret_size = areas->items[number].size;
    return areas->items[number].memory;
}

int
bask_areas_lock(const struct bask_areas *areas, uint32_t number)
{
    if (number >= areas->count)
        return BASK_E_RANGE;
    int got = bask_robust_lock(areas->items[number].lock);
    return got < 0 ? got : BASK_OK;
}

int
bask_areas_unlock(const struct bask_areas *areas, uint32_t number)
{
    return number < areas->count ? bask_robust_unlock(areas->items[number].lock) : BASK_E_RANGE;
}

static char *
memory(uint32_t area, size_t *ret_size)
{
    return bask_areas_memory(&svc_shared->areas, area, ret_size);
}

static int
lock(uint32_t area)
{
    return bask_areas_lock(&svc_shared->areas, area);
}

static int
unlock(uint32_t area)
{
    return bask_areas_unlock(&svc_shared->areas, area);
}

struct bask_service_area svc_area = {
    .size = sizeof svc_area,
    .memory = memory,
    .lock = lock,
    .unlock = unlock,
};
