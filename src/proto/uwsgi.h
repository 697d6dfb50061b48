/*
 * The uwsgi packet: a header of four bytes and a dictionary of variables.
 *
 *   0 u8 modifier1 | 1 u16le size | 3 u8 modifier2 | 4 size bytes: (u16le n, key, u16le m, value)*
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

#define BASK_UWSGI_HEADER 4

struct bask_uwsgi_packet {
    uint8_t modifier1;
    uint8_t modifier2;
    bask_str vars;
};

struct bask_uwsgi_var {
    bask_str key;
    bask_str value;
};

/* > 0: the packet's length; -1: over `max` bytes of variables; -2: more is needed.
 * modifier1, modifier2 and vars.len are filled as soon as the header is there (-1 included). */
int bask_uwsgi_parse(const char *buf, size_t len, size_t max, struct bask_uwsgi_packet *ret_packet);

/* Takes the first variable off *vars: 1 one was taken, 0 none is left, -1 malformed (an empty key,
 * or a length beyond the end). */
int bask_uwsgi_next(bask_str *vars, struct bask_uwsgi_var *ret_var);
