/*
 * What a uwsgi packet of modifier 173 holds: a call, and what comes back.
 *
 *   a call    an array, (u16le n, n bytes)*: the function's name, then its arguments
 *   an answer 173, u16le n, 0, n bytes; or, longer than that can say, 173, u16le m, 5, m bytes of a
 *             dictionary with CONTENT_LENGTH, and then as many bytes; nothing at all: no result
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

enum {
    BASK_MODIFIER_TASK = 17,
    BASK_MODIFIER_SIGNAL = 110,
    BASK_MODIFIER_RPC = 173,
    BASK_MODIFIER_RESPONSE = 255
};

/* How a call wants its answer: modifier2. */
enum bask_rpc_form {
    BASK_RPC_PACKET = 0, /* as above */
    BASK_RPC_RAW = 1,    /* the result's bytes and nothing else */
    BASK_RPC_HTTP = 2,   /* the packet is a request, its path the call; the answer is a response */
    BASK_RPC_LONG = 5,   /* in answers only: with a length of its own */
};

enum { BASK_RPC_HEAD_MAX = 64 };

/* Takes the first item off *items: 1 one was taken, 0 none is left, -1 malformed. */
int bask_rpc_next(bask_str *items, bask_str *ret_item);
/* The name and the arguments of a call; -1: malformed, or it has no name. */
int bask_rpc_parse(bask_str items, bask_str *ret_name, bask_str *ret_arguments);

/* The call that is meant by "/function/one/two": the arguments as an array in `out`, which has room
 * for 2 * path.len bytes. -1: there is no name, or a part is too long. */
int bask_rpc_from_path(bask_str path, char *out, bask_str *ret_name, bask_str *ret_arguments);

/* Writes what goes before a result of `len` bytes; how many bytes that is. */
size_t bask_rpc_answer_head(size_t len, char out[BASK_RPC_HEAD_MAX]);
/* > 0: so many bytes go before the result, which has *ret_len; -1: no answer of this protocol; -2:
 * more is needed. */
int bask_rpc_parse_answer(const char *bytes, size_t len, uint64_t *ret_len);
