/*
 * Files that the server answers with by itself, before an application gets the request, and who
 * owns the options that say which.
 *
 * Knows requests and files, not connections and not threads. Whatever a path says, no file outside
 * of the folders that the options name is opened (sys/beneath.h).
 */
#pragma once

#include "obs/board.h"
#include "req/request.h"

#include <bask/option.h>

struct bask_static_options {
    struct bask_values maps;    /* "/prefix=path": the prefix does not belong to the file's name */
    struct bask_values maps2;   /* the same, and it does */
    struct bask_values checks;  /* folders that may hold any path */
    bool docroot;               /* so may the folder that a gateway names DOCUMENT_ROOT */
    struct bask_values indexes; /* names of files that stand for their folders */
    struct bask_values safe;    /* where links may lead to */
    struct bask_values skips;   /* ends of names that are the application's */
    struct bask_values types;   /* files like /etc/mime.types */
    struct bask_values expires[8];                 /* a row of `kinds` in expires.c each */
    struct bask_values gzip, gzip_dirs, gzip_ends; /* which names have compressed siblings */
    bool gzip_all;
    bask_str mode; /* who sends the files: absent, "nginx", "x-sendfile"... */
    /* What uWSGI needs and this server does not. */
    struct bask_values paths_names;
    int64_t paths_ms, offload_threads;
    bool honour_range;
};

struct bask_static;

/* The rows of these options; `values` is the struct they fill. */
struct bask_option_table bask_static_option_table(struct bask_static_options *values);

/* What the options say, ready to answer; *ret_files is NULL if they name no folder. Touches no file
 * (bask_static_settle does). 0, BASK_E_NOMEM, or BASK_E_SYNTAX with one sentence in `error`. */
int bask_static_new(const struct bask_static_options *options, struct bask_static **ret_files,
                    char *error, size_t error_size);
/* In the folder that relative paths start from: finds the folders, reads the types of files. 0 or
 * BASK_E_NOMEM. */
int bask_static_settle(struct bask_static *files);
/* From now on answers are counted there. */
void bask_static_count(struct bask_static *files, struct bask_board_place *place);
void bask_static_free(struct bask_static **files);

/* True: the request is answered and gone. False: it is the application's. With the worker's lock
 * held. */
bool bask_static_answer(struct bask_static *files, struct bask_req *req);
