/*
 * Telling the service manager how the server is: the datagrams of sd_notify(3), without a library.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct bask_notify {
    struct sockaddr_un address;
    socklen_t length;    /* 0: nobody wants to be told */
    int64_t watchdog_us; /* how often the manager wants a sign of life at least; 0: it does not */
};

/* Reads what the manager asked for in the environment, and takes it out of there: children do not
 * speak for the server. */
void bask_notify_take(struct bask_notify *ret_notify);
/* Lines like "READY=1", separated by "\n". Nothing waits, and nothing comes of a failure. */
void bask_notify_send(const struct bask_notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts the wishes into the environment again, for a successor that is about to be started, and
 * takes them out. */
void bask_notify_lend(const struct bask_notify *notify);
void bask_notify_take_back(void);
/* Another process takes the place of the one that the manager watches. */
void bask_notify_successor(const struct bask_notify *notify, pid_t pid);
