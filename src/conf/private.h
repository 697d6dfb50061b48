/*
 * What the files of conf/ share.
 *
 *   words, variables, lines of files      cli.c, env.c, ini.c, yaml.c, json.c, xml.c
 *      | bask_conf_offer(): one entry     logic.c: for and if decide whether, and how often
 *      | directives are done now          directives.c: another file, a placeholder
 *   the queue of entries                  queue.c
 *      | bask_conf_apply()                expand.c: %(name), $(VARIABLE), @(file)
 *   values in the owners' structs         conf.c: bask_conf_set()
 */
#pragma once

#include "base/buf.h"
#include "conf/conf.h"

struct bask_conf_setting {
    const struct bask_option *row;
    size_t table;              /* index of its table */
    struct bask_values values; /* scalars: at most one; a default counts until a source sets one */
    bool given;                /* by a source, or implied by what was */
    bool implied;              /* what this one implies has been set */
};

struct bask_conf_name {
    bask_str text;
    size_t setting;
};

struct bask_conf_kept; /* a text that lives as long as the conf */
struct bask_conf_reading;

/* Where a value stands, and the option as the user wrote it there: "--workers", "-p", "workers". */
struct bask_conf_place {
    bask_str origin;
    bask_str option;
    bool file; /* uWSGI's files are lax: any value switches a flag on, unknown keys are kept */
};

/* What a source has said, before anything is done with it. */
struct bask_conf_entry {
    bask_str key;  /* without dashes */
    bask_str text; /* absent: there is no value */
    struct bask_conf_place place;
    bool placeholder; /* and nothing else, whatever options there are */
    bool used;        /* some value refers to it */
};

/* An open "for" or "if": what stands in it is taken once for each item, as %(_). */
struct bask_conf_block {
    bool open, loop, truth;
    bask_str opener, origin;
    bask_str data; /* %(_) in an "if" */
    struct bask_values items;
};

/* An option made of others by declare-option. */
struct bask_conf_declared {
    bask_str name, body;
};

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
    struct bask_conf_facts facts;
    struct bask_conf_entry *entries;
    size_t entry_count, applied;
    struct bask_conf_declared *declared;
    size_t declared_count;
    struct bask_conf_block block;
    const struct bask_conf_reading *reading;        /* the innermost file that is being read */
    bask_str last_file;                             /* the one that ":section" means */
    bask_str first_name, first_path, first_section; /* %O, %P, %X */
    struct bask_values files;                       /* that were read, by their paths */
    unsigned loads, expansions;                     /* so far: both have a limit */
    bool strict;
    struct bask_values warnings;
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

/* Appends; the array and a copy of the text are the conf's. */
int bask_conf_warn(struct bask_conf *conf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "x: out of memory", with the place. */
int bask_conf_no_memory(struct bask_conf_error *ret_error, struct bask_conf_place place);
/* Makes a setting hold the values of another one of the same row. */
int bask_conf_copy(struct bask_conf *conf, struct bask_conf_setting *to,
                   const struct bask_conf_setting *from);
const struct bask_conf_setting *bask_conf_setting(const struct bask_conf *conf, bask_str name);

/* queue.c */
/* The one way in for all sources. The texts must live as long as the conf. */
int bask_conf_offer(struct bask_conf *conf, const struct bask_conf_entry *entry,
                    struct bask_conf_error *ret_error);
/* The same where it is known that no block is open. */
int bask_conf_take(struct bask_conf *conf, const struct bask_conf_entry *entry,
                   struct bask_conf_error *ret_error);
int bask_conf_queue(struct bask_conf *conf, const struct bask_conf_entry *entry,
                    struct bask_conf_error *ret_error);
/* The first entry with this key, or with another name of the same option; NULL if there is none. */
struct bask_conf_entry *bask_conf_entry(const struct bask_conf *conf, bask_str key);

/* effects.c */
/* Switches on what the options that are on imply. */
int bask_conf_imply(struct bask_conf *conf, struct bask_conf_error *ret_error);

/* Value `index` of what was set under this name, an option or not. BASK_E_NOTFOUND. */
int bask_conf_placeholder(const struct bask_conf *conf, bask_str name, size_t index,
                          bask_str *ret_text);
/* Is this entry no option, and the first with its key? */
bool bask_conf_is_first_placeholder(const struct bask_conf *conf, size_t number);

/* What was put together, which may be nothing at all. */
static inline bask_str
bask_conf_built(const struct bask_buf *buf)
{
    return buf->data ? bask_buf_view(buf) : (bask_str){"", 0};
}

/* expand.c */
/* Resolves %(name), $(VARIABLE) and @(file). */
int bask_conf_expand(struct bask_conf *conf, bask_str text, struct bask_conf_place place,
                     bask_str *ret_text, struct bask_conf_error *ret_error);
/* Every `from` in the text becomes `to`. */
int bask_conf_replace(struct bask_conf *conf, bask_str text, bask_str from, bask_str to,
                      bask_str *ret_text);
/* The value of a variable of the environment; absent if it is not set. */
bask_str bask_conf_getenv(const struct bask_conf *conf, bask_str name);

/* directives.c */
int bask_conf_direct(struct bask_conf *conf, const struct bask_option *row,
                     const struct bask_conf_entry *entry, struct bask_conf_error *ret_error);
/* An entry whose key was declared; false if it was not. */
bool bask_conf_is_declared(const struct bask_conf *conf, bask_str key);
int bask_conf_run_declared(struct bask_conf *conf, const struct bask_conf_entry *entry,
                           struct bask_conf_error *ret_error);

/* logic.c */
bool bask_conf_opens_block(bask_str key);
int bask_conf_open_block(struct bask_conf *conf, const struct bask_conf_entry *entry,
                         struct bask_conf_error *ret_error);
int bask_conf_in_block(struct bask_conf *conf, const struct bask_conf_entry *entry,
                       struct bask_conf_error *ret_error);
/* An error if a block is open. */
int bask_conf_block_ended(const struct bask_conf *conf, struct bask_conf_error *ret_error);

/* file.c */
/* Reads "FILE[:SECTION]", whose format is `format` ("ini"), or, if that is absent, its ending. */
int bask_conf_load(struct bask_conf *conf, bask_str format, bask_str name,
                   struct bask_conf_place place, struct bask_conf_error *ret_error);
/* What a bare word with the ending of a file of options is read as; absent if it has none. */
bask_str bask_conf_format_of(bask_str name);
/* The options in the ini file of a row with BASK_OPT_ALSO_INI, if it has any. `*ret_path` is its
 * absolute path. */
int bask_conf_load_also(struct bask_conf *conf, bask_str name, struct bask_conf_place place,
                        bask_str *ret_path, struct bask_conf_error *ret_error);
/* The contents of a file, "-" or "fd://N". `*ret_text` is malloc'ed. `*ret_why` is a sentence, only
 * if this fails. */
int bask_conf_slurp(struct bask_conf *conf, bask_str name, bask_str *ret_text,
                    const char **ret_why);

/* A file that is being read. */
struct bask_conf_reading {
    struct bask_conf *conf;
    bask_str name;                /* as it was given, as in messages */
    bask_str path;                /* absolute; empty for what has no name */
    bask_str section;             /* the wanted one; absent: "uwsgi" and "bask" */
    bool found;                   /* the wanted section was there */
    bool optional;                /* it need not be there */
    struct bask_conf_place place; /* who asked for it */
    const struct bask_conf_reading *outer;
    struct bask_conf_error *error;
};

/* Is this section to be read? */
bool bask_conf_wants(struct bask_conf_reading *reading, bask_str section);
/* One key and its value, which may be absent, at a line. The texts are copied. */
int bask_conf_item(struct bask_conf_reading *reading, size_t line, bask_str key, bask_str value);
/* An error at a line: BASK_E_SYNTAX. */
int bask_conf_bad_line(const struct bask_conf_reading *reading, size_t line, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));

/* ini.c, yaml.c, json.c, xml.c: the formats. The text holds no NUL and does not begin with a byte
 * order mark. */
int bask_conf_ini(struct bask_conf_reading *reading, bask_str text);
int bask_conf_yaml(struct bask_conf_reading *reading, bask_str text);
int bask_conf_json(struct bask_conf_reading *reading, bask_str text);
int bask_conf_xml(struct bask_conf_reading *reading, bask_str text);

/* magic.c: %x becomes what is known of the file and the host. `*ret_text` may be `text`. */
int bask_conf_magic(const struct bask_conf_reading *reading, bask_str text, bask_str *ret_text);

/* value.c */
enum bask_conf_arity bask_conf_arity(const struct bask_option *row);
bool bask_conf_is_number(const struct bask_option *row);
/* For FLAG (0 or 1), INT, SIZE and DURATION; the rest is text, and *ret_number is 0. */
int bask_conf_number(const struct bask_option *row, bask_str text, int64_t *ret_number);
/* What uWSGI's atoi() makes of a text in a file that is no number: one with a comment behind it is
 * that number, words like "true" and nothing at all are 0. A number in quotes is one here. False:
 * anything else. */
bool bask_conf_lax_number(const struct bask_option *row, bask_str *text);
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
/* The same for a key of a file: "processes" stands in quotes, and only what is misspelt counts. */
struct bask_conf_phrase bask_conf_nearest_key(const struct bask_conf *conf, bask_str name);

/* foreign.c */
/* Is this the name of an option of uWSGI? */
bool bask_conf_is_foreign(bask_str name);

/* hints.c */
/* Of the name of an option of uWSGI: "use threads = N"; NULL: nothing is to be said. */
const char *bask_conf_hint(bask_str name);
