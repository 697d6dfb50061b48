/*
 * A connection, and what the drivers may do with it. Private to net/.
 *
 * The life of a connection is a row of steps; each step is a list in struct bask_net whose members
 * all have the same time limit, so the oldest is always first and time-outs cost nothing:
 *
 *   IDLE -> HEAD -> BODY -> APP -> FLUSH -> IDLE ... -> LINGER -> gone
 *                           APP -> STREAM -> FLUSH
 *                           APP -> CUT -> APP
 *
 * IDLE waits for the first byte of a request, HEAD for the rest of its head, BODY for as much of
 * its body as is buffered. In APP the request is the application's: nothing but the application's
 * own calls reads or parses. In STREAM the connection is its own, too: what it carries is no answer
 * any more (conn_stream.c). In CUT it is the application's still, but cut off: its client has not
 * taken all that it was told (conn_cut.c). FLUSH sends what the network did not take at once.
 * LINGER has answered and throws away what still comes, so that the answer is not lost in a reset.
 */
#pragma once

#include "base/buf.h"
#include "net/census.h"
#include "net/net.h"
#include "net/pace.h"
#include "net/tally.h"
#include "proto/chunked.h"
#include "proto/fastcgi.h"
#include "proto/http1.h"

#include <sys/uio.h>

enum bask_step {
    BASK_STEP_IDLE,
    BASK_STEP_HEAD,
    BASK_STEP_BODY,
    BASK_STEP_APP,
    BASK_STEP_STREAM,
    BASK_STEP_CUT,
    BASK_STEP_FLUSH,
    BASK_STEP_LINGER,
    BASK_STEP_COUNT
};

struct bask_conn {
    struct bask_io io;
    struct bask_link link;  /* in net->steps[step] */
    struct bask_link again; /* in net->again: work is left that no event will announce */
    struct bask_link held;  /* in net->held: `out` waits for the answers behind it */
    struct bask_net *net;
    const struct bask_listener *listener;
    enum bask_step step;
    int64_t deadline_us; /* of the step; INT64_MAX: none */
    bool readable;       /* an edge came and the socket was not read empty since */
    bool hung_up;        /* the peer sent its last byte */
    bool broken;         /* writing failed: nobody will see the answer */
    bool peer_is_new;    /* no request of this connection has been handed over */
    bool close_after;    /* no keep-alive after the present request */
    bool wants_continue; /* the client waits for 100 (Continue) */
    bool chunked;        /* the body of the present request is, or is in pieces of other kinds */
    bool ended;          /* the protocol's end of the answer was sent */
    bool announced;      /* its PROXY header was read */
    bool by_tls;         /* a proxy said so in it */

    struct bask_buf in;   /* unparsed input; the head being answered stays at its front */
    size_t head_len;      /* of the present request, in `in`; 0: none */
    size_t scanned;       /* bytes of `in` that the parser has seen in vain */
    size_t in_place;      /* bytes of body directly after the head in `in` */
    struct bask_buf body; /* buffered, decoded body that is not in place */
    struct bask_buf rest; /* what came after the end of a chunked body: the next request */
    int body_fd;          /* a file that has all that was received of the body; 0: none */
    int64_t body_at;      /* of that file: bytes that read_body has given */
    int64_t body_left;    /* bytes not received; -1: chunked, end not seen */
    int64_t body_total;   /* bytes received, decoded; kept for chunked bodies, and in files */
    struct bask_chunked chunks;
    struct bask_fastcgi_head fcgi_head; /* on sockets that speak FastCGI */
    struct bask_fastcgi_body fcgi_body;

    struct bask_buf out; /* what the network did not take */
    int file_fd;         /* a file to send after `out`; -1: none */
    int64_t file_offset, file_left;
    struct bask_parts *parts; /* of the file, which come next; NULL: none */

    char *flushed; /* in FLUSH: the request that is answered, for the log; NULL: unknown */

    const struct bask_farewells *farewells; /* of a stream, until its last bytes are said */

    struct bask_req *req;
    struct bask_sock_name peer;
    struct bask_census_entry *counted; /* with others of its address; NULL: it is not */

    struct bask_pace body_pace, answer_pace;
    int64_t behind;   /* bytes of answers that the client had not when it was last looked at */
    int64_t requests; /* begun */
    unsigned verdict; /* of whoever reads the present body: 408, 413; 0: none */
};

/* Of a driver's `version`, so that a compiler knows how much is copied. */
enum { BASK_VERSION_ROOM = 9 };
#define BASK_VERSION_HTTP BASK_STR("HTTP/1.1 ")
#define BASK_VERSION_CGI BASK_STR("Status: ")

/* What a protocol does with a connection's input. */
struct bask_driver {
    const char *name;
    bask_str version; /* what a response has before its status; BASK_VERSION_ROOM bytes of memory */
    /* Tries to read one request head from conn->in. 1: conn->req is filled, head_len, body_left and
     * so on are set; 0: more input is needed; < 0: the connection was answered or is to be closed,
     * see conn->step. */
    int (*parse)(struct bask_conn *conn);
    size_t overhead; /* bytes of a head that buffer-size does not count */
    bool keep_alive; /* the protocol carries several requests on a connection */
    bool chunked;    /* responses may be chunked */
    bool own_date;   /* this server is the origin that has to add Date */
    bool tells_end;  /* of a response, and of the connection, otherwise than by a field */
    /* NULL: as HTTP has it. Decodes pieces of a body in place; see bask_chunked_decode. */
    int64_t (*decode)(struct bask_conn *conn, char *buf, size_t len, size_t *ret_data);
    /* NULL: bytes go out as they are. Puts them into what the protocol has for them. */
    int (*emit)(struct bask_conn *conn, struct iovec *parts, size_t count, int flags);
    /* NULL: nothing. Emits what says that the answer is complete. */
    void (*end)(struct bask_conn *conn);
};

extern const struct bask_driver bask_driver_http1;
extern const struct bask_driver bask_driver_uwsgi;
extern const struct bask_driver bask_driver_fronted;
extern const struct bask_driver bask_driver_fastcgi, bask_driver_fastcgi_nph;
extern const struct bask_driver bask_driver_scgi, bask_driver_scgi_nph;

struct bask_net {
    struct bask_loop *loop;
    struct bask_pipeline *pipeline;
    const struct bask_net_options *options;
    struct bask_listeners *listeners;
    struct bask_access_log *access;             /* of all requests; NULL: there is none */
    struct bask_access_log *some_access;        /* then of some */
    const struct bask_access_rules *line_rules; /* which; NULL: those that ask for it */
    bool log_forwarded;                         /* the address in it is what X-Forwarded-For says */
    bool timed;                                 /* how long a request takes is wanted */
    struct bask_recorder *recorder;             /* NULL: nothing is recorded */
    struct bask_net_extras extras;
    struct bask_link steps[BASK_STEP_COUNT];
    struct bask_link again;
    struct bask_link held;
    unsigned held_turns; /* of connections in `again`, since an answer was held */
    struct bask_timer sweep, reopen, log_flush;
    struct bask_tally tally;
    struct bask_census *census; /* NULL: an address may have any number of connections */
    size_t open, most;          /* connections */
    bool full;                  /* nobody is accepted until one ends */
    size_t late;       /* of those, whose request was cut off and is still the application's */
    uint64_t requests; /* answered */
    int64_t grace_ms;  /* while draining: for the next request of an idle connection */
    bool exclusive, draining, paused;
    int64_t
        turns_since_us; /* `turns` connections were accepted since then: turn_is_over in net.c */
    uint32_t turns;
    struct bask_conn *spare_conn; /* free lists, linked through the first word */
    struct bask_req *spare_req;
    char *spare_buffer;
    int64_t trimmed_us; /* when those lists were last cut to what is of use */
    char *spill_piece;  /* where bodies that go into files pass; NULL until one does */
    int64_t date_second;
    char date[37 + 1];
    struct bask_head_memo heads;                /* of responses */
    const struct bask_field_rules *field_rules; /* by which heads are changed; NULL: they are not */
    struct bask_http1_head head;                /* scratch of the HTTP driver */
};

enum { BASK_IN_BUFFER = 4096 };

/* conn.c */
void bask_conn_accept(struct bask_net *net, struct bask_listener *listener, int fd,
                      const struct bask_sockaddr *peer);
void bask_conn_move(struct bask_conn *conn, enum bask_step step);
void bask_conn_close(struct bask_conn *conn);
/* What is left to do without an event. */
void bask_conn_go_on(struct bask_conn *conn);
/* Work is left: bask_net_dispatch comes back to this connection before it waits. */
void bask_conn_again(struct bask_conn *conn);
/* What is left of the answer is the client's to take: nothing else of the request stays. The
 * connection may be gone after it. */
void bask_conn_start_flush(struct bask_conn *conn);
/* The present request is answered as far as the application goes. */
void bask_conn_request_done(struct bask_conn *conn);
/* Tells that the answer is complete where the protocol has words for it (driver->end): once, behind
 * all of it. */
void bask_conn_end_answer(struct bask_conn *conn);
/* Room for the request that a driver is about to fill; NULL: out of memory, conn is closed. */
struct bask_req *bask_conn_request(struct bask_conn *conn);

/* conn_in.c */
void bask_conn_on_readable(struct bask_conn *conn);
ssize_t bask_conn_read_body(struct bask_req *req, char *buffer, size_t size);
/* What the application reads is over a limit. It gets `err`, and the client, unless the application
 * has something to say to it, a status. */
ssize_t bask_conn_refuse_reader(struct bask_conn *conn, int err);
/* Reads the socket; see `receive` there. */
ssize_t bask_conn_receive(struct bask_conn *conn, char *buffer, size_t size);
/* Takes `raw` bytes of a body that were received: of a chunked one the data are left at their
 * front. 1: that was the end, 0: not yet, < 0: refused or closed. */
int bask_conn_take_body(struct bask_conn *conn, char *bytes, size_t raw, size_t *ret_data);

/* conn_spill.c */
/* Whether bodies that are beyond post-buffering go into a file. */
bool bask_conn_spills(const struct bask_conn *conn);
/* Makes the file, with what has come of the body. 0, or < 0: refused. */
int bask_conn_spill_start(struct bask_conn *conn, bask_str came);
/* One more read into the file. 1: the body is complete; 0: not yet; < 0: it is over. */
int bask_conn_spill_fill(struct bask_conn *conn);
ssize_t bask_conn_spill_read(struct bask_conn *conn, char *buffer, size_t size);
void bask_conn_spill_end(struct bask_conn *conn);

/* conn_out.c */
extern const struct bask_req_io bask_conn_req_io;
/* The same where the connection was another process's. */
extern const struct bask_req_io bask_forsaken_req_io;
/* Of a request that was cut off. */
extern const struct bask_req_io bask_conn_late_io;
/* Hands bytes to the network, and keeps what it does not take. 0 or BASK_E_CLOSED. */
int bask_conn_send(struct bask_conn *conn, bask_str bytes);
/* Writes the line of the access log, if there is to be one. */
void bask_conn_log(struct bask_conn *conn, const char *note);
/* An answer by the server itself, and the last on its connection. */
void bask_conn_send_status(struct bask_conn *conn, unsigned status);
int bask_conn_descriptor(const struct bask_req *req);
/* Sends what is pending. 0: all of it is gone; BASK_E_AGAIN; BASK_E_CLOSED. */
int bask_conn_flush(struct bask_conn *conn);
bool bask_conn_has_output(const struct bask_conn *conn);
/* Writing failed: what follows is not even tried. BASK_E_CLOSED. */
int bask_conn_fail(struct bask_conn *conn);
/* What is in `out` was not shown to the network yet: answers to come shall leave with it. */
static inline bool
bask_conn_holds(const struct bask_conn *conn)
{
    return !bask_list_empty(&conn->held);
}
/* Sends what is held, if anything is. 0, BASK_E_AGAIN or BASK_E_CLOSED. */
static inline int
bask_conn_release(struct bask_conn *conn)
{
    return bask_conn_holds(conn) ? bask_conn_flush(conn) : 0;
}
/* Answers by the server itself and closes: "400 Bad Request", with a reason for the log. */
void bask_conn_refuse(struct bask_conn *conn, unsigned status, const char *reason);
void bask_conn_send_continue(struct bask_conn *conn);
/* The client shall see that the end is missing, and the kernel forget what it did not send. */
void bask_conn_reset_on_close(struct bask_conn *conn);
/* Hands bytes to the network as they are, and keeps a copy of what it did not take. */
int bask_conn_emit(struct bask_conn *conn, struct iovec *parts, size_t count, int flags);
/* The last bytes of a connection, which are no response; `status` is for the log. */
int bask_conn_end_raw(struct bask_conn *conn, bask_str head, bask_str body, unsigned status);

/* conn_cut.c */
bool bask_conn_cut(struct bask_req *req, unsigned status);
/* In CUT: another deadline for a client that takes what it was told, the end for one that has it
 * or does not. */
void bask_conn_cut_goes_on(struct bask_conn *conn);

/* conn_file.c */
/* Sends some of conn->file_fd, which is open. 0: call again when `out` is sent, if the file is
 * still open; BASK_E_AGAIN: later, somebody will call; BASK_E_CLOSED. */
int bask_conn_send_file(struct bask_conn *conn);
/* Nothing more of a file. */
void bask_conn_end_file(struct bask_conn *conn);
/* conn_stream.c */
int bask_conn_take_over(struct bask_req *req, bask_str head, unsigned count,
                        const struct bask_farewells *farewells);
/* The server is going away: says so on all streams. */
void bask_conn_leave_streams(struct bask_net *net);
/* Its client has not left although it was told; whoever waits for it waits no longer. */
void bask_conn_break_stream(struct bask_conn *conn);

/* conn_pace.c */
/* A thread is about to wait until the client sends, or takes what it is sent (POLLOUT).
 * BASK_E_TIMEOUT: it should not. */
int bask_conn_waits(struct bask_req *req, short events);
/* Bytes of the body came. */
void bask_conn_body_came(struct bask_conn *conn, ssize_t bytes);
/* Its next bytes are waited for. BASK_E_TIMEOUT: they should not be. */
int bask_conn_body_wait(struct bask_conn *conn);
/* The client shall take more of its answer. BASK_E_TIMEOUT: it does not, and that was noted. */
int bask_conn_answer_wait(struct bask_conn *conn);
/* Nobody waits for that any more. */
void bask_conn_answer_went(struct bask_conn *conn);
/* In FLUSH: another deadline for a client that takes its answer, the end for one that does not. */
void bask_conn_flush_goes_on(struct bask_conn *conn);

/* net.c */
void bask_net_watch(struct bask_net *net);
void bask_net_unwatch(struct bask_net *net);
/* A request has come that no event has told of yet: it is read soon. */
bool bask_conn_is_about_to_read(struct bask_conn *conn);

/* crowd.c */
size_t bask_crowd_most(const struct bask_client_limits *limits);
/* Closes an idle connection; false if there is none that is idle for long. */
bool bask_crowd_make_room(struct bask_net *net);
/* Counts it, if it is one that is counted. False: its address has enough. */
bool bask_crowd_admit(struct bask_conn *conn);
/* Accepts nothing until a connection ends. `why`: of accept4, or 0. */
void bask_crowd_wait(struct bask_net *net, int why);
void bask_crowd_on_reopen(struct bask_timer *timer);
/* A connection has ended in a worker that is full. */
void bask_crowd_left(struct bask_net *net);

/* conn_line.c */
/* Apart, so that a request without a line does not pay for it. `by_kernel`: it has sent a file. */
void bask_conn_write_line(struct bask_conn *conn, const char *note, bool by_kernel);

/* fronted.c */
/* What X-Forwarded-For of a proxy that is trusted says of the client. False: nothing. */
struct bask_forwarded_client {
    struct bask_ip ip;
    bask_str port;
    size_t at; /* of the list, from its end */
};
bool bask_forwarded_find(const struct bask_trust *trust, const struct bask_request *pub,
                         struct bask_forwarded_client *ret_client);

/* conn_call.c */
/* Makes the packet that conn->req was made for a job of the kind CALL. 0 or a bask_err. */
int bask_conn_take_call(struct bask_conn *conn, bask_str items, uint32_t form);
void bask_conn_end_call(struct bask_req *req, bool failed, bask_str answer);
/* conn_task.c: the same for a task. */
int bask_conn_take_task(struct bask_conn *conn, bask_str items);
void bask_conn_end_task(struct bask_conn *conn, bool failed, bool is_kept);
