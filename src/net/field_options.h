/*
 * Fields that the operator adds to answers and takes from them. docs/guide/http.md tells users.
 */
#pragma once

#include "req/fields.h"

#include <bask/option.h>

struct bask_field_options {
    struct bask_values added;   /* "Name: value" */
    struct bask_values removed; /* names */

    /* What follows from these; bask_field_options_settle. */
    struct bask_field_rules rules;
    bool is_given; /* `rules` say something */
    bool closes;   /* each answer is the last on its connection */
};

/* The rows of these options; `values` is the struct they fill. */
struct bask_option_table bask_field_option_table(struct bask_field_options *values);
/* 0, BASK_E_NOMEM, or BASK_E_SYNTAX with one sentence in `error`. */
int bask_field_options_settle(struct bask_field_options *options, char *error, size_t error_size);
