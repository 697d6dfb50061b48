/* See spool_file.h. Knows nothing of who does tasks. */
#include "svc/spool_file.h"

#include "base/err.h"
#include "proto/uwsgi.h"
#include "sys/clock.h"
#include "sys/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PRIORITY_MAX = 18, NAME_SIZE = 360, FOLDER_MODE = 0750, FILE_MODE = 0600 };

int
bask_spool_check_items(bask_str items)
{
    struct bask_uwsgi_var item;
    int more;
    if (items.len > BASK_SPOOL_ITEMS)
        return BASK_E_LIMIT;
    while ((more = bask_uwsgi_next(&items, &item)) > 0)
        continue;
    return more < 0 ? BASK_E_SYNTAX : BASK_OK;
}

int
bask_spool_parse(bask_str bytes, bask_str *ret_items, bask_str *ret_body)
{
    struct bask_uwsgi_packet packet;
    int used = bask_uwsgi_parse(bytes.ptr, bytes.len, BASK_SPOOL_ITEMS, &packet);
    if (used == -2)
        return BASK_E_AGAIN;
    if (used < 0 || packet.modifier1 != BASK_SPOOL_MODIFIER || bask_spool_check_items(packet.vars))
        return BASK_E_SYNTAX;
    *ret_items = packet.vars;
    *ret_body = bask_str_n(bytes.ptr + used, bytes.len - (size_t)used);
    return BASK_OK;
}

bool
bask_spool_is_priority(bask_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0 && text.len <= PRIORITY_MAX;
}

static int
write_task(int fd, const struct bask_spool_order *order)
{
    const char head[BASK_UWSGI_HEADER] = {BASK_SPOOL_MODIFIER, (char)(order->items.len & 0xff),
                                          (char)(order->items.len >> 8), 0};
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)order->at}};
    if (bask_file_write(fd, bask_str_n(head, sizeof head)) || bask_file_write(fd, order->items) ||
        bask_file_write(fd, order->body) || (order->at && futimens(fd, times)))
        return BASK_E_SYSTEM;
    return BASK_OK;
}

/* A name that no other task has. */
static int
make_name(char *name, size_t size)
{
    static _Atomic unsigned counter;
    char host[256] = "localhost";
    unsigned random = 0;
    int64_t now = bask_clock_wall_us();
    gethostname(host, sizeof host - 1);
    if (getrandom(&random, sizeof random, 0) < 0)
        random = (unsigned)now;
    for (char *at = host; *at; at++)
        if (*at == '/')
            *at = '_';
    int n = snprintf(name, size, BASK_SPOOL_PREFIX "%s_%d_%u_%u_%lld_%lld", host, (int)getpid(),
                     atomic_fetch_add(&counter, 1) + 1, random & 0x7fffffff,
                     (long long)(now / 1000000), (long long)(now % 1000000));
    return n < 0 || (size_t)n >= size ? BASK_E_LIMIT : BASK_OK;
}

/* The folder itself or that of a priority, which is made if missing; never what a link points to.
 */
static int
open_folder(bask_str folder, bask_str priority, int *ret_fd)
{
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    char path[BASK_SPOOL_PATH], name[PRIORITY_MAX + 1];
    int n = snprintf(path, sizeof path, "%.*s", BASK_FMT(folder));
    if (n < 0 || (size_t)n >= sizeof path)
        return BASK_E_LIMIT;
    int fd = open(path, flags), whole = fd;
    if (fd >= 0 && priority.len) {
        snprintf(name, sizeof name, "%.*s", BASK_FMT(priority));
        fd = mkdirat(whole, name, FOLDER_MODE) && errno != EEXIST
                 ? -1
                 : openat(whole, name, flags | O_NOFOLLOW);
        int why = errno;
        close(whole);
        errno = why;
    }
    if (fd < 0)
        return BASK_E_SYSTEM;
    *ret_fd = fd;
    return BASK_OK;
}

static int
write_file(int folder, const char *name, const struct bask_spool_order *order)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return BASK_E_SYSTEM;
    int err = write_task(fd, order), why = errno;
    if (close(fd) && !err)
        err = BASK_E_SYSTEM;
    else
        errno = why;
    return err;
}

/* It appears whole, or not at all. */
static int
put_file(int folder, const char *name, const struct bask_spool_order *order)
{
    char before[NAME_SIZE + 8];
    snprintf(before, sizeof before, ".new_%s", name);
    int err = write_file(folder, before, order);
    if (!err && renameat(folder, before, folder, name))
        err = BASK_E_SYSTEM;
    if (err) {
        int why = errno;
        unlinkat(folder, before, 0);
        errno = why;
    }
    return err;
}

static int
check_order(const struct bask_spool_order *order, char *error, size_t error_size)
{
    int err = bask_spool_check_items(order->items);
    if (err)
        snprintf(error, error_size, "the task is %s",
                 err == BASK_E_LIMIT ? "larger than 64 KiB without its body" : bask_err_text(err));
    if (err || !order->priority.len || bask_spool_is_priority(order->priority))
        return err;
    snprintf(error, error_size, "the priority \"%.*s\" is no number", BASK_FMT(order->priority));
    return BASK_E_SYNTAX;
}

int
bask_spool_write(bask_str folder, const struct bask_spool_order *order, char path[BASK_SPOOL_PATH],
                 char *error, size_t error_size)
{
    char name[NAME_SIZE];
    int fd = -1, err = check_order(order, error, error_size);
    if (err)
        return err;
    bask_str priority = order->priority;
    err = make_name(name, sizeof name);
    if (!err) {
        int n = snprintf(path, BASK_SPOOL_PATH, "%.*s%s%.*s/%s", BASK_FMT(folder),
                         priority.len ? "/" : "", BASK_FMT(priority), name);
        err = n < 0 || n >= BASK_SPOOL_PATH ? BASK_E_LIMIT : BASK_OK;
    }
    if (!err)
        err = open_folder(folder, priority, &fd);
    if (!err)
        err = put_file(fd, name, order);
    if (err)
        snprintf(error, error_size, "cannot put a task into %.*s: %s", BASK_FMT(folder),
                 err == BASK_E_SYSTEM ? strerror(errno) : bask_err_text(err));
    if (fd >= 0)
        close(fd);
    return err;
}

int
bask_spool_read(int fd, char **ret_bytes, size_t *ret_len)
{
    struct stat about;
    if (fstat(fd, &about))
        return BASK_E_SYSTEM;
    size_t size = (size_t)about.st_size, len = 0;
    char *bytes = malloc(size + 1);
    if (!bytes)
        return BASK_E_NOMEM;
    while (len < size) {
        ssize_t n = pread(fd, bytes + len, size - len, (off_t)len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(bytes);
            return BASK_E_SYSTEM;
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    bytes[len] = '\0';
    *ret_bytes = bytes;
    *ret_len = len;
    return BASK_OK;
}

static int
is_task(const struct dirent *entry)
{
    return strncmp(entry->d_name, BASK_SPOOL_PREFIX, strlen(BASK_SPOOL_PREFIX)) == 0;
}

static int
is_priority(const struct dirent *entry)
{
    return bask_spool_is_priority(bask_str_of(entry->d_name));
}

/* Not a link to one: tasks of elsewhere are not ours to do. */
static bool
is_folder(const char *path)
{
    struct stat about;
    return !lstat(path, &about) && S_ISDIR(about.st_mode);
}

static void
free_entries(struct dirent **entries, int count)
{
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

static int
add_tasks(const char *folder, struct bask_spool_list *list)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_task, versionsort), err = BASK_OK;
    if (count < 0)
        return BASK_E_SYSTEM;
    char **paths = realloc(list->paths, (list->count + (size_t)count + 1) * sizeof *paths);
    if (paths)
        list->paths = paths;
    else
        err = BASK_E_NOMEM;
    for (int i = 0; i < count && !err; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
            err = BASK_E_NOMEM;
        else
            list->paths[list->count++] = path;
    }
    free_entries(entries, count);
    return err;
}

int
bask_spool_list(const char *folder, struct bask_spool_list *ret_list)
{
    struct dirent **entries;
    struct bask_spool_list list = {0};
    int count = scandir(folder, &entries, is_priority, versionsort), err = BASK_OK;
    if (count < 0)
        return BASK_E_SYSTEM;
    for (int i = 0; i < count && err != BASK_E_NOMEM; i++) {
        char path[BASK_SPOOL_PATH];
        int n = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (n > 0 && (size_t)n < sizeof path && is_folder(path))
            err = add_tasks(path, &list);
    }
    free_entries(entries, count);
    err = err == BASK_E_NOMEM ? err : add_tasks(folder, &list);
    if (err)
        bask_spool_list_fini(&list);
    else
        *ret_list = list;
    return err;
}

void
bask_spool_list_fini(struct bask_spool_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (struct bask_spool_list){0};
}
