/*
 * Files that hold the server's process id, for those who want to send it signals.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { BASK_PIDFILES = 4 };

/* Those that this process has written. */
struct bask_pidfiles {
    char *paths[BASK_PIDFILES]; /* absolute */
    size_t count;
};

/*
 * Writes the process id of the caller, in one step. A file that names another Bask that runs is
 * replaced, with a warning; if it is to be `safe` that is an error. 0, or a bask_err with one
 * sentence.
 */
int bask_pidfiles_write(struct bask_pidfiles *files, const char *path, bool safe, char *error,
                        size_t error_size);

/* The same without writing it yet. 0 or BASK_E_NOMEM. */
int bask_pidfiles_add(struct bask_pidfiles *files, const char *path);
/* Writes them all again, for the process that calls; what fails is logged. */
void bask_pidfiles_rewrite(const struct bask_pidfiles *files);

/* Where the files are for a process whose root is `root` from now on. Those outside are forgotten.
 */
void bask_pidfiles_enter_root(struct bask_pidfiles *files, const char *root);

/* Forgets the files; `remove`: unlinks those that still hold the caller's process id. */
void bask_pidfiles_fini(struct bask_pidfiles *files, bool remove);

/* The process id in a file; BASK_E_SYSTEM or BASK_E_SYNTAX with one sentence. */
int bask_pidfile_read(const char *path, pid_t *ret_pid, char *error, size_t error_size);
