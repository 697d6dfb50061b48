/* Paths and files become lists of requests. */
#include "proc/sources.h"

#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILE_MAX = 256 << 20 };

struct report {
    char *text;
    size_t size;
};

/* What clients send beside Host. An application host has other ways through a request with fields
 * than through one without, through known names and unknown ones; all are to be compiled. */
static const bask_str clients[] = {
    BASK_STR(""),
    BASK_STR("User-Agent: Mozilla/5.0 (warm-up)\r\n"
             "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
             "Accept-Language: en-US,en;q=0.5\r\n"
             "Accept-Encoding: identity\r\n"
             "Connection: keep-alive\r\n"),
    BASK_STR("User-Agent: curl/8.0\r\n"
             "Accept: */*\r\n"
             "X-Forwarded-For: 127.0.0.1\r\n"
             "X-Real-IP: 127.0.0.1\r\n"
             "X-Bask-Warmup: 1\r\n"
             "Connection: close\r\n"),
};

static int
add_path(struct bask_replay *replay, bask_str path, size_t client_count)
{
    int err = BASK_OK;
    for (size_t i = 0; i < client_count && !err; i++)
        err = bask_replay_add_path(replay, path, clients[i]);
    return err;
}

static int
add_paths(struct bask_replay *replay, const char *option, const struct bask_values *values,
          size_t client_count, const struct report *report)
{
    for (size_t i = 0; i < values->count; i++) {
        bask_str path, rest = values->items[i].text;
        for (bool more = true; more;) {
            more = bask_str_cut(rest, ',', &path, &rest);
            path = bask_str_trim(more ? path : rest);
            int err = path.len ? add_path(replay, path, client_count) : BASK_OK;
            if (err) {
                snprintf(report->text, report->size,
                         "%.*s: --%s: \"%.*s\" is no path: expected /path or /path?query",
                         BASK_FMT(values->items[i].origin), option, BASK_FMT(path));
                return err;
            }
        }
    }
    return BASK_OK;
}

/* The whole of a regular file; NULL with errno set. */
static char *
read_whole(const char *path, size_t *ret_len)
{
    struct stat status;
    char *text = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    if (fstat(fileno(file), &status))
        goto close;
    if (!S_ISREG(status.st_mode) || status.st_size > FILE_MAX) {
        errno = S_ISREG(status.st_mode) ? EFBIG : EINVAL;
        goto close;
    }
    text = malloc((size_t)status.st_size + 1);
    if (text)
        *ret_len = fread(text, 1, (size_t)status.st_size, file);
close:
    fclose(file);
    return text;
}

static int
add_file(struct bask_sources *sources, const struct bask_value *value, const struct report *report)
{
    struct bask_replay_error wrong;
    size_t len;
    char *text = read_whole(value->text.ptr, &len);
    if (!text) {
        snprintf(report->text, report->size, "%.*s: --warmup-file: cannot read %s: %s",
                 BASK_FMT(value->origin), value->text.ptr, strerror(errno));
        return BASK_E_SYSTEM;
    }
    sources->texts[sources->text_count++] = text;
    int err = bask_replay_read(&sources->warm, text, len, &wrong);
    if (err)
        snprintf(report->text, report->size, "%.*s: --warmup-file: %s: %s", BASK_FMT(value->origin),
                 value->text.ptr, err == BASK_E_SYNTAX ? wrong.text : bask_err_text(err));
    return err;
}

static bool
is_listed(bask_str method, bask_str methods)
{
    bask_str name;
    for (bool more = true; more;) {
        more = bask_str_cut(methods, ',', &name, &methods);
        if (bask_str_eq(bask_str_trim(more ? name : methods), method))
            return true;
    }
    return false;
}

/* Requests that a user did not allow to be made are taken out. */
static void
keep_allowed(struct bask_sources *sources, bask_str methods)
{
    struct bask_replay *warm = &sources->warm;
    size_t kept = 0;
    for (size_t i = 0; i < warm->count; i++)
        if (is_listed(warm->items[i].method, methods))
            warm->items[kept++] = warm->items[i];
    sources->skipped = warm->count - kept;
    warm->count = kept;
}

int
bask_sources_read(struct bask_sources *sources, const struct bask_warmup_options *options,
                  char *error, size_t error_size)
{
    const struct report report = {error, error_size};
    *sources = (struct bask_sources){0};
    snprintf(error, error_size, "warm-up: %s", bask_err_text(BASK_E_NOMEM));
    sources->texts = calloc(options->files.count + 1, sizeof *sources->texts);
    int err = sources->texts ? BASK_OK : BASK_E_NOMEM;
    if (!err)
        err = add_paths(&sources->ready, "ready-url", &options->ready_urls, 1, &report);
    for (size_t i = 0; i < options->files.count && !err; i++)
        err = add_file(sources, &options->files.items[i], &report);
    if (err)
        return err;
    keep_allowed(sources, options->methods);
    return add_paths(&sources->warm, "warmup", &options->paths, sizeof clients / sizeof *clients,
                     &report);
}

void
bask_sources_fini(struct bask_sources *sources)
{
    for (size_t i = 0; i < sources->text_count; i++)
        free(sources->texts[i]);
    free(sources->texts);
    bask_replay_fini(&sources->ready);
    bask_replay_fini(&sources->warm);
}
