/*
 * The sum of the option tables, and where their values come from.
 *
 * Every room and plugin hands its table to bask_conf_add(); sources (the command line first) then
 * write into the owners' structs, and every value remembers its origin. Of two sources that set the
 * same option the later one wins; a LIST keeps all values, in order.
 *
 * An `argument` in brackets, "[N]", makes the value optional: it is then given only as --name=N or
 * -xN. Left out, a number is 1 and anything else is the empty text. For such numbers true, yes and
 * on are 1; false, no and off are 0. An ACTION with an `argument` takes a value like any other
 * option; bask_conf_get() returns it. A row without `initial` leaves the owner's value as it was (a
 * LIST: empty).
 *
 * This room never exits, never logs, and writes only to the FILE it is given.
 */
#pragma once

#include <bask/option.h>

#include <stdio.h>

struct bask_conf;

/* One line: where, what is wrong, what was expected. */
struct bask_conf_error {
    char text[512];
};

/* NULL: out of memory. */
struct bask_conf *bask_conf_new(void);

/* The lists and origins in the owners' structs die with the conf. Accepts a NULL conf. */
void bask_conf_free(struct bask_conf **conf);

/* Adds a table and writes its defaults. The rows and the owner's struct outlive the conf; the table
 * itself is copied. BASK_E_STATE is a bug in the table (a name declared twice, a default out of
 * range), explained by bask_conf_message(); the conf is then as it was. */
int bask_conf_add(struct bask_conf *conf, const struct bask_option_table *table);

/* Why the last bask_conf_add() failed; "" if it did not. */
const char *bask_conf_message(const struct bask_conf *conf);

/* Reads a command line; argv[0] is the program. Stops at the first error: NOTFOUND, SYNTAX, RANGE
 * or NOMEM, with ret_error (may be NULL) filled; what came before it is set. The strings in argv
 * are kept as views. */
int bask_conf_parse_args(struct bask_conf *conf, int argc, char **argv,
                         struct bask_conf_error *ret_error);

/* What is left of the command line: neither an option nor the value of one. Words that begin with
 * '[' are left out, as in uWSGI: a process title that came back as an argument. */
const struct bask_values *bask_conf_arguments(const struct bask_conf *conf);

/* The name of the first ACTION that was asked for; NULL if none was. */
const char *bask_conf_action(const struct bask_conf *conf);

/* Who set the option last: "command line, argument 3", "default"; absent if there is no such
 * option. A value in a word of its own counts by that word. */
bask_str bask_conf_origin(const struct bask_conf *conf, bask_str name);

/* Value `index` of an option, by name or alias, as it was written (a bare flag is "true"); the
 * default if nobody set it. BASK_E_NOTFOUND: no such option, or no such value. */
int bask_conf_get(const struct bask_conf *conf, bask_str name, size_t index, bask_str *ret_text);

/* The name of the n-th option that a source has set, in the order of the tables; absent at the end.
 */
bask_str bask_conf_given(const struct bask_conf *conf, size_t n);

/* --help: all groups, or those whose heading contains `group` in any case. */
void bask_conf_help(const struct bask_conf *conf, const char *group, FILE *to);

/* The reference manual. */
void bask_conf_markdown(const struct bask_conf *conf, FILE *to);

/* Every name and alias, one a line, sorted. */
void bask_conf_list(const struct bask_conf *conf, FILE *to);
