/*
 * The master: keeps the listening sockets open, a zygote alive and every worker running.
 *
 * Small on purpose: it serves no request and never loads an interpreter. It speaks to zygotes by
 * ipc/channel.h and to workers by signals; workers tell it to look at the scoreboard by its bell.
 *
 *   SIGINT            stop at once: requests get a second to end
 *   SIGQUIT           the same; with --die-on-term a reload that cuts requests off
 *   SIGTERM           a reload that cuts requests off; with --die-on-term stop at once, with
 *                     --graceful-on-term stop when the requests are done
 *   SIGHUP            a reload that lets requests end
 *   SIGTSTP           pause, or go on
 *   SIGUSR1           a report to the log
 *   SIGUSR2           nothing
 *
 * A reload starts a new zygote; only when that has loaded the application, and its first worker
 * accepts, is a worker of the old one told to end. A new version that does not get that far changes
 * nothing.
 */
#pragma once

#include "ipc/orders.h"
#include "ipc/succession.h"
#include "master/options.h"
#include "obs/apps.h"
#include "obs/board.h"
#include "obs/log_options.h"
#include "svc/aides.h"
#include "svc/shared.h"
#include "svc/signals.h"
#include "sys/notify.h"

#include <sys/types.h>

/* How to start the program again over the same sockets. */
struct bask_master_handover {
    const char *program;
    char *const *argv;
    const char *folder; /* where this one was started */
    struct bask_sock_givens listeners;
};

/* A listening socket as those who look at the server know it. */
struct bask_master_socket {
    bask_str name;        /* as the user wrote it */
    const char *protocol; /* "http" */
};

struct bask_master_plan {
    const struct bask_board *board;
    const struct bask_apps *apps; /* of the workers */
    const struct bask_master_options *options;
    const struct bask_log_options *log; /* NULL: nothing was said of it */
    const int *sockets; /* where requests come from, [socket_count]; the master accepts nothing */
    const struct bask_master_socket *socket_names; /* [socket_count] */
    size_t socket_count;
    mode_t socket_mode; /* of unix sockets that people connect to; 0: as the umask has it */
    const struct bask_notify *notify; /* the service manager; NULL: there is none */
    int64_t load_limit_ms;            /* for loading, warming and getting ready; 0: none */
    int64_t request_limit_ms, request_grace_ms; /* of a request: workers see to it (limits.c) */
    /* As fork(2). A process with an interpreter in it has its own way. */
    pid_t (*fork)(void);
    /* Becomes this zygote in the calling (new) process; does not return. */
    void (*run_zygote)(void *context, const struct bask_zygote_orders *orders);
    /* Becomes the process that keeps the log in the calling (new) process; does not return. NULL:
     * there is none, else `keeper` is its number. */
    void (*keep_log)(void *context);
    pid_t *keeper;
    void *context; /* of both */
    /* The first generation has loaded: there is something to serve. May be NULL. */
    void (*serving)(void);
    /* Makes this master known, in its pidfiles; may be NULL. */
    void (*announce)(void *context);
    void (*run_hook)(const char *text);          /* for --hook-touch */
    const struct bask_master_handover *handover; /* NULL: no upgrade is possible */
    struct bask_succession *before;              /* NULL, or this master replaces another one */
    bool programs; /* workers are programs of their own, and know nothing of the server */
    struct bask_signal_board *signals; /* of applications; NULL: they have none */
    const struct bask_aides *aides;    /* mules and spoolers */
    struct bask_alarms *alarms;        /* NULL: there are none */
    const struct bask_shared *shared;  /* what they share; NULL: nothing */
    const struct bask_shared_options *shared_options;
    bool vacuum;      /* remove the FIFO and the control socket at the end */
    bool *ret_shared; /* NULL, or set at the end if another master has the sockets, too */
};

/* Runs until told to stop. The exit status of the server: 0 after a stop, else what the first
 * zygote said. */
int bask_master_run(const struct bask_master_plan *plan);
