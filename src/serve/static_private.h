/*
 * What the files of the static answers share: where files are, and which one was found.
 */
#pragma once

#include "proto/range.h"
#include "req/parts.h"
#include "serve/expires.h"
#include "serve/static.h"
#include "serve/types.h"
#include "sys/beneath.h"

#include <limits.h>
#include <regex.h>

/* A folder, or a single file, and which paths of requests lead there. */
struct bask_static_root {
    bask_str prefix; /* of the path */
    bool cuts;       /* the prefix does not belong to the file's name */
    char *path;      /* as it was configured, absolute once it is settled */

    /* What was there when it was last looked at. */
    int64_t looked_us; /* monotonic; 0: never */
    int fd;            /* of the folder, or of the folder that the file is in; -1: nothing */
    bool is_file;
    dev_t device;
    ino_t inode;
    char *real; /* the real name of what fd is */
};

struct bask_static {
    const struct bask_static_options *options;
    struct bask_board_place *place; /* where answers are counted; NULL: nowhere */
    struct bask_static_root *roots; /* in the order in which they are tried */
    size_t root_count;
    struct bask_static_root docroot; /* the one that a gateway named last */
    bask_str *allowed;               /* [0] is the present root's, then static-safe */
    size_t allowed_count;
    struct bask_expires *expires;
    struct bask_types *types;
    regex_t *gzip;
    size_t gzip_count;
    enum bask_static_mode { BASK_STATIC_SEND, BASK_STATIC_NGINX, BASK_STATIC_APACHE } mode;
    int64_t told_us; /* when the log last said that nothing can be opened; monotonic */
};

/* A file on its way from a path to an answer. */
struct bask_static_hunt {
    struct bask_static *files;
    struct bask_req *req;
    struct bask_static_root *root; /* where it was found */
    int fd;                        /* of the file; -1: it was not found */
    bool exhausted;                /* nothing can be opened now: it may be there all the same */
    bool lacks_slash;              /* it stands for a folder, and the path does not end in '/' */
    struct stat status;
    struct bask_ranges ranges; /* those that are asked for, once it was looked for them */
    size_t len;                /* of its name below the root's fd */
    char name[PATH_MAX];       /* ends in NUL */
};

/* static_roots.c */
/* Looks again at what the root's path means, if the last look is long ago; whether it is there. */
bool bask_static_look(struct bask_static_root *root);
void bask_static_forget(struct bask_static_root *root);

/* static.c */
/* Opens the file that was found with this at the end of its name; its descriptor, or < 0. */
int bask_static_open(struct bask_static_hunt *hunt, bask_str end, struct stat *ret_status);
/* The absolute name of what was found, with this behind it; absent: out of memory. */
bask_str bask_static_name(struct bask_static_hunt *hunt, bask_str end);
bool bask_static_ends_in(bask_str text, const struct bask_values *ends);

/* static_parts.c */
enum { BASK_BOUNDARY = 32 };
/* Several ranges of a file of `size` bytes and this type, absent if it is unknown. `boundary` gets
 * what the head has to name. NULL: out of memory. */
struct bask_parts *bask_static_parts(const struct bask_ranges *ranges, int64_t size, bask_str type,
                                     char boundary[static BASK_BOUNDARY + 1]);

/* static_answer.c: answers with what was found. False: it cannot be, nothing was sent. */
bool bask_static_send(struct bask_static_hunt *hunt);
/* The same where nothing could be opened: 503. */
bool bask_static_send_later(struct bask_static_hunt *hunt);
