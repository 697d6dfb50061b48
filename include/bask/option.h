/*
 * An option is a row. Every room and every plugin keeps its rows beside the struct they fill; the
 * server sums the tables, and --help, the reference manual and the parsers are printed from them.
 *
 * Values are written into a plain struct of the owner at `offset`, in the C type that `type` names:
 *
 *   BASK_OPT_FLAG      bool         no value on the command line
 *   BASK_OPT_INT       int64_t      min..max, both included
 *   BASK_OPT_SIZE      int64_t      bytes; "4096", "64k", "1m", "2g" (powers of 1024)
 *   BASK_OPT_DURATION  int64_t      milliseconds; "30" is seconds; "500ms", "2m", "1h", "1d"
 *   BASK_OPT_STRING    bask_str     the bytes live as long as the process
 *   BASK_OPT_LIST      struct bask_values   repeatable, in order
 *   BASK_OPT_ACTION    -            the row's number is returned to the caller (--help, --version)
 *   BASK_OPT_DIRECTIVE -            done as soon as it is read, no value is kept (--ini, --include)
 *
 * A row may end after `help`: what follows is then zero, which is what most rows want.
 */
#pragma once

#include <bask/str.h>

#include <stdint.h>

enum bask_option_type {
    BASK_OPT_FLAG,
    BASK_OPT_INT,
    BASK_OPT_SIZE,
    BASK_OPT_DURATION,
    BASK_OPT_STRING,
    BASK_OPT_LIST,
    BASK_OPT_ACTION,
    BASK_OPT_DIRECTIVE,
};

enum {
    BASK_OPT_FIXED = 1, /* what the master set up at the start: a reload cannot change it */
    BASK_OPT_CPUS = 2,  /* INT: "auto" is the number of CPUs that this process may use */
    /* The owner is told as soon as it is met in a file: it may bring options of its own. */
    BASK_OPT_AT_ONCE = 4,
    /* STRING: the value names an ini file, whose options, if it has any, are read when it is met.
     * The owner gets its absolute path. */
    BASK_OPT_ALSO_INI = 8,
};

/* One value of a repeatable option. `origin` says where it was set: "command line, argument 3". */
struct bask_value {
    bask_str text;
    bask_str origin;
};

struct bask_values {
    struct bask_value *items;
    size_t count;
};

struct bask_option {
    const char *name;    /* without dashes: "http-socket" */
    const char *aliases; /* other names, separated by spaces; NULL for none */
    char short_name;     /* 's' for -s; 0 for none */
    enum bask_option_type type;
    size_t offset;        /* of the value in the owner's struct */
    int64_t min, max;     /* INT, SIZE, DURATION (milliseconds) */
    const char *initial;  /* the default, as a user would write it; NULL for none */
    const char *argument; /* what --help shows for the value: "ADDRESS"; NULL for flags */
    const char *help;     /* one line */
    const char
        *implies;   /* flags that this option switches on, separated by spaces; NULL for none */
    unsigned flags; /* BASK_OPT_FIXED ... */
};

struct bask_option_table {
    const char *group; /* the heading in --help: "HTTP and sockets" */
    const struct bask_option *rows;
    size_t count;
    void *values; /* the owner's struct, filled before anything of the owner runs */
};
