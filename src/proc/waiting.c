/* Looks several times a second; nothing here is needed often. */
#include "proc/waiting.h"

#include "base/err.h"
#include "base/str.h"
#include "obs/log.h"
#include "svc/peer.h"
#include "sys/clock.h"
#include "sys/sock.h"

#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum { PAUSE_NS = 100000000, USUAL_MS = 60000, DAY_MS = 86400000, CONNECT_MS = 1000 };

#define AT(member) offsetof(struct bask_waiting_options, member)

static const struct bask_option rows[] = {
    {"wait-for-fs", NULL, 0, BASK_OPT_LIST, AT(any), 0, 0, NULL, "PATH",
     "begin only when this file or folder is there", .flags = BASK_OPT_FIXED},
    {"wait-for-file", NULL, 0, BASK_OPT_LIST, AT(files), 0, 0, NULL, "FILE",
     "begin only when this is a file", .flags = BASK_OPT_FIXED},
    {"wait-for-dir", NULL, 0, BASK_OPT_LIST, AT(folders), 0, 0, NULL, "DIR",
     "begin only when this is a folder", .flags = BASK_OPT_FIXED},
    {"wait-for-mountpoint", NULL, 0, BASK_OPT_LIST, AT(mountpoints), 0, 0, NULL, "DIR",
     "begin only when something is mounted on this folder", .flags = BASK_OPT_FIXED},
    {"wait-for-fs-timeout", NULL, 0, BASK_OPT_DURATION, AT(fs_ms), 0, DAY_MS, "60", "SECONDS",
     "how long these four wait before the start fails; 0: 60 s", .flags = BASK_OPT_FIXED},
    {"wait-for-interface", "wait-interface wait-for-iface wait-iface", 0, BASK_OPT_LIST,
     AT(interfaces), 0, 0, NULL, "NAME", "begin only when this network interface is there",
     .flags = BASK_OPT_FIXED},
    {"wait-for-interface-timeout",
     "wait-interface-timeout wait-for-iface-timeout "
     "wait-iface-timeout",
     0, BASK_OPT_DURATION, AT(interface_ms), 0, DAY_MS, "60", "SECONDS",
     "how long that waits before the start fails; 0: 60 s", .flags = BASK_OPT_FIXED},
    {"wait-for-socket", NULL, 0, BASK_OPT_LIST, AT(sockets), 0, 0, NULL, "ADDRESS",
     "load the application only when somebody accepts connections at this address"},
    {"wait-for-socket-timeout", NULL, 0, BASK_OPT_DURATION, AT(socket_ms), 0, DAY_MS, "60",
     "SECONDS", "how long that waits before loading fails; 0: 60 s"},
};

struct bask_option_table
bask_waiting_option_table(struct bask_waiting_options *values)
{
    return (struct bask_option_table){
        .group = "Waiting at the start",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

static bool
is_kind(const char *name, mode_t kind)
{
    struct stat status;
    return !stat(name, &status) && (!kind || (status.st_mode & S_IFMT) == kind);
}

static bool
is_mountpoint(const char *name)
{
    char above[PATH_MAX];
    struct stat status, other;
    int n = snprintf(above, sizeof above, "%s/..", name);
    return n > 0 && (size_t)n < sizeof above && !stat(name, &status) && S_ISDIR(status.st_mode) &&
           !stat(above, &other) && status.st_dev != other.st_dev;
}

static bool
accepts(const char *name)
{
    char error[256];
    struct bask_peer peer = {.timeout_ms = CONNECT_MS, .error = error, .error_size = sizeof error};
    if (bask_peer_open(&peer, bask_str_of(name)))
        return false;
    bask_peer_close(&peer);
    return true;
}

static bool
is_there(enum bask_waiting_kind kind, const char *name)
{
    switch (kind) {
    case BASK_WAITING_ANY:
        return is_kind(name, 0);
    case BASK_WAITING_FILE:
        return is_kind(name, S_IFREG);
    case BASK_WAITING_FOLDER:
        return is_kind(name, S_IFDIR);
    case BASK_WAITING_MOUNTPOINT:
        return is_mountpoint(name);
    case BASK_WAITING_INTERFACE:
        return if_nametoindex(name) != 0;
    case BASK_WAITING_SOCKET:
        return accepts(name);
    }
    return false;
}

int
bask_waiting_for(enum bask_waiting_kind kind, const char *name, int64_t limit_ms, char *error,
                 size_t error_size)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct bask_sockaddr addr;
    if (kind == BASK_WAITING_SOCKET && bask_sock_parse(bask_str_of(name), &addr, error, error_size))
        return BASK_E_SYNTAX;
    int64_t deadline = bask_clock_us() + limit_ms * 1000;
    while (!is_there(kind, name)) {
        if (bask_clock_us() >= deadline) {
            snprintf(error, error_size, "%s did not appear within %g s", name,
                     (double)limit_ms / 1000);
            return BASK_E_TIMEOUT;
        }
        nanosleep(&pause, NULL);
    }
    return BASK_OK;
}

static int
wait_for_all(enum bask_waiting_kind kind, const struct bask_values *names, int64_t limit_ms,
             char *error, size_t error_size)
{
    int64_t limit = limit_ms ? limit_ms : USUAL_MS;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i].text.ptr; /* ends in NUL, as every value does */
        if (!is_there(kind, name))
            bask_log(BASK_LOG_INFO, "waiting for %s, %g s at the most", name, (double)limit / 1000);
        int err = bask_waiting_for(kind, name, limit, error, error_size);
        if (err)
            return err;
        bask_log(BASK_LOG_INFO, "%s is there", name);
    }
    return BASK_OK;
}

int
bask_waiting_begin(const struct bask_waiting_options *options, char *error, size_t error_size)
{
    const struct {
        enum bask_waiting_kind kind;
        const struct bask_values *names;
        int64_t limit_ms;
    } steps[] = {
        {BASK_WAITING_INTERFACE, &options->interfaces, options->interface_ms},
        {BASK_WAITING_ANY, &options->any, options->fs_ms},
        {BASK_WAITING_FILE, &options->files, options->fs_ms},
        {BASK_WAITING_FOLDER, &options->folders, options->fs_ms},
        {BASK_WAITING_MOUNTPOINT, &options->mountpoints, options->fs_ms},
    };
    int err = BASK_OK;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !err; i++)
        err = wait_for_all(steps[i].kind, steps[i].names, steps[i].limit_ms, error, error_size);
    return err;
}

int
bask_waiting_load(const struct bask_waiting_options *options, char *error, size_t error_size)
{
    return wait_for_all(BASK_WAITING_SOCKET, &options->sockets, options->socket_ms, error,
                        error_size);
}
