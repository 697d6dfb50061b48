/* Reading, replacing and naming files. */
#include "sys/files.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_A_SECOND = 100 };

int
bask_file_put_aside(const char *path, const char *to, char *ret_name, size_t size)
{
    long long now = (long long)time(NULL);
    if (to)
        snprintf(ret_name, size, "%s", to);
    else
        snprintf(ret_name, size, "%s.%lld", path, now);
    for (int i = 1; !to && i < NAMES_A_SECOND && !access(ret_name, F_OK); i++)
        snprintf(ret_name, size, "%s.%lld.%d", path, now, i);
    return rename(path, ret_name) ? BASK_E_SYSTEM : BASK_OK;
}

int
bask_file_write(int fd, bask_str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return BASK_E_SYSTEM;
        bytes = bask_str_n(bytes.ptr + n, bytes.len - (size_t)n);
    }
    return BASK_OK;
}

int
bask_file_replace(const char *path, bask_str bytes, mode_t mode)
{
    char temporary[PATH_MAX];
    struct stat status;
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
        return BASK_E_STATE;
    if (snprintf(temporary, sizeof temporary, "%s.%d.tmp", path, (int)getpid()) >=
        (int)sizeof temporary)
        return BASK_E_LIMIT;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST && unlink(temporary) == 0) /* of one who died with our number */
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return BASK_E_SYSTEM;
    int err = bask_file_write(fd, bytes);
    if (!err && fchmod(fd, mode))
        err = BASK_E_SYSTEM;
    if (close(fd) && !err)
        err = BASK_E_SYSTEM;
    if (!err && rename(temporary, path))
        err = BASK_E_SYSTEM;
    if (err) {
        int saved = errno;
        unlink(temporary);
        errno = saved;
    }
    return err;
}

/* Where the file system knows no unnamed files: one that loses its name at once. */
static int
make_and_unlink(const char *folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/bask-XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

int
bask_file_unnamed(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        fd = make_and_unlink(folder);
    if (fd >= 0 && fd <= STDERR_FILENO) { /* who prints would print into it */
        int low = fd;
        fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(low);
    }
    return fd < 0 ? BASK_E_SYSTEM : fd;
}

int
bask_file_write_at(int fd, bask_str bytes, int64_t offset)
{
    while (bytes.len) {
        ssize_t n = pwrite(fd, bytes.ptr, bytes.len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return BASK_E_SYSTEM;
        bytes = bask_str_n(bytes.ptr + n, bytes.len - (size_t)n);
        offset += n;
    }
    return BASK_OK;
}

ssize_t
bask_file_read(const char *path, char *bytes, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return BASK_E_SYSTEM;
    size_t used = 0;
    ssize_t n = 1;
    while (used < size - 1 && n > 0) {
        n = read(fd, bytes + used, size - 1 - used);
        if (n > 0)
            used += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    bytes[used] = '\0';
    return n < 0 ? BASK_E_SYSTEM : (ssize_t)used;
}

char *
bask_file_absolute(const char *path)
{
    char folder[PATH_MAX], *absolute = NULL;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof folder) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    memcpy(folder, path, len);
    folder[len] = '\0';
    char *real = realpath(!slash ? "." : len ? folder : "/", NULL);
    if (real && asprintf(&absolute, "%s/%s", real[1] ? real : "", name) < 0)
        absolute = NULL;
    free(real);
    return absolute;
}

const char *
bask_file_inside(const char *root, const char *path)
{
    size_t len = strlen(root);
    while (len && root[len - 1] == '/')
        len--;
    if (strncmp(root, path, len) != 0 || path[len] != '/')
        return NULL;
    return path + len;
}
