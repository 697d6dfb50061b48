/* See spool_file.h. Knows nothing of who does tasks. */
#include "svc/spool_file.h"

#include "base/err.h"
#include "proto/uwsgi.h"
#include "sys/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PRIORITY_MAX = 18, FOLDER_MODE = 0750, FILE_MODE = 0600 };

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
write_all(int fd, bask_str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return BASK_E_SYSTEM;
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return BASK_OK;
}

static int
write_task(int fd, const struct bask_spool_order *order)
{
    const char head[BASK_UWSGI_HEADER] = {BASK_SPOOL_MODIFIER, (char)(order->items.len & 0xff),
                                          (char)(order->items.len >> 8), 0};
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)order->at}};
    if (write_all(fd, bask_str_n(head, sizeof head)) || write_all(fd, order->items) ||
        write_all(fd, order->body) || (order->at && futimens(fd, times)))
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

static int
make_folder(bask_str folder, bask_str priority, char *path, size_t size)
{
    bool has = priority.len > 0;
    int n =
        snprintf(path, size, "%.*s%s%.*s", BASK_FMT(folder), has ? "/" : "", BASK_FMT(priority));
    if (n < 0 || (size_t)n >= size)
        return BASK_E_LIMIT;
    return has && mkdir(path, FOLDER_MODE) && errno != EEXIST ? BASK_E_SYSTEM : BASK_OK;
}

static int
write_file(const char *path, const struct bask_spool_order *order)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return BASK_E_SYSTEM;
    int err = write_task(fd, order);
    int why = errno;
    if (close(fd) && !err)
        err = BASK_E_SYSTEM;
    else
        errno = why;
    return err;
}

int
bask_spool_write(bask_str folder, const struct bask_spool_order *order, char path[BASK_SPOOL_PATH],
                 char *error, size_t error_size)
{
    char where[BASK_SPOOL_PATH - 400], name[360], before[BASK_SPOOL_PATH];
    int err = bask_spool_check_items(order->items);
    if (err) {
        snprintf(error, error_size, "the task is %s",
                 err == BASK_E_LIMIT ? "larger than 64 KiB without its body" : bask_err_text(err));
        return err;
    }
    if (order->priority.len && !bask_spool_is_priority(order->priority)) {
        snprintf(error, error_size, "the priority \"%.*s\" is no number",
                 BASK_FMT(order->priority));
        return BASK_E_SYNTAX;
    }
    err = make_folder(folder, order->priority, where, sizeof where);
    if (!err)
        err = make_name(name, sizeof name);
    if (!err) {
        snprintf(before, sizeof before, "%s/.new_%s", where, name);
        snprintf(path, BASK_SPOOL_PATH, "%s/%s", where, name);
        err = write_file(before, order);
    }
    if (!err && rename(before, path))
        err = BASK_E_SYSTEM;
    if (!err)
        return BASK_OK;
    snprintf(error, error_size, "cannot put a task into %.*s: %s", BASK_FMT(folder),
             err == BASK_E_SYSTEM ? strerror(errno) : bask_err_text(err));
    if (err == BASK_E_SYSTEM)
        unlink(before);
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
        if (n > 0 && (size_t)n < sizeof path)
            err = add_tasks(path, &list); /* what is no folder has none */
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
