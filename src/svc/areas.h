/* Plain memory that processes share, and a lock for each piece; from --sharedarea. */
#pragma once

#include <bask/option.h>

#include <stddef.h>
#include <stdint.h>

struct bask_area_spec {
    int64_t size;   /* in bytes */
    bask_str file;  /* what is in memory; absent: nothing, zeros */
    int64_t offset; /* where in the file */
};

struct bask_area;

struct bask_areas {
    struct bask_area *items;
    uint32_t count;
};

/* "16" (pages) or "size=64k,file=/dev/mem,offset=0x20200000". 0, or BASK_E_SYNTAX and what is
 * wrong. The path is a view of `text`. */
int bask_area_parse(bask_str text, struct bask_area_spec *ret_spec, char *error, size_t error_size);

/* 0, or a bask_err and one sentence in `error`. */
int bask_areas_open(struct bask_areas *areas, const struct bask_values *described, char *error,
                    size_t error_size);
void bask_areas_close(struct bask_areas *areas);

/* As the functions of the service (bask/service_area.h). */
char *bask_areas_memory(const struct bask_areas *areas, uint32_t number, size_t *ret_size);
int bask_areas_lock(const struct bask_areas *areas, uint32_t number);
int bask_areas_unlock(const struct bask_areas *areas, uint32_t number);
