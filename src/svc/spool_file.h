/*
 * The file of a task, uWSGI's: a packet of the uwsgi protocol with modifier 17, whose variables are
 * the task's items, and behind it the body, to the end of the file. A file that may not be done yet
 * has a modification time in the future.
 *
 *   <folder>[/<priority>]/uwsgi_spoolfile_on_<host>_<pid>_<counter>_<random>_<seconds>_<micros>
 *
 * Files appear whole: they are written under another name first.
 */
#pragma once

#include "base/str.h"

#include <bask/service_spool.h>

#define BASK_SPOOL_PREFIX "uwsgi_spoolfile_on_"

enum { BASK_SPOOL_MODIFIER = 17 };

/* The parts of a file. 0; BASK_E_AGAIN: it is shorter than its header says; BASK_E_SYNTAX. */
int bask_spool_parse(bask_str bytes, bask_str *ret_items, bask_str *ret_body);
/* The items are well formed, and no more than fit. */
int bask_spool_check_items(bask_str items);
/* Digits that can name a folder. */
bool bask_spool_is_priority(bask_str text);
/* Makes the file of a task in `folder`, which replaces what `order` says. 0, or a bask_err with one
 * sentence. */
int bask_spool_write(bask_str folder, const struct bask_spool_order *order,
                     char path[BASK_SPOOL_PATH], char *error, size_t error_size);
/* The whole of an open file, ended by a NUL; the caller frees it. 0, BASK_E_NOMEM, BASK_E_SYSTEM.
 */
int bask_spool_read(int fd, char **ret_bytes, size_t *ret_len);

/* The tasks of a folder and of its priorities, in the order in which they should be done: by
 * priority, those without one last, then by name. */
struct bask_spool_list {
    char **paths;
    size_t count, at; /* `at`: a cursor of the owner's */
};

/* BASK_E_SYSTEM, BASK_E_NOMEM. */
int bask_spool_list(const char *folder, struct bask_spool_list *ret_list);
void bask_spool_list_fini(struct bask_spool_list *list);
