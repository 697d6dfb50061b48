/*
 * The network side of a worker: listening sockets, connections, and the protocols spoken on them.
 *
 * Complete requests go to the pipeline; answers come back through struct bask_req_io. All functions
 * are called with the worker's lock held (plugin/crew.c), so nothing here locks.
 */
#pragma once

#include "loop/loop.h"
#include "net/field_options.h"
#include "net/http_options.h"
#include "net/sockets.h"
#include "net/trust.h"
#include "obs/access.h"
#include "obs/bounds.h"
#include "obs/warning.h"
#include "serve/pipeline.h"
#include "serve/recorder.h"
#include "sys/sock.h"

#include <bask/option.h>

struct bask_net;
struct bask_driver;

/* What a client may do. */
struct bask_client_limits {
    int64_t line_bytes, fields;       /* of a head */
    int64_t requests;                 /* a connection */
    int64_t keepalive;                /* as it was given: see bask_net_options_settle */
    int64_t body_rate, response_rate; /* bytes a second, at least; 0: none */
    int64_t connections;              /* a worker; 0: by the descriptors it may have */
    int64_t of_address;               /* connections an address has with a worker; 0: no limit */
};

/* What becomes of bodies. */
struct bask_body_options {
    bool in_files;     /* those beyond --post-buffering are kept in files */
    bask_str folder;   /* of these files; absent: $TMPDIR or /tmp, once it is settled */
    int64_t piece;     /* bytes that are received and written at once */
    bool quiet_writes; /* nobody is told of a client that left */
    bool no_sendfile;  /* files are read and written, the kernel does not send them by itself */
};

struct bask_net_options {
    struct bask_values http_sockets;  /* --http, --http-socket */
    struct bask_values uwsgi_sockets; /* --socket, whatever --protocol makes of it */
    struct bask_socket_options sockets;
    bask_str socket_owner; /* of unix sockets, "user" or "user:group"; absent: who started it */
    bask_str socket_mode;  /* of unix sockets; absent: what umask leaves */
    int64_t backlog;
    int64_t head_bytes;  /* --buffer-size */
    int64_t body_buffer; /* --post-buffering */
    int64_t body_limit;  /* --limit-post, 0: none */
    int64_t idle_ms;     /* keep-alive */
    int64_t handover_ms; /* the same in a worker that has a successor */
    int64_t head_ms;     /* first byte to end of head */
    int64_t transfer_ms; /* without progress, either way */
    struct bask_client_limits clients;
    struct bask_body_options bodies;
    struct bask_http_options http;
    struct bask_field_options fields;
    struct bask_sock_givens *given;     /* no option: sockets that are open already; NULL: none */
    struct bask_sock_givens *activated; /* no option: the same from a service manager */
};

/* How long a response may make no progress. */
static inline int64_t
bask_net_send_ms(const struct bask_net_options *options)
{
    return options->sockets.send_ms ? options->sockets.send_ms : options->transfer_ms;
}

/* The rows of these options; `values` is the struct they fill. */
struct bask_option_table bask_net_option_table(struct bask_net_options *values);
struct bask_option_table bask_body_option_table(struct bask_body_options *values);
/* In the process that will serve, or fork those who do: finds out where bodies are kept, and
 * whether they can be. 0; BASK_E_SYSTEM: the log says why not. */
int bask_body_options_settle(struct bask_net_options *options);
struct bask_option_table bask_client_limits_option_table(struct bask_client_limits *values);
/* After the options were read: what one says of another, and 0 for no limit as a number. */
void bask_net_options_settle(struct bask_net_options *options);

/* A bound socket. It is opened once, by the process that starts, and inherited. */
struct bask_listener {
    struct bask_io io;
    const struct bask_driver *driver;
    bask_str name;        /* as the user wrote it */
    char port[6];         /* "" on a unix socket */
    char *path;           /* of a unix socket of ours in the file system, absolute; else NULL */
    bool borrowed;        /* somebody else has opened it */
    struct bask_net *net; /* of the worker that accepts; NULL before */
    uint32_t id;
};

struct bask_listeners {
    struct bask_listener *items;
    size_t count;
    struct bask_trust trust;
};

/* Whether the options name one. */
bool bask_listeners_are_named(const struct bask_net_options *options);
/* Binds everything the options name, or takes what is open already. 0, or a bask_err with one
 * sentence in `error`. */
int bask_listeners_open(struct bask_listeners *listeners, const struct bask_net_options *options,
                        char *error, size_t error_size);
/* Whether a gateway speaks to it, a protocol that names client and server in each request. */
bool bask_listener_is_gateways(const struct bask_listener *listener);
/* What it speaks, by uWSGI's name: "http". */
const char *bask_listener_protocol(const struct bask_listener *listener);
/* What --chmod-socket says; 0: nothing. The listeners were opened, so it is well formed. */
mode_t bask_listeners_mode(const struct bask_net_options *options);
/* Closes all of them; `unlink_paths`: this process is the last user of the unix sockets. */
void bask_listeners_close(struct bask_listeners *listeners, bool unlink_paths);

/* Accepts nothing before bask_net_pause(net, false). NULL: out of memory, or the system refused.
 * `access`: NULL for no access log. `exclusive`: other
 * processes accept on the same sockets. */
struct bask_net *bask_net_new(struct bask_loop *loop, struct bask_pipeline *pipeline,
                              const struct bask_net_options *options,
                              struct bask_listeners *listeners, struct bask_access_log *access,
                              bool exclusive);
void bask_net_free(struct bask_net **net);
/* Where requests that ask for a line (req->wants_line), or for which a rule does, have it although
 * there is no log of all. */
void bask_net_log_some(struct bask_net *net, struct bask_access_log *access,
                       const struct bask_access_rules *rules);
/* The address in these lines is what X-Forwarded-For says, where a proxy that is trusted sent it.
 */
void bask_net_log_forwarded(struct bask_net *net, bool is_wanted);
/* Notes the requests from now on; NULL: none. */
void bask_net_record(struct bask_net *net, struct bask_recorder *recorder);

/* What else is served on uwsgi sockets; nothing before it is said. */
struct bask_net_extras {
    bool tasks;                                        /* there is a spooler for them */
    bool calls;                                        /* jobs of the kind CALL go to threads */
    bool (*on_signal)(void *context, unsigned number); /* false: nobody wants it. NULL: none do */
    void *context;
    const struct bask_warning *warning; /* which pings are answered with; NULL: none */
    void (*on_full)(void *context); /* connections are left for others to accept; NULL: nobody */
    void *full_context;
};
void bask_net_serve_extras(struct bask_net *net, struct bask_net_extras extras);

/* Does one piece of work that is ready; false if there is none and the caller should wait. */
bool bask_net_dispatch(struct bask_net *net);

/* Where it counts what clients run into: an array of BASK_BOUND_COUNT, which is this process's to
 * write. */
void bask_net_count_at(struct bask_net *net, _Atomic uint64_t *counters);

/* Stops accepting, or goes on; connections that are open are not concerned. */
void bask_net_pause(struct bask_net *net, bool paused);
/* Connections wait to be accepted. */
bool bask_net_is_asked(const struct bask_net *net);
/* The kernel wakes one process for a connection. If that one did not take it, others find it when
 * they look again. */
void bask_net_look(struct bask_net *net);
/* Stops accepting, closes idle connections after a moment, lets the others finish. `is_last`:
 * nobody else will take what waits in the listening sockets, so that is taken first. */
void bask_net_drain(struct bask_net *net, bool is_last);
/* The same where others serve meanwhile and nobody waits for the end: the next request of an idle
 * connection is waited for so long, and answered with `Connection: close`. */
void bask_net_hand_over(struct bask_net *net, bool is_last, int64_t grace_ms);
/* In a copy of the process that the application has forked: its connections are closed, and their
 * clients unaware of it. Requests of this process are answered as if their clients had left. */
void bask_net_forsake(struct bask_net *net);
/* Open connections. */
size_t bask_net_connections(const struct bask_net *net);
/* Those among them that only wait for the application to let go of a request that was cut off. */
size_t bask_net_late(const struct bask_net *net);
/* Connections that wait in the listening sockets; -1 where the system does not tell. */
int bask_net_backlog(const struct bask_net *net);
