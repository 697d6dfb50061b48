/* Files as shared memory: mmap, and flock to know whether one is in use. */
#include "sys/shared_file.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that was just made is empty. */
static int
fit(int fd, size_t size, bool replace)
{
    struct stat found;
    if (fstat(fd, &found) || !S_ISREG(found.st_mode))
        return BASK_E_STATE;
    if ((size_t)found.st_size == size)
        return BASK_OK;
    if (found.st_size && !replace)
        return BASK_E_STATE;
    if (found.st_size && ftruncate(fd, 0))
        return BASK_E_SYSTEM;
    errno = posix_fallocate(fd, 0, (off_t)size);
    return errno ? BASK_E_SYSTEM : BASK_OK;
}

/* Alone: the file is made to fit. Else it is waited for whoever puts it in order now, and it has to
 * fit already. */
static int
enter(int fd, size_t size, bool replace)
{
    bool alone = flock(fd, LOCK_EX | LOCK_NB) == 0;
    while (!alone && flock(fd, LOCK_SH))
        if (errno != EINTR)
            return BASK_E_SYSTEM;
    int err = alone ? fit(fd, size, replace) : fit(fd, size, false);
    if (err)
        return err;
    return alone ? BASK_SHARED_FILE_OURS : BASK_SHARED_FILE_JOINED;
}

int
bask_shared_file_open(struct bask_shared_file *file, const char *path, size_t size, bool replace)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return BASK_E_SYSTEM;
    int how = enter(fd, size, replace);
    void *memory = MAP_FAILED;
    if (how >= 0)
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        int number = errno;
        close(fd);
        errno = number;
        return how < 0 ? how : BASK_E_SYSTEM;
    }
    *file = (struct bask_shared_file){memory, size, fd};
    return how;
}

void
bask_shared_file_ready(const struct bask_shared_file *file)
{
    while (flock(file->fd, LOCK_SH) && errno == EINTR)
        ;
}

void
bask_shared_file_sync(const struct bask_shared_file *file)
{
    msync(file->memory, file->size, MS_ASYNC);
}

void
bask_shared_file_close(struct bask_shared_file *file)
{
    munmap(file->memory, file->size);
    close(file->fd);
}

int
bask_shared_file_map(const char *path, int64_t offset, size_t size, char **ret_memory)
{
    struct stat found;
    void *memory = MAP_FAILED;
    int fd = open(path, O_RDWR | O_CLOEXEC), err = BASK_E_SYSTEM;
    if (fd < 0)
        return BASK_E_SYSTEM;
    if (fstat(fd, &found) == 0)
        err = S_ISREG(found.st_mode) && found.st_size - offset < (off_t)size ? BASK_E_STATE : 0;
    if (!err)
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    int number = errno;
    close(fd);
    errno = number;
    if (err || memory == MAP_FAILED)
        return err ? err : BASK_E_SYSTEM;
    *ret_memory = memory;
    return BASK_OK;
}
