/*
 * A desk: an address where whoever comes is answered once, by the master itself, and leaves. So
 * neither a busy nor a stuck application can keep the answer from anybody.
 *
 * A client has its time in all, and memory only until it has read. There are few places; who comes
 * when all are taken gets the one of the oldest. The master never waits for a client.
 *
 * A socket in the file system keeps its name when a successor takes over; the successor's desk
 * opens when the address is free.
 */
#pragma once

#include "base/buf.h"
#include "loop/loop.h"
#include "sys/sock.h"

#include <stdbool.h>
#include <sys/types.h>

enum { DESK_CLIENTS = 16, DESK_QUESTION_MAX = 4096 };

enum desk_verdict {
    DESK_WAITS,    /* more of the question is needed */
    DESK_ANSWERED, /* `out` has the whole answer */
    DESK_REFUSED,  /* there is no answer */
};

struct desk_client {
    struct bask_io io; /* fd < 0: free */
    struct bask_timer limit;
    struct desk *desk;
    int64_t since_us;
    size_t length, rest; /* bytes of the question; bytes that came after it */
    bool answered;
    struct bask_buf out;
    char question[DESK_QUESTION_MAX];
};

struct desk {
    /* What the owner sets. */
    struct bask_loop *loop;
    const char *option; /* for complaints: "--health-socket" */
    const char *what;   /* who is listened for: "probes" */
    bask_str name;      /* the address as the user wrote it */
    bool asks;          /* clients say something first; else they are answered as they come */
    mode_t mode;        /* of a socket in the file system; 0: as the umask has it */
    /* What was asked so far, of which `seen` bytes are known; once it has DESK_QUESTION_MAX bytes
     * waiting is refusing. */
    enum desk_verdict (*answer)(struct desk *desk, bask_str question, size_t seen,
                                struct bask_buf *out);
    /* The desk's own. */
    struct bask_io io;
    bool looks;              /* for who comes */
    bool rests;              /* there were no descriptors, and that was logged */
    struct bask_timer again; /* the address is tried again: a predecessor has it; or who waits is */
    struct bask_sockaddr address;
    struct desk_client clients[DESK_CLIENTS];
};

/* `waits`: an address that is taken is waited for. 0, or a bask_err that was logged. */
int desk_open(struct desk *desk, bool waits);
/* For a child: its descriptors only. */
void desk_forget(const struct desk *desk);
/* Leaves its clients; `remove`: the socket's name goes, too. */
void desk_close(struct desk *desk, bool remove);
