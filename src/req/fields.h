/*
 * What an operator changes in the heads of answers: lines that each of them gets, and names whose
 * lines none of them keeps.
 */
#pragma once

#include "base/arena.h"

struct bask_field_rules {
    bask_str added; /* lines, each with its CRLF */
    unsigned added_count;
    const bask_str *removed; /* names */
    size_t removed_count;
};

/* The same head by these rules: what is removed goes, then what is added comes. Lines are counted
 * down and up, so a head that did not say how many lines it has does not say it now. What is new
 * is in the arena. 0 or BASK_E_NOMEM. */
int bask_fields_apply(const struct bask_field_rules *rules, struct bask_arena *arena,
                      bask_str *head, unsigned *count);
