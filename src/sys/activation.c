/* The variables of socket activation. They are for one process, which LISTEN_PID names. */
#include "sys/activation.h"

#include "base/err.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST = 3, MOST = 1024 };

/* How many were given to this process. */
static size_t
count_them(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    long long whose, many;
    if (!pid || !count || bask_str_to_i64(bask_str_of(pid), &whose) || whose != getpid() ||
        bask_str_to_i64(bask_str_of(count), &many) || many > MOST)
        return 0;
    return (size_t)many;
}

int
bask_activation_take(struct bask_sock_givens *ret_givens)
{
    size_t count = count_them();
    const char *variable = getenv("LISTEN_FDNAMES");
    char *text = strdup(count && variable ? variable : ""); /* names are views into it */
    struct bask_sock_given *items = calloc(count + 2, sizeof *items);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (!text || !items) {
        free(text);
        free(items);
        return BASK_E_NOMEM;
    }
    bask_str names = bask_str_of(text);
    for (size_t i = 0; i < count; i++) {
        bask_str name = names, rest = {"", 0};
        bask_str_cut(names, ':', &name, &rest);
        names = rest;
        items[i] = (struct bask_sock_given){.name = name, .fd = FIRST + (int)i};
        if (fcntl(items[i].fd, F_SETFD, FD_CLOEXEC))
            items[i].fd = -1; /* it is not there */
    }
    /* At once: standard input will soon be another file. */
    if (bask_sock_is_listening(STDIN_FILENO)) {
        items[count].name = BASK_STR("0");
        items[count++].fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, FIRST);
    }
    *ret_givens = (struct bask_sock_givens){.items = items, .count = count, .text = text};
    return BASK_OK;
}

size_t
bask_activation_fini(struct bask_sock_givens *givens)
{
    size_t left = 0;
    for (size_t i = 0; i < givens->count; i++)
        if (givens->items[i].fd >= 0) {
            close(givens->items[i].fd);
            left++;
        }
    free(givens->items);
    free(givens->text);
    *givens = (struct bask_sock_givens){0};
    return left;
}
