/* The text of the environment variable, both ways, and the descriptors that it names. */
#include "ipc/succession.h"

#include "base/buf.h"
#include "base/err.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *kind;
    size_t offset;
} singles[] = {
    {"channel", offsetof(struct bask_succession, channel)},
    {"words", offsetof(struct bask_succession, words)},
    {"control", offsetof(struct bask_succession, control)},
};

enum { SINGLES = sizeof singles / sizeof *singles };

static int *
single_at(const struct bask_succession *succession, size_t index)
{
    return (int *)((char *)succession + singles[index].offset);
}

static int
put(struct bask_buf *text, int fd, const char *kind, bask_str name)
{
    char start[64];
    snprintf(start, sizeof start, "%d %s%s", fd, kind, name.len ? " " : "");
    int err = name.len && memchr(name.ptr, '\n', name.len) ? BASK_E_SYNTAX : BASK_OK;
    if (!err)
        err = bask_buf_append(text, bask_str_of(start));
    if (!err)
        err = bask_buf_append(text, name);
    return err ? err : bask_buf_append(text, BASK_STR("\n"));
}

char *
bask_succession_format(const struct bask_succession *succession)
{
    struct bask_buf text = {0};
    int err = bask_buf_append(&text, BASK_STR(BASK_SUCCESSION_VARIABLE "="));
    for (size_t i = 0; i < SINGLES && !err; i++)
        if (*single_at(succession, i) >= 0)
            err = put(&text, *single_at(succession, i), singles[i].kind, (bask_str){0});
    for (size_t i = 0; i < succession->listeners.count && !err; i++)
        err = put(&text, succession->listeners.items[i].fd,
                  succession->listeners.items[i].borrowed ? "borrowed" : "listener",
                  succession->listeners.items[i].name);
    if (!err)
        err = bask_buf_append(&text, bask_str_n("", 1));
    if (err)
        bask_buf_fini(&text);
    return text.data; /* it starts there: nothing was consumed */
}

/* One line: a number above those of the standard streams, a kind, and perhaps a name. */
static int
parse_line(bask_str line, struct bask_succession *succession)
{
    bask_str number, kind, name = {0};
    long long fd;
    if (!bask_str_cut(line, ' ', &number, &kind) || bask_str_to_i64(number, &fd) || fd < 3 ||
        fd > INT_MAX)
        return BASK_E_SYNTAX;
    bool named = bask_str_cut(kind, ' ', &kind, &name);
    for (size_t i = 0; i < SINGLES; i++)
        if (bask_str_eq(kind, bask_str_of(singles[i].kind))) {
            if (named || *single_at(succession, i) >= 0)
                return BASK_E_SYNTAX;
            *single_at(succession, i) = (int)fd;
            return BASK_OK;
        }
    bool borrowed = bask_str_eq(kind, BASK_STR("borrowed"));
    if ((!borrowed && !bask_str_eq(kind, BASK_STR("listener"))) || !name.len)
        return BASK_E_SYNTAX;
    succession->listeners.items[succession->listeners.count++] =
        (struct bask_sock_given){name, (int)fd, borrowed};
    return BASK_OK;
}

int
bask_succession_parse(bask_str text, struct bask_succession *ret_succession)
{
    struct bask_succession succession = {.channel = -1, .words = -1, .control = -1};
    size_t lines = 0;
    int err = BASK_OK;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    succession.listeners.items = calloc(lines + 1, sizeof *succession.listeners.items);
    if (!succession.listeners.items)
        return BASK_E_NOMEM;
    for (bask_str line; text.len && !err;)
        err =
            bask_str_cut(text, '\n', &line, &text) ? parse_line(line, &succession) : BASK_E_SYNTAX;
    if (err)
        free(succession.listeners.items);
    else
        *ret_succession = succession;
    return err;
}

static int
keep_to_ourselves(int fd)
{
    return fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) ? BASK_E_SYSTEM : BASK_OK;
}

int
bask_succession_take(struct bask_succession *ret_succession)
{
    const char *value = getenv(BASK_SUCCESSION_VARIABLE);
    if (!value)
        return BASK_E_NOTFOUND;
    char *text = strdup(value); /* the names stay in use */
    unsetenv(BASK_SUCCESSION_VARIABLE);
    if (!text)
        return BASK_E_NOMEM;
    struct bask_succession succession;
    int err = bask_succession_parse(bask_str_of(text), &succession);
    if (err) {
        free(text);
        return err;
    }
    succession.text = text;
    for (size_t i = 0; i < SINGLES && !err; i++)
        err = keep_to_ourselves(*single_at(&succession, i));
    for (size_t i = 0; i < succession.listeners.count && !err; i++)
        err = keep_to_ourselves(succession.listeners.items[i].fd);
    if (err)
        bask_succession_fini(&succession);
    else
        *ret_succession = succession;
    return err;
}

void
bask_succession_fini(struct bask_succession *succession)
{
    for (size_t i = 0; i < SINGLES; i++)
        if (*single_at(succession, i) >= 0) {
            close(*single_at(succession, i));
            *single_at(succession, i) = -1;
        }
    for (size_t i = 0; i < succession->listeners.count; i++)
        if (succession->listeners.items[i].fd >= 0)
            close(succession->listeners.items[i].fd);
    free(succession->listeners.items);
    free(succession->text);
    succession->listeners = (struct bask_sock_givens){0};
    succession->text = NULL;
}
