/*
 * The way of alarms from all processes to the master: a socket that keeps messages apart and in
 * order, and where nobody who dies leaves anything behind.
 */
#include "svc/alarms.h"

#include "base/err.h"
#include "svc/private.h"
#include "sys/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static int
open_way(struct bask_alarms *alarms, char *error, size_t error_size)
{
    int ends[2];
    alarms->lost = bask_proc_shared_memory(sizeof *alarms->lost);
    if (!alarms->lost ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends)) {
        snprintf(error, error_size, "alarms: %s", strerror(errno));
        return BASK_E_SYSTEM;
    }
    alarms->inlet = ends[0];
    alarms->outlet = ends[1];
    return BASK_OK;
}

int
bask_alarms_open(struct bask_alarms **ret_alarms, const struct bask_alarm_options *options,
                 char *error, size_t error_size)
{
    struct bask_alarms *alarms = calloc(1, sizeof *alarms);
    if (!alarms) {
        snprintf(error, error_size, "alarms: %s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    alarms->options = options;
    alarms->inlet = alarms->outlet = -1;
    int err = svc_alarms_read(alarms, error, error_size);
    if (!err && alarms->count)
        err = open_way(alarms, error, error_size);
    if (err || !alarms->count)
        bask_alarms_free(&alarms);
    *ret_alarms = alarms;
    return err;
}

void
bask_alarms_free(struct bask_alarms **alarms)
{
    struct bask_alarms *all = *alarms;
    if (!all)
        return;
    if (all->inlet >= 0)
        close(all->inlet);
    if (all->outlet >= 0)
        close(all->outlet);
    if (all->lost)
        bask_proc_unshare_memory(all->lost, sizeof *all->lost);
    for (size_t i = 0; i < all->rule_count; i++)
        regfree(&all->rules[i].pattern);
    free(all->rules);
    free(all->files);
    free(all);
    *alarms = NULL;
}

uint64_t
bask_alarms_find(const struct bask_alarms *alarms, bask_str name)
{
    uint64_t whom = 0;
    for (uint32_t i = 0; i < alarms->count; i++)
        if (bask_str_eq(alarms->items[i].name, name))
            whom |= UINT64_C(1) << i;
    return whom;
}

int
bask_alarms_raise(const struct bask_alarms *alarms, uint64_t whom, bask_str message)
{
    size_t longest = (size_t)alarms->options->longest;
    struct iovec parts[] = {
        {&whom, sizeof whom},
        {(char *)(uintptr_t)message.ptr, message.len < longest ? message.len : longest},
    };
    const struct msghdr what = {.msg_iov = parts, .msg_iovlen = 2};
    while (sendmsg(alarms->inlet, &what, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        if (errno != EINTR) {
            atomic_fetch_add(alarms->lost, 1);
            return BASK_E_LIMIT;
        }
    return BASK_OK;
}

size_t
bask_alarms_buffer_size(const struct bask_alarms *alarms)
{
    return sizeof(uint64_t) + (size_t)alarms->options->longest;
}

int
bask_alarms_take(const struct bask_alarms *alarms, char *buffer, uint64_t *ret_whom,
                 bask_str *ret_message)
{
    ssize_t n = recv(alarms->outlet, buffer, bask_alarms_buffer_size(alarms), MSG_DONTWAIT);
    if (n < (ssize_t)sizeof *ret_whom)
        return BASK_E_AGAIN;
    memcpy(ret_whom, buffer, sizeof *ret_whom);
    *ret_message = bask_str_n(buffer + sizeof *ret_whom, (size_t)n - sizeof *ret_whom);
    return BASK_OK;
}

void
bask_alarms_leave(struct bask_alarms *alarms)
{
    close(alarms->outlet);
    alarms->outlet = -1;
}

uint64_t
bask_alarms_lost(const struct bask_alarms *alarms)
{
    return atomic_load_explicit(alarms->lost, memory_order_relaxed)
               ? atomic_exchange(alarms->lost, 0)
               : 0;
}

/* The service */

static int
raise_by_name(bask_str name, bask_str message)
{
    uint64_t whom = svc.alarms ? bask_alarms_find(svc.alarms, name) : 0;
    return whom ? bask_alarms_raise(svc.alarms, whom, message) : BASK_E_NOTFOUND;
}

static bool
watches(void)
{
    return svc.alarms && svc.alarms->rule_count;
}

static void
see(bask_str lines)
{
    bask_alarms_see(lines.ptr, lines.len);
}

static bool
exist(void)
{
    return svc.alarms != NULL;
}

const struct bask_service_alarm svc_alarm = {
    .size = sizeof svc_alarm,
    .exist = exist,
    .raise = raise_by_name,
    .watches = watches,
    .see = see,
};
