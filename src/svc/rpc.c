/*
 * The service "rpc": a call to another server, and its answer in memory; for the functions of this
 * process see functions.c. A peer that lies about
 * the length of its answer costs no more memory than it sends.
 */
#include "svc/private.h"

#include "base/buf.h"
#include "base/err.h"
#include "obs/log.h"
#include "proto/rpc.h"
#include "proto/uwsgi.h"
#include "svc/peer.h"

#include <stdio.h>
#include <stdlib.h>

static const char too_large[] = "name and arguments are larger than a packet (64 KiB)";

enum { RESULT_MAX = 1 << 30, PIECE = 65536 };

static int
complain(struct bask_peer *peer, int err, const char *why)
{
    snprintf(peer->error, peer->error_size, "%s", why);
    return err;
}

static int
check(bask_str items, struct bask_peer *peer)
{
    bask_str name, arguments, item;
    unsigned count = 0;
    if (items.len > BASK_RPC_ITEM)
        return complain(peer, BASK_E_LIMIT, too_large);
    if (bask_rpc_parse(items, &name, &arguments))
        return complain(peer, BASK_E_SYNTAX, "a call is a name and its arguments");
    while (bask_rpc_next(&arguments, &item) == 1)
        count++;
    return count > BASK_RPC_ARGUMENTS ? complain(peer, BASK_E_LIMIT, "more than 254 arguments")
                                      : BASK_OK;
}

static int
ask(struct bask_peer *peer, bask_str items)
{
    char head[BASK_UWSGI_HEADER] = {(char)BASK_MODIFIER_RPC, (char)(items.len & 0xff),
                                    (char)(items.len >> 8), BASK_RPC_PACKET};
    int err = bask_peer_send(peer, bask_str_n(head, sizeof head));
    return err ? err : bask_peer_send(peer, items);
}

/* Appends what comes. 0; BASK_E_CLOSED at the end; or what went wrong. */
static int
receive_some(struct bask_peer *peer, struct bask_buf *buf)
{
    if (bask_buf_reserve(buf, PIECE))
        return complain(peer, BASK_E_NOMEM, bask_err_text(BASK_E_NOMEM));
    ssize_t n = bask_peer_receive(peer, buf->data + buf->end, PIECE);
    if (n < 0)
        return (int)n;
    buf->end += (size_t)n;
    return n ? BASK_OK : complain(peer, BASK_E_CLOSED, "there is no such function, or no result");
}

/* The answer's head is read and used up; *ret_len bytes of result follow it. */
static int
receive_head(struct bask_peer *peer, struct bask_buf *buf, uint64_t *ret_len)
{
    for (;;) {
        int used = bask_rpc_parse_answer(buf->data + buf->start, bask_buf_len(buf), ret_len);
        if (used > 0) {
            bask_buf_consume(buf, (size_t)used);
            return BASK_OK;
        }
        if (used == -1)
            return complain(peer, BASK_E_SYNTAX, "the answer is not of the uwsgi protocol");
        int err = receive_some(peer, buf);
        if (err)
            return err;
    }
}

static int
receive_result(struct bask_peer *peer, struct bask_buf *buf)
{
    uint64_t len;
    int err = receive_some(peer, buf);
    if (!err)
        err = receive_head(peer, buf, &len);
    if (!err && len == 0)
        err = complain(peer, BASK_E_CLOSED, "there is no result");
    if (!err && len > RESULT_MAX)
        err = complain(peer, BASK_E_LIMIT, "the result is larger than 1 GiB");
    while (!err && bask_buf_len(buf) < len) {
        err = receive_some(peer, buf);
        if (err == BASK_E_CLOSED)
            complain(peer, err, "the connection broke off within the result");
    }
    if (!err)
        buf->end = buf->start + (size_t)len;
    return err;
}

static int
call(bask_str node, bask_str items, bask_str *ret_result, char *error, size_t error_size)
{
    struct bask_peer peer = {
        .timeout_ms = svc.timeout_ms, .error = error, .error_size = error_size};
    struct bask_buf buf = {0};
    int err = check(items, &peer);
    if (!err)
        err = bask_peer_open(&peer, node);
    if (err)
        return err;
    err = ask(&peer, items);
    if (!err)
        err = receive_result(&peer, &buf);
    bask_peer_close(&peer);
    if (err) {
        bask_buf_fini(&buf);
        return err;
    }
    /* From its beginning: `release` frees what malloc gave. */
    memmove(buf.data, buf.data + buf.start, bask_buf_len(&buf));
    *ret_result = bask_str_n(buf.data, bask_buf_len(&buf));
    return BASK_OK;
}

static void
release(bask_str result)
{
    free((char *)result.ptr);
}

static int
put_item(struct bask_buf *buf, bask_str item)
{
    const char len[] = {(char)(item.len & 0xff), (char)(item.len >> 8)};
    int err = bask_buf_append(buf, bask_str_n(len, sizeof len));
    return err ? err : bask_buf_append(buf, item);
}

static int
call_far(bask_str node, bask_str name, const bask_str *arguments, uint32_t count,
         bask_str *ret_result, char *error, size_t error_size)
{
    struct bask_buf buf = {0};
    size_t total = 2 + name.len;
    for (uint32_t i = 0; i < count; i++)
        total += 2 + arguments[i].len;
    int err = total > BASK_RPC_ITEM ? BASK_E_LIMIT : put_item(&buf, name);
    snprintf(error, error_size, "%s",
             err == BASK_E_LIMIT ? too_large : bask_err_text(BASK_E_NOMEM));
    for (uint32_t i = 0; i < count && !err; i++)
        err = put_item(&buf, arguments[i]);
    if (!err)
        err = call(node, bask_str_n(buf.data + buf.start, bask_buf_len(&buf)), ret_result, error,
                   error_size);
    bask_buf_fini(&buf);
    return err;
}

static int
call_at(bask_str node, bask_str name, const bask_str *arguments, uint32_t count,
        bask_str *ret_result)
{
    char error[512];
    if (!node.len)
        return svc_functions_call(name, arguments, count, ret_result);
    int err = call_far(node, name, arguments, count, ret_result, error, sizeof error);
    if (err)
        bask_log(BASK_LOG_WARN, "rpc %.*s@%.*s: %s", BASK_FMT(name), BASK_FMT(node), error);
    return err;
}

struct bask_service_rpc svc_rpc = {
    .size = sizeof svc_rpc,
    .call = call,
    .release = release,
    .define = svc_functions_define,
    .find = svc_functions_find,
    .call_here = svc_functions_call,
    .call_at = call_at,
    .name = svc_functions_name,
    .send = svc_message_send,
};
