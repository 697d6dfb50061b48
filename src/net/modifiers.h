/*
 * Which packets of the uwsgi protocol are served: an operator may leave some out.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct bask_modifiers {
    bask_str text; /* "0,30,100"; empty: all that there are */
    uint64_t allowed[4];
};

/* What `text` says. BASK_E_SYNTAX: it is no list of numbers. */
int bask_modifiers_settle(struct bask_modifiers *modifiers);

static inline bool
bask_modifiers_allow(const struct bask_modifiers *modifiers, uint8_t modifier1)
{
    return !modifiers->text.len || modifiers->allowed[modifier1 / 64] >> modifier1 % 64 & 1;
}
