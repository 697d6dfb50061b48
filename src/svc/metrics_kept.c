/* Metrics in files (--metrics-dir), a number each, for whoever reads files; and out of them again.
 */
#include "base/err.h"
#include "base/str.h"
#include "obs/log.h"
#include "svc/metrics_private.h"
#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { NAME_SIZE = 256, TEXT_SIZE = 32 };

static int
open_file(int folder, bask_str name, int flags)
{
    char path[NAME_SIZE];
    snprintf(path, sizeof path, "%.*s", BASK_FMT(name));
    return openat(folder, path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
}

int
bask_metrics_keep(int folder, bask_str name, int64_t value)
{
    char text[TEXT_SIZE];
    int length = snprintf(text, sizeof text, "%" PRId64 "\n", value);
    int fd = open_file(folder, name, O_WRONLY | O_CREAT);
    if (fd < 0)
        return BASK_E_SYSTEM;
    /* First the number, then the rest of a longer one goes: the first line is one at any time. */
    bool done = pwrite(fd, text, (size_t)length, 0) == length && !ftruncate(fd, length);
    int failure = errno;
    close(fd);
    errno = failure;
    return done ? BASK_OK : BASK_E_SYSTEM;
}

int
metrics_read_number(bask_str text, int64_t *ret_number)
{
    bool is_negative = bask_str_starts(text, BASK_STR("-"));
    long long number;
    if (is_negative)
        text = bask_str_n(text.ptr + 1, text.len - 1);
    int err = bask_str_to_i64(text, &number);
    if (!err)
        *ret_number = is_negative ? -number : number;
    return err;
}

static int
read_kept(int folder, bask_str name, int64_t *ret_value)
{
    char text[TEXT_SIZE];
    int fd = open_file(folder, name, O_RDONLY);
    if (fd < 0)
        return errno == ENOENT ? BASK_E_NOTFOUND : BASK_E_SYSTEM;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    bask_str line, rest;
    if (n <= 0 || !bask_str_cut(bask_str_n(text, (size_t)n), '\n', &line, &rest))
        return BASK_E_SYNTAX;
    return metrics_read_number(line, ret_value);
}

int
bask_metrics_restore(struct bask_metrics *metrics, const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return BASK_E_SYSTEM;
    for (size_t i = 0; i < metrics->count; i++) {
        bask_str name = metrics->items[i].name;
        int64_t value;
        int err = read_kept(folder, name, &value);
        if (!err)
            atomic_store(&metrics->values[i], value);
        else if (err != BASK_E_NOTFOUND)
            bask_log(BASK_LOG_WARN, "--metrics-dir-restore: %s/%.*s has no number", path,
                     BASK_FMT(name));
    }
    close(folder);
    return BASK_OK;
}
