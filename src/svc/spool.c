/*
 * The service "spool". A spooler does one task at a time; its file stays open and locked meanwhile.
 * The lock is fcntl(2)'s, which goes with the process, and with any descriptor of the same file
 * that this process closes: so nobody else here opens that file.
 */
#include "svc/private.h"

#include "base/err.h"
#include "obs/log.h"
#include "svc/spool_file.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BAD_FILE_US = 60000000, STUCK_FILE_US = 10000000, WRITING_US = 60000000 };

/* Of a spooler: what is left to look at, and the task that it does. */
static struct bask_spool_list list;
static int present_fd = -1;
static int64_t soonest_us = INT64_MAX; /* when a task is due that was found too early */

static bask_str
folder(uint32_t index, int *ret_is_ours)
{
    if (!svc.aides || index >= svc.aides->folder_count)
        return (bask_str){0};
    *ret_is_ours = svc.aides->folders[index].is_ours;
    return bask_str_of(svc.aides->folders[index].path);
}

static int32_t
spooler(uint32_t index, bask_str *ret_folder)
{
    uint32_t aide = svc.aides ? svc.aides->mules + index : 0;
    int32_t pid = 0;
    if (!svc.aides || aide >= svc.aides->count)
        return -1;
    for (uint32_t side = 0; side < BASK_AIDE_SIDES && !pid; side++)
        pid = atomic_load(&bask_aide_place(svc.aides, aide, side)->pid);
    *ret_folder = svc.aides->items[aide].work;
    return pid;
}

/* The server's folder that is meant; absent: none. */
static bask_str
find_folder(bask_str wanted)
{
    char *path = NULL, *real = NULL;
    bask_str found = {0};
    int ours;
    if (!wanted.len)
        return folder(0, &ours);
    if (asprintf(&path, "%.*s", BASK_FMT(wanted)) < 0)
        return found;
    real = realpath(path, NULL);
    for (uint32_t i = 0; real && folder(i, &ours).ptr && !found.ptr; i++)
        if (bask_str_eq(folder(i, &ours), bask_str_of(real)))
            found = folder(i, &ours);
    free(real);
    free(path);
    return found;
}

static int
put(const struct bask_spool_order *order, char path[BASK_SPOOL_PATH], char *error,
    size_t error_size)
{
    bask_str where = find_folder(order->folder);
    if (!where.ptr) {
        snprintf(error, error_size, "there is no spooler%s%.*s (--spooler)",
                 order->folder.len ? " on " : "", BASK_FMT(order->folder));
        return BASK_E_NOTFOUND;
    }
    int err = bask_spool_write(where, order, path, error, error_size);
    if (!err)
        bask_aides_wake_spoolers(svc.aides, where);
    return err;
}

static int
fill(int fd, const char *path, struct bask_spool_task *ret_task)
{
    char *bytes, *name = strdup(path);
    size_t len;
    int err = name ? bask_spool_read(fd, &bytes, &len) : BASK_E_NOMEM;
    if (err) {
        free(name);
        return err;
    }
    struct bask_spool_task task = {.size = ret_task->size, .path = name, .memory = bytes};
    err = bask_spool_parse(bask_str_n(bytes, len), &task.items, &task.body);
    if (err) {
        free(name);
        free(bytes);
        return err;
    }
    *ret_task = task;
    return BASK_OK;
}

static void
release(struct bask_spool_task *task)
{
    free(task->memory);
    free((char *)task->path);
    *task = (struct bask_spool_task){.size = task->size};
}

static bool
is_present(const struct stat *about)
{
    struct stat present;
    return present_fd >= 0 && !fstat(present_fd, &present) && present.st_dev == about->st_dev &&
           present.st_ino == about->st_ino;
}

static int
read_task(bask_str path, struct bask_spool_task *ret_task)
{
    char name[BASK_SPOOL_PATH];
    struct stat about;
    int n = snprintf(name, sizeof name, "%.*s", BASK_FMT(path));
    if (n < 0 || (size_t)n >= sizeof name || memchr(path.ptr, '\0', path.len) ||
        stat(name, &about) || !S_ISREG(about.st_mode))
        return BASK_E_NOTFOUND;
    if (is_present(&about))
        return fill(present_fd, name, ret_task);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return BASK_E_NOTFOUND;
    int err = fill(fd, name, ret_task);
    close(fd);
    return err == BASK_E_AGAIN ? BASK_E_SYNTAX : err;
}

static bool
come_back_in(int64_t us)
{
    int64_t at = bask_clock_us() + us;
    if (at < soonest_us)
        soonest_us = at;
    return false;
}

#define FAR_AWAY INT64_C(1000000000000) /* a Unix time that can be reckoned with */

/* Nobody else does it, it is still there, and its time has come: for how long already. */
static bool
lock(int fd, int64_t *ret_due_us)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat about;
    if (fcntl(fd, F_SETLK, &whole) || fstat(fd, &about) || !about.st_nlink ||
        !S_ISREG(about.st_mode))
        return false;
    int64_t at = about.st_mtim.tv_sec < FAR_AWAY ? about.st_mtim.tv_sec : FAR_AWAY;
    int64_t due_us = bask_clock_wall_us() - (at > 0 ? at : 0) * 1000000;
    *ret_due_us = due_us;
    return due_us >= 0 || come_back_in(-due_us);
}

/* A file that is too short may be in the writing, but not for ever. */
static int
lock_and_fill(int fd, const char *path, struct bask_spool_task *ret_task)
{
    int64_t due_us;
    if (!lock(fd, &due_us))
        return BASK_E_AGAIN;
    int err = fill(fd, path, ret_task);
    return err == BASK_E_AGAIN && due_us > WRITING_US ? BASK_E_SYNTAX : err;
}

/* Locks and reads the task, if it is one that can be done now. */
static int
try_task(const char *path, struct bask_spool_task *ret_task)
{
    uint64_t name = bask_suspect_name(bask_str_of(path));
    int64_t early_us = bask_suspect_not_before_us(svc.aides, name) - bask_clock_us();
    if (early_us > 0 && !come_back_in(early_us))
        return BASK_E_AGAIN;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return BASK_E_NOTFOUND;
    int err = lock_and_fill(fd, path, ret_task);
    if (!err) {
        present_fd = fd;
        svc_aide_note_task(bask_str_of(path));
        return BASK_OK;
    }
    close(fd);
    if (err != BASK_E_AGAIN && bask_suspect_add(svc.aides, name, BAD_FILE_US) == 1)
        bask_log(BASK_LOG_WARN, "%s is left alone: %s", path, bask_err_text(err));
    return err;
}

static int
take(struct bask_spool_task *ret_task)
{
    if (!svc_aide.about || svc_aide.about->kind != BASK_AIDE_SPOOLER)
        return BASK_E_STATE;
    if (!list.paths)
        soonest_us = INT64_MAX;
    if (!list.paths && bask_spool_list(svc_aide.about->work.ptr, &list)) {
        bask_log(BASK_LOG_ERROR, "cannot look into %s: %s", svc_aide.about->work.ptr,
                 strerror(errno));
        return BASK_E_NOTFOUND;
    }
    while (list.at < list.count)
        if (!try_task(list.paths[list.at++], ret_task))
            return BASK_OK;
    bask_spool_list_fini(&list);
    return BASK_E_NOTFOUND;
}

static void
finish(struct bask_spool_task *task, int remove_it)
{
    uint64_t name = bask_suspect_name(bask_str_of(task->path));
    bask_suspect_clear(svc.aides, name);
    if (remove_it && unlink(task->path) && errno != ENOENT) {
        bask_log(BASK_LOG_ERROR, "cannot remove %s, which is done: %s", task->path,
                 strerror(errno));
        bask_suspect_add(svc.aides, name, STUCK_FILE_US);
    }
    svc_aide_note_task((bask_str){0});
    close(present_fd);
    present_fd = -1;
    release(task);
}

static int64_t
wait_ms(void)
{
    int64_t ms = svc.aides && svc.aides->shared ? atomic_load(&svc.aides->shared->frequency_ms) : 0;
    int64_t soonest_ms = soonest_us == INT64_MAX ? ms : (soonest_us - bask_clock_us()) / 1000 + 1;
    return soonest_ms < 0 ? 0 : soonest_ms < ms ? soonest_ms : ms;
}

static void
set_frequency_ms(int64_t ms)
{
    if (!svc.aides || !svc.aides->shared)
        return;
    atomic_store(&svc.aides->shared->frequency_ms, ms);
    bask_aides_wake_spoolers(svc.aides, (bask_str){0});
}

static int
is_quiet(void)
{
    return svc.aides && svc.aides->options && svc.aides->options->spooler_quiet;
}

static int64_t
max_tasks(void)
{
    return svc.aides && svc.aides->options ? svc.aides->options->spooler_max_tasks : 0;
}

const struct bask_service_spool svc_spool = {
    .size = sizeof svc_spool,
    .folder = folder,
    .spooler = spooler,
    .put = put,
    .read = read_task,
    .release = release,
    .take = take,
    .finish = finish,
    .wait_ms = wait_ms,
    .set_frequency_ms = set_frequency_ms,
    .is_quiet = is_quiet,
    .max_tasks = max_tasks,
};
