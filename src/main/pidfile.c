/* Pidfiles: a decimal number and a newline. */
#include "main/pidfile.h"

#include "base/err.h"
#include "base/str.h"
#include "obs/log.h"
#include "sys/files.h"
#include "sys/proc.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
bask_pidfile_read(const char *path, pid_t *ret_pid, char *error, size_t error_size)
{
    char bytes[32];
    long long pid;
    ssize_t len = bask_file_read(path, bytes, sizeof bytes);
    if (len < 0) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return BASK_E_SYSTEM;
    }
    bask_str text = bask_str_n(bytes, (size_t)len);
    while (text.len && strchr("\r\n \t", text.ptr[text.len - 1]))
        text.len--;
    if (bask_str_to_i64(text, &pid) || pid < 2 || pid > INT_MAX) {
        snprintf(error, error_size, "%s does not hold a process id", path);
        return BASK_E_SYNTAX;
    }
    *ret_pid = (pid_t)pid;
    return BASK_OK;
}

/* The other server that a pidfile names, if it runs; 0 if there is none. */
static pid_t
find_rival(const char *path)
{
    char unused[512];
    pid_t pid;
    if (bask_pidfile_read(path, &pid, unused, sizeof unused) || pid == getpid())
        return 0;
    return bask_proc_kinship(pid) == BASK_PROC_SAME ? pid : 0;
}

/* Writes the process id of the caller; `path` as the user knows it. */
static int
put(const char *absolute, const char *path, char *error, size_t error_size)
{
    char bytes[24];
    int len = snprintf(bytes, sizeof bytes, "%d\n", (int)getpid());
    int err = absolute ? bask_file_replace(absolute, bask_str_n(bytes, (size_t)len), 0644)
                       : BASK_E_SYSTEM;
    if (err)
        snprintf(error, error_size, "cannot write the pidfile %s: %s", path,
                 err == BASK_E_SYSTEM  ? strerror(errno)
                 : err == BASK_E_STATE ? "it is not a regular file"
                                       : bask_err_text(err));
    return err;
}

int
bask_pidfiles_write(struct bask_pidfiles *files, const char *path, bool safe, char *error,
                    size_t error_size)
{
    pid_t rival = find_rival(path);
    if (rival && safe) {
        snprintf(error, error_size, "%s names process %d, another Bask, which runs", path,
                 (int)rival);
        return BASK_E_STATE;
    }
    if (rival)
        bask_log(BASK_LOG_WARN, "%s named process %d, another Bask, which runs", path, (int)rival);
    char *absolute = bask_file_absolute(path);
    int err = put(absolute, path, error, error_size);
    if (err) {
        free(absolute);
        return err;
    }
    files->paths[files->count++] = absolute;
    return BASK_OK;
}

int
bask_pidfiles_add(struct bask_pidfiles *files, const char *path)
{
    char *absolute = bask_file_absolute(path);
    if (!absolute)
        return BASK_E_NOMEM;
    files->paths[files->count++] = absolute;
    return BASK_OK;
}

void
bask_pidfiles_rewrite(const struct bask_pidfiles *files)
{
    char error[512];
    for (size_t i = 0; i < files->count; i++)
        if (files->paths[i][0] && put(files->paths[i], files->paths[i], error, sizeof error))
            bask_log(BASK_LOG_WARN, "%s", error);
}

void
bask_pidfiles_enter_root(struct bask_pidfiles *files, const char *root)
{
    for (size_t i = 0; i < files->count; i++) {
        const char *inside = bask_file_inside(root, files->paths[i]);
        if (inside)
            memmove(files->paths[i], inside, strlen(inside) + 1);
        else
            files->paths[i][0] = '\0';
    }
}

static void
remove_own(const char *path)
{
    char error[512];
    pid_t pid;
    if (!path[0] || bask_pidfile_read(path, &pid, error, sizeof error) || pid != getpid())
        return;
    if (unlink(path))
        bask_log(BASK_LOG_INFO, "the pidfile %s stays: %s", path, strerror(errno));
}

void
bask_pidfiles_fini(struct bask_pidfiles *files, bool remove)
{
    for (size_t i = 0; i < files->count; i++) {
        if (remove)
            remove_own(files->paths[i]);
        free(files->paths[i]);
    }
    files->count = 0;
}
