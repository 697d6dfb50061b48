/*
 * The sum of the option tables, and where their values come from.
 *
 * Every room and plugin hands its table to bask_conf_add(). The sources are then read in this
 * order: the environment, the command line, and the files that these name, each at the place where
 * it is named. Nothing is set yet: reading fills a queue. bask_conf_apply() resolves what the
 * values refer to and writes them, in order, into the owners' structs. Every value remembers its
 * origin. Of two that set the same option the later one wins; a LIST keeps all values, in order.
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

/* The options of this room: files, placeholders, conditions. Not every conf needs them. */
const struct bask_option_table *bask_conf_directive_table(void);

/* What configuration files may ask about. All is optional, and outlives the conf. */
struct bask_conf_facts {
    const char *version, *hostname, *binary;
    const char *start_folder;
    char **env;  /* for $(NAME) */
    bool reload; /* the configuration is read again: if-reload */
    bool (*has_plugin)(void *context, bask_str name);
    /* An option with the flag BASK_OPT_AT_ONCE was met in a file or in the environment. Not 0: the
     * error is filled. */
    int (*at_once)(void *context, const struct bask_option *row, bask_str text, bask_str origin,
                   struct bask_conf_error *ret_error);
    void *context;
    /* Contents of what can be read only once, such as stdin; for the next conf. The texts are
     * malloc'ed and the caller's, as is the array. */
    struct bask_values *once;
};
void bask_conf_know(struct bask_conf *conf, const struct bask_conf_facts *facts);

/* These read sources into the queue. They stop at the first error: NOTFOUND, SYNTAX, RANGE, LIMIT,
 * SYSTEM or NOMEM, with ret_error (may be NULL) filled. Strings in env and argv are kept as views;
 * argv[0] is the program. Of the environment they take UWSGI_NAME and BASK_NAME. */
int bask_conf_read_env(struct bask_conf *conf, char **env, struct bask_conf_error *ret_error);
int bask_conf_read_args(struct bask_conf *conf, int argc, char **argv,
                        struct bask_conf_error *ret_error);
/* Sets what is in the queue, then what that implies. What stands before an error is set. */
int bask_conf_apply(struct bask_conf *conf, struct bask_conf_error *ret_error);

/* The files that were read, by their absolute paths. */
const struct bask_values *bask_conf_files(const struct bask_conf *conf);

/* What a user should be told, though it is no error. */
const struct bask_values *bask_conf_warnings(const struct bask_conf *conf);

/* For a configuration that was read again. bask_conf_clear(), before the sources are read, makes
 * values without a default zero, empty or absent. bask_conf_keep_fixed(), after bask_conf_apply(),
 * gives options that cannot change at a reload the values they had `before`, with a warning for
 * each that is lost by that. */
void bask_conf_clear(struct bask_conf *conf);
int bask_conf_keep_fixed(struct bask_conf *conf, const struct bask_conf *before,
                         struct bask_conf_error *ret_error);

/* A command line alone: bask_conf_read_args() and bask_conf_apply(). */
int bask_conf_parse_args(struct bask_conf *conf, int argc, char **argv,
                         struct bask_conf_error *ret_error);

/* What is left of the command line: neither an option nor the value of one. Words that begin with
 * '[' are left out, as in uWSGI: a process title that came back as an argument. */
const struct bask_values *bask_conf_arguments(const struct bask_conf *conf);

/* The name of the first ACTION that was asked for; NULL if none was. */
const char *bask_conf_action(const struct bask_conf *conf);

/* Who set the option last: "command line, argument 3", "app.ini:12", "default"; absent if there is
 * no such option. A value in a word of its own counts by that word. */
bask_str bask_conf_origin(const struct bask_conf *conf, bask_str name);

/* Value `index` of an option, by name or alias, as it was written (a bare flag is "true"); the
 * default if nobody set it. Of a name that is no option, the placeholder. BASK_E_NOTFOUND: no such
 * option, or no such value. */
int bask_conf_get(const struct bask_conf *conf, bask_str name, size_t index, bask_str *ret_text);

/* The name of the n-th option that a source has set, in the order of the tables, and then of the
 * placeholders; absent at the end. */
bask_str bask_conf_given(const struct bask_conf *conf, size_t n);

/* --show-config: what was read, as an ini file that means the same. */
void bask_conf_show(const struct bask_conf *conf, FILE *to);

/* --help: all groups, or those whose heading contains `group` in any case. */
void bask_conf_help(const struct bask_conf *conf, const char *group, FILE *to);

/* The reference manual. */
void bask_conf_markdown(const struct bask_conf *conf, FILE *to);

/* Every name and alias, one a line, sorted. */
void bask_conf_list(const struct bask_conf *conf, FILE *to);
