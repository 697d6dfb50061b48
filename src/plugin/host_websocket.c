/*
 * The service "websocket" (bask/service_websocket.h): the handshake, and a thread that waits for
 * messages, answers pings and sends some. What the bytes mean is svc/websocket.c's to know.
 */
#include "base/err.h"
#include "plugin/host.h"
#include "proto/ws.h"
#include "req/request.h"
#include "svc/svc.h"
#include "svc/websocket.h"
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 16 * 1024, HEAD_MAX = 2048, TOKEN_MAX = 256 };

/* That of a thread's present request. */
struct bask_host_websocket {
    struct bask_websocket ws;
    struct bask_req *req;
    bool over;        /* nothing is received any more */
    int64_t heard_us; /* when the client sent something last */
    int64_t asked_us; /* when it was asked whether it is there; 0: it was not */
    char reason[BASK_WS_CONTROL_MAX];
    struct bask_websocket_message last; /* how it ended */
};

/* Frames of an end with nothing but a code. */
static const struct bask_farewells farewells = {
    .done = BASK_STR("\x88\x02\x03\xe8"),   /* 1000 */
    .failed = BASK_STR("\x88\x02\x03\xf3"), /* 1011 */
    .away = BASK_STR("\x88\x02\x03\xe9"),   /* 1001 */
};

static int
complain(int err, const char *why, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s", why);
    return err;
}

void
bask_host_websocket_free(struct bask_host_websocket **socket)
{
    if (*socket)
        bask_websocket_fini(&(*socket)->ws);
    free(*socket);
    *socket = NULL;
}

/* The calling thread's, of its present request. */
static struct bask_host_websocket *
present(void)
{
    const struct bask_req *req = bask_host_present();
    return req ? req->thread->websocket : NULL;
}

/* The handshake (RFC 6455 4.2) */

/* What the client sent for a field; the first of several. */
static bask_str
field(const struct bask_req *req, int key_id)
{
    for (uint32_t i = 0; i < req->pub.pair_count; i++)
        if (req->pub.pairs[i].key_id == key_id)
            return req->pub.pairs[i].value;
    return (bask_str){0};
}

/* The element of a list of tokens, in the spelling of the list; the first one for an absent
 * `wanted`. */
static bask_str
find_token(bask_str list, bask_str wanted)
{
    bool more = true;
    while (more) {
        bask_str token, rest = {0};
        more = bask_str_cut(list, ',', &token, &rest);
        token = bask_str_trim(more ? token : list);
        if (token.len && (!wanted.len || bask_str_eq_nocase(token, wanted)))
            return token;
        list = rest;
    }
    return (bask_str){0};
}

/* Such a field may come in several lines. */
static bool
names(const struct bask_req *req, int key_id, bask_str token)
{
    for (uint32_t i = 0; i < req->pub.pair_count; i++)
        if (req->pub.pairs[i].key_id == key_id && find_token(req->pub.pairs[i].value, token).len)
            return true;
    return false;
}

/* NULL, or why this is no request for a WebSocket. */
static const char *
objection(const struct bask_req *req, bask_str key)
{
    if (req->pub.method_id != BASK_METHOD_GET || req->pub.protocol_id == BASK_PROTOCOL_HTTP_1_0)
        return "a WebSocket begins with GET of HTTP/1.1";
    if (!names(req, BASK_KEY_HTTP_UPGRADE, BASK_STR("websocket")) ||
        !names(req, BASK_KEY_HTTP_CONNECTION, BASK_STR("upgrade")))
        return "the client asks for no WebSocket (Upgrade, Connection)";
    if (!bask_str_eq(field(req, BASK_KEY_HTTP_SEC_WEBSOCKET_VERSION), BASK_STR("13")))
        return "the client speaks another version than 13 (Sec-WebSocket-Version)";
    if (!bask_ws_is_key(key))
        return "the key is not 16 bytes in base64 (Sec-WebSocket-Key)";
    return NULL;
}

/* One that the client offers; absent: none. */
static bask_str
choose_protocol(const struct bask_req *req, bask_str wanted)
{
    for (uint32_t i = 0; i < req->pub.pair_count; i++) {
        if (req->pub.pairs[i].key_id != BASK_KEY_HTTP_SEC_WEBSOCKET_PROTOCOL)
            continue;
        bask_str token = find_token(req->pub.pairs[i].value, wanted);
        if (token.len)
            return token;
    }
    return (bask_str){0};
}

static void
add_line(char *head, size_t *used, unsigned *count, const char *name, bask_str value)
{
    if (!value.len || value.len > TOKEN_MAX)
        return;
    *used +=
        (size_t)snprintf(head + *used, HEAD_MAX - *used, "%s: %.*s\r\n", name, BASK_FMT(value));
    ++*count;
}

static int
answer(struct bask_req *req, bask_str key, bask_str origin, bask_str protocol)
{
    char head[HEAD_MAX] = "101 Switching Protocols\r\n", accept[BASK_WS_ACCEPT];
    size_t used = strlen(head);
    unsigned count = 0;
    bask_ws_accept(key, accept);
    add_line(head, &used, &count, "Upgrade", BASK_STR("websocket"));
    add_line(head, &used, &count, "Connection", BASK_STR("Upgrade"));
    add_line(head, &used, &count, "Sec-WebSocket-Accept", bask_str_n(accept, sizeof accept));
    add_line(head, &used, &count, "Sec-WebSocket-Origin", origin);
    add_line(head, &used, &count, "Sec-WebSocket-Protocol", choose_protocol(req, protocol));
    return bask_host_stream_take(req, bask_str_n(head, used), count, &farewells);
}

static int
begin(struct bask_req *req)
{
    struct bask_thread *thread = req->thread;
    bask_host_websocket_free(&thread->websocket);
    struct bask_host_websocket *socket = calloc(1, sizeof *socket);
    if (!socket)
        return BASK_E_NOMEM;
    socket->ws.max = (uint64_t)bask_svc_options()->message_kib * 1024;
    socket->req = req;
    socket->heard_us = bask_clock_us();
    thread->websocket = socket;
    return BASK_OK;
}

static int
handshake(bask_str key, bask_str origin, bask_str protocol, char *error, size_t error_size)
{
    struct bask_req *req = bask_host_present();
    if (!req || req->job.kind)
        return complain(BASK_E_STATE, "this thread has no request", error, error_size);
    if (!key.len)
        key = field(req, BASK_KEY_HTTP_SEC_WEBSOCKET_KEY);
    const char *why = objection(req, key);
    if (why)
        return complain(BASK_E_SYNTAX, why, error, error_size);
    int err = begin(req);
    if (!err)
        err = answer(req, key, origin, protocol);
    if (!err)
        return BASK_OK;
    bask_host_websocket_free(&req->thread->websocket);
    return complain(
        err, err == BASK_E_STATE ? "the request is being answered already" : bask_err_text(err),
        error, error_size);
}

/* Frames */

static int
send_frame(struct bask_host_websocket *socket, unsigned opcode, bask_str payload)
{
    struct bask_req *req = socket->req;
    char head[BASK_WS_HEAD_MAX], small[BASK_WS_HEAD_MAX + 4096];
    size_t used = bask_ws_write_head(opcode, payload.len, head);
    bool is_last = opcode == BASK_WS_CLOSE;
    if (payload.len <= sizeof small - used) { /* in one piece, as most are */
        memcpy(small, head, used);
        if (payload.len)
            memcpy(small + used, payload.ptr, payload.len);
        return bask_host_stream_write(req, bask_str_n(small, used + payload.len), is_last);
    }
    struct bask_buf whole = {0};
    int err = bask_buf_reserve(&whole, used + payload.len);
    if (!err) {
        bask_buf_append(&whole, bask_str_n(head, used));
        bask_buf_append(&whole, payload);
        err = bask_host_stream_write(req, bask_buf_view(&whole), is_last);
    }
    bask_buf_fini(&whole);
    return err;
}

static int
send_close(struct bask_host_websocket *socket, unsigned code, bask_str reason)
{
    char payload[BASK_WS_CONTROL_MAX] = {(char)(code >> 8), (char)code};
    size_t len = reason.len < sizeof payload - 2 ? reason.len : sizeof payload - 2;
    if (len)
        memcpy(payload + 2, reason.ptr, len);
    return send_frame(socket, BASK_WS_CLOSE,
                      bask_str_n(payload, code == BASK_WS_NO_CODE ? 0 : len + 2));
}

/* It is over: what is told from now on. */
static int
end(struct bask_host_websocket *socket, unsigned code, bask_str reason)
{
    size_t len = reason.len < sizeof socket->reason ? reason.len : sizeof socket->reason;
    if (len)
        memcpy(socket->reason, reason.ptr, len);
    socket->last =
        (struct bask_websocket_message){.code = code, .data = bask_str_n(socket->reason, len)};
    socket->over = true;
    bask_websocket_fini(&socket->ws);
    return BASK_E_CLOSED;
}

/* The client closes, or has to. The same code is the answer (RFC 6455 5.5.1). */
static int
close_with(struct bask_host_websocket *socket, bool is_clients, bask_str reason)
{
    unsigned code = socket->ws.code;
    send_close(socket, code, is_clients ? (bask_str){0} : reason);
    return end(socket, code, reason);
}

/* Receiving */

/* How long nothing may come until something has to be done; -1: for ever. */
static int
patience_ms(const struct bask_host_websocket *socket)
{
    const struct bask_svc_options *options = bask_svc_options();
    if (!options->ping_ms)
        return -1;
    int64_t due_us = socket->asked_us ? socket->asked_us + options->pong_ms * 1000
                                      : socket->heard_us + options->ping_ms * 1000;
    int64_t left_ms = (due_us - bask_clock_us() + 999) / 1000;
    return left_ms > 0 ? (int)left_ms : 0;
}

/* Nothing came. 0, or it is over. */
static int
look_after(struct bask_host_websocket *socket)
{
    if (patience_ms(socket) != 0)
        return BASK_OK;
    if (socket->asked_us)
        return end(socket, BASK_WS_BROKEN, BASK_STR("the client does not answer pings"));
    socket->asked_us = bask_clock_us();
    if (send_frame(socket, BASK_WS_PING, (bask_str){0}))
        return end(socket, BASK_WS_BROKEN, BASK_STR("the client has left"));
    return BASK_OK;
}

/* Some more bytes. 0; BASK_E_TIMEOUT: none, and nobody waits; BASK_E_AGAIN; BASK_E_CLOSED. */
static int
read_more(struct bask_host_websocket *socket, bool wait)
{
    struct bask_req *req = socket->req;
    struct bask_buf *in = &socket->ws.in;
    if (bask_buf_reserve(in, PIECE))
        return end(socket, BASK_WS_FAILED, bask_str_of(bask_err_text(BASK_E_NOMEM)));
    ssize_t n =
        bask_host_stream_read(req, in->data + in->end, PIECE, wait ? patience_ms(socket) : 0);
    if (n == BASK_E_AGAIN)
        return BASK_E_AGAIN;
    if (n == BASK_E_TIMEOUT) {
        int err = look_after(socket);
        return err || wait ? err : BASK_E_TIMEOUT;
    }
    if (n <= 0)
        return end(socket, BASK_WS_BROKEN, BASK_STR("the client has left"));
    in->end += (size_t)n;
    socket->heard_us = bask_clock_us();
    socket->asked_us = 0;
    return BASK_OK;
}

/* 1: there is a message; 0: not yet; or what bask_service_websocket.receive gives. */
static int
step(struct bask_host_websocket *socket, bool wait, struct bask_websocket_message *message)
{
    bask_str payload = {0};
    switch (bask_websocket_next(&socket->ws, &payload)) {
    case BASK_WEBSOCKET_MESSAGE:
        message->data = payload;
        message->is_text = socket->ws.opcode == BASK_WS_TEXT;
        return 1;
    case BASK_WEBSOCKET_PING:
        return send_frame(socket, BASK_WS_PONG, payload)
                   ? end(socket, BASK_WS_BROKEN, BASK_STR("the client has left"))
                   : 0;
    case BASK_WEBSOCKET_PONG:
        return 0;
    case BASK_WEBSOCKET_CLOSE:
        return close_with(socket, true, payload);
    case BASK_WEBSOCKET_FAILED:
        return close_with(socket, false, payload);
    default:
        return read_more(socket, wait);
    }
}

static int
receive(int wait, struct bask_websocket_message *ret_message, char *error, size_t error_size)
{
    struct bask_host_websocket *socket = present();
    struct bask_websocket_message message = {0};
    uint32_t size = ret_message->size < sizeof message ? ret_message->size : sizeof message;
    if (!socket)
        return complain(BASK_E_STATE, "there was no handshake", error, error_size);
    int err = 0;
    while (!err && !socket->over)
        err = step(socket, wait, &message);
    if (socket->over) {
        message = socket->last;
        err = complain(BASK_E_CLOSED, "the WebSocket is over", error, error_size);
    } else if (err < 0) {
        complain(err, bask_err_text(err), error, error_size);
    }
    message.size = size;
    memcpy(ret_message, &message, size);
    return err < 0 ? err : BASK_OK;
}

/* Sending */

static int
tell_sent(int err, char *error, size_t error_size)
{
    return err ? complain(err,
                          err == BASK_E_TIMEOUT ? "the client takes nothing"
                                                : "the WebSocket is over",
                          error, error_size)
               : BASK_OK;
}

static int
send_message(bask_str data, int is_text, char *error, size_t error_size)
{
    struct bask_host_websocket *socket = present();
    if (!socket)
        return complain(BASK_E_STATE, "there was no handshake", error, error_size);
    int err = send_frame(socket, is_text ? BASK_WS_TEXT : BASK_WS_BINARY, data);
    return tell_sent(err, error, error_size);
}

static int
close_socket(uint32_t code, bask_str reason, char *error, size_t error_size)
{
    struct bask_host_websocket *socket = present();
    struct bask_utf8 utf8 = {0};
    if (!socket)
        return complain(BASK_E_STATE, "there was no handshake", error, error_size);
    if (!bask_ws_is_code(code))
        return complain(BASK_E_RANGE, "a code is 1000 to 1014, or 3000 to 4999", error, error_size);
    if (reason.len > BASK_WS_CONTROL_MAX - 2 || !bask_utf8_take(&utf8, reason) ||
        !bask_utf8_is_whole(&utf8))
        return complain(BASK_E_RANGE, "a reason is UTF-8 of at most 123 bytes", error, error_size);
    return tell_sent(send_close(socket, code, reason), error, error_size);
}

const struct bask_service_websocket bask_host_websocket_service = {
    .size = sizeof bask_host_websocket_service,
    .handshake = handshake,
    .receive = receive,
    .send = send_message,
    .close = close_socket,
};
