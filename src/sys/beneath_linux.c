/*
 * openat2(2) stays below a folder by itself. Where that is not known, or a link leads out, the file
 * is first taken hold of without being opened, so that its real name can be looked at; what is then
 * opened is what was looked at, whatever has become of the path meanwhile.
 */
#include "sys/beneath.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A device or a pipe that was opened by mistake must not make anybody wait. */
enum { HOW = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY };

/* Who has no descriptor left is told so before anybody looks for the file, so that is done here. */
static int
why_not(int root, const char *path)
{
    struct stat status;
    bool exhausted = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    return exhausted && !fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) ? BASK_E_SYSTEM
                                                                           : BASK_E_NOTFOUND;
}

static int
look(int fd, struct stat *ret_status)
{
    struct stat status;
    if (fd < 0)
        return BASK_E_NOTFOUND;
    if (fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
        *ret_status = status;
        return fd;
    }
    close(fd);
    return BASK_E_STATE;
}

static bool
is_below(bask_str name, bask_str folder)
{
    if (bask_str_eq(folder, BASK_STR("/")))
        return bask_str_starts(name, folder);
    return bask_str_starts(name, folder) && (name.len == folder.len || name.ptr[folder.len] == '/');
}

static bool
is_allowed(int fd, const struct bask_folders *allowed)
{
    char name[4096];
    long len = bask_beneath_name(fd, name, sizeof name);
    for (size_t i = 0; len > 0 && i < allowed->count; i++)
        if (is_below(bask_str_n(name, (size_t)len), allowed->names[i]))
            return true;
    return false;
}

long
bask_beneath_name(int fd, char *name, size_t size)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, name, size);
    return len > 0 && (size_t)len < size && *name == '/' ? len : BASK_E_NOTFOUND;
}

int
bask_beneath_open_checked(int root, const char *path, const struct bask_folders *allowed,
                          struct stat *ret_status)
{
    char again[64];
    int held = openat(root, path, O_PATH | O_CLOEXEC);
    if (held < 0)
        return why_not(root, path);
    int found = look(held, ret_status);
    if (found < 0)
        return found;
    if (is_allowed(held, allowed)) {
        snprintf(again, sizeof again, "/proc/self/fd/%d", held);
        int fd = open(again, HOW);
        found = fd < 0 ? why_not(root, path) : look(fd, ret_status);
    } else {
        found = BASK_E_RANGE;
    }
    close(held);
    return found;
}

int
bask_beneath_open(int root, const char *path, const struct bask_folders *allowed,
                  struct stat *ret_status)
{
    const struct open_how how = {.flags = HOW, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0)
        return look(fd, ret_status);
    /* EXDEV: a link leads out; EAGAIN: something was renamed meanwhile; the others: not known here,
     * or not permitted. */
    if (errno == EXDEV || errno == EAGAIN || errno == ENOSYS || errno == EPERM)
        return bask_beneath_open_checked(root, path, allowed, ret_status);
    return why_not(root, path);
}
