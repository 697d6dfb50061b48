/*
 * A request between the connection that read it and the application that answers it.
 *
 * From here on nobody knows which protocol brought it: drivers fill `pub`, and whoever answers
 * calls `io`. All of it, and all that `text` holds, is gone when the request is answered.
 */
#pragma once

#include "base/arena.h"
#include "base/list.h"
#include "req/parts.h"
#include "req/response.h"

#include <bask/request.h>
#include <bask/service.h>
#include <bask/service_stream.h>

#include <sys/types.h>

enum { BASK_REQ_MAX_PAIRS = 256 };

/* A kind of job that no plugin gets: a task for the spooler, which the server keeps by itself. Its
 * items are (u16le n, key, u16le m, value)*, well formed. */
enum { BASK_JOB_TASK = 1000 };

struct bask_req;
struct bask_thread;

/* How to answer; the functions belong to the connection. The functions of bask/plugin.h of the
 * same names say what they do. BASK_E_AGAIN from write and read_body: wait for the descriptor
 * (POLLOUT, POLLIN) and call again; write took its bytes the first time and is called again with
 * none. respond_file takes fd over, whatever it returns. */
struct bask_req_io {
    int (*respond)(struct bask_req *req, bask_str head, unsigned count, bask_str body);
    int (*respond_file)(struct bask_req *req, bask_str head, unsigned count, int fd, int64_t offset,
                        int64_t length);
    /* The same of several parts of the file; fd and parts are taken over, whatever it returns.
     * NULL: not here. */
    int (*respond_parts)(struct bask_req *req, bask_str head, unsigned count, int fd,
                         struct bask_parts *parts);
    int (*begin)(struct bask_req *req, bask_str head, unsigned count);
    int (*write)(struct bask_req *req, bask_str data);
    int (*finish)(struct bask_req *req);
    void (*abort)(struct bask_req *req, bask_str head, unsigned count, bask_str body);
    ssize_t (*read_body)(struct bask_req *req, char *buffer, size_t size);
    int (*descriptor)(const struct bask_req *req);
    /* The request's time is up: its client is told so, by `status` if that is still possible (true)
     * or by a broken response. The request stays valid until the application answers it, which
     * nobody will hear. */
    bool (*cut)(struct bask_req *req, unsigned status);
    /* Of a job: its answer, absent if there is none, or it `failed`. NULL where there are only
     * requests. */
    void (*end_job)(struct bask_req *req, bool failed, bask_str answer);
    /* As in bask/service_stream.h; NULL: the connection cannot be taken over. */
    int (*take_over)(struct bask_req *req, bask_str head, unsigned count,
                     const struct bask_farewells *farewells);
    /* Of a connection that was taken over; NULL elsewhere. As write and read_body. */
    ssize_t (*stream_read)(struct bask_req *req, char *buffer, size_t size);
    int (*stream_write)(struct bask_req *req, bask_str data, bool is_last);
    /* After BASK_E_AGAIN, of a thread that is about to wait for POLLIN or POLLOUT: BASK_E_TIMEOUT
     * if the client is too slow to be waited for. NULL: nobody is. */
    int (*waits)(struct bask_req *req, short events);
};

/* What an application notes of a request by a name; all of it is in the request's arena. */
struct bask_req_note {
    struct bask_req_note *next;
    bask_str name, value;
};

struct bask_req {
    struct bask_request pub; /* first: a plugin's pointer is ours */
    struct bask_link link;   /* in the queue of requests that wait for a thread */
    const struct bask_req_io *io;
    void *owner;                  /* of io: the connection */
    struct bask_thread *thread;   /* who answers it; NULL while it waits */
    uint32_t thread_index;        /* of that thread, for the access log */
    int app;                      /* the application that answers it, for the same */
    bool cut;                     /* nobody waits for the answer any more */
    bool wants_line;              /* in the access log, although others have none */
    uint8_t modifier1, modifier2; /* of the uwsgi protocol */
    uint8_t read_errors;          /* of the body: the client left before its end */
    uint8_t write_errors;         /* of the answer */
    struct bask_req_note *notes;  /* of the application, for the access log; the newest is first */
    int64_t started_us;           /* monotonic, for the access log; 0 without one */
    struct bask_job job;          /* kind 0: a request; else `pub` is only its name in a log */
    uint32_t form;                /* of a call: how it wants its answer (proto/rpc.h) */
    unsigned variable_bytes;
    struct bask_response response;
    struct bask_arena text;
    struct bask_pair pairs[BASK_REQ_MAX_PAIRS];
};

/* A new request with no fields; NULL: out of memory. */
struct bask_req *bask_req_new(void);
void bask_req_free(struct bask_req **req);
/* Back to no fields, memory kept. */
void bask_req_reset(struct bask_req *req);

/* The last step before a request is handed over; `body_left` as in struct bask_request. */
static inline void
bask_req_complete(struct bask_req *req, int64_t body_left)
{
    struct bask_request *pub = &req->pub;
    pub->body_left = body_left;
    pub->is_plain =
        pub->method_id >= 0 && pub->protocol_id == BASK_PROTOCOL_HTTP_1_1 && !pub->query.len;
}

/* Adds a variable. An unknown key is copied with `prefix` before it, in CGI's spelling: upper case,
 * '-' as '_'. BASK_E_LIMIT: too many; BASK_E_NOMEM. */
int bask_req_add(struct bask_req *req, int key_id, bask_str key, bask_str prefix, bask_str value);

/* The newest note of this name; absent: there is none. */
bask_str bask_req_note(const struct bask_req *req, bask_str name);

/* A whole answer whose body is `length` bytes of the regular file `fd` from `offset`, which the
 * kernel sends when the client takes them. fd is taken over, whatever this returns. No application
 * is needed: who answers before one gets the request calls it the same way, with the worker's lock
 * held. BASK_E_SYNTAX: the head is malformed, nothing was sent; BASK_E_CLOSED: the client has left;
 * unless it was SYNTAX the request is gone. */
static inline int
bask_req_respond_file(struct bask_req *req, bask_str head, unsigned count, int fd, int64_t offset,
                      int64_t length)
{
    return req->io->respond_file(req, head, count, fd, offset, length);
}
