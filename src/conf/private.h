/*
 * What the files of conf/ share. A source of values (command line, environment, a file format) is a
 * file that turns its syntax into calls of bask_conf_find() and bask_conf_set(), and nothing else.
 */
#pragma once

#include "conf/conf.h"

struct bask_conf_setting {
    const struct bask_option *row;
    size_t table;              /* index of its table */
    struct bask_values values; /* scalars: at most one; a default counts until a source sets one */
    bool given;                /* by a source */
};

struct bask_conf_name {
    bask_str text;
    size_t setting;
};

struct bask_conf_kept; /* a text that lives as long as the conf */

struct bask_conf {
    struct bask_option_table *tables;
    size_t table_count;
    struct bask_conf_setting *settings; /* in the order of the tables */
    size_t setting_count;
    struct bask_conf_name *names; /* names and aliases, sorted, unique */
    size_t name_count;
    size_t shorts[128]; /* by short name: number of the setting + 1, 0 for none */
    struct bask_values arguments;
    struct bask_conf_kept *kept;
    const char *action;
    struct bask_conf_error message;
};

enum bask_conf_arity {
    BASK_CONF_NO_VALUE,
    BASK_CONF_OPTIONAL,
    BASK_CONF_REQUIRED,
};

/* What a name leads to. `negated`: it was --no-NAME. */
struct bask_conf_hit {
    struct bask_conf_setting *setting;
    bool negated;
};

/* Where a value stands, and the option as the user wrote it there: "--workers", "-p". */
struct bask_conf_place {
    bask_str origin;
    bask_str option;
};

/* conf.c */
bool bask_conf_find(const struct bask_conf *conf, bask_str name, struct bask_conf_hit *ret_hit);
/* The one way to set a value. An absent text stands for an option without a value. text and origin
 * must live as long as the conf: see bask_conf_keep(). */
int bask_conf_set(struct bask_conf *conf, struct bask_conf_hit hit, bask_str text,
                  struct bask_conf_place place, struct bask_conf_error *ret_error);
/* Appends; the array is the conf's. */
int bask_conf_push(struct bask_values *values, struct bask_value value);
/* A copy that lives as long as the conf, ended by NUL. */
int bask_conf_keep(struct bask_conf *conf, bask_str text, bask_str *ret_copy);

/* value.c */
enum bask_conf_arity bask_conf_arity(const struct bask_option *row);
/* For FLAG (0 or 1), INT, SIZE and DURATION; the rest is text, and *ret_number is 0. */
int bask_conf_number(const struct bask_option *row, bask_str text, int64_t *ret_number);
/* What bask_conf_number() would accept: "a whole number from 1 to 1024". */
struct bask_conf_phrase {
    char text[200];
};
struct bask_conf_phrase bask_conf_expected(const struct bask_option *row);
/* What to call the value: the row's `argument` without brackets, or a word for the type. */
bask_str bask_conf_argument(const struct bask_option *row);

/* error.c */
/* Fills ret_error unless it is NULL; returns err. */
__attribute__((format(printf, 3, 4))) int bask_conf_fail(struct bask_conf_error *ret_error, int err,
                                                         const char *format, ...);
/* Printable and short, whatever the user typed. */
struct bask_conf_phrase bask_conf_shown(bask_str text);
/* "; did you mean --processes?", or "" if nothing is near. */
struct bask_conf_phrase bask_conf_nearest(const struct bask_conf *conf, bask_str name);
