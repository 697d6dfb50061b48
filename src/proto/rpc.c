/*
 * Calls and their answers, bytes to views and back. Lengths come from the peer: each is compared
 * with what is there before a byte behind it is looked at.
 */
#include "proto/rpc.h"

#include "proto/uwsgi.h"

#include <stdio.h>

enum { ITEM_MAX = 65535 };

static void
put_u16(char *at, size_t value)
{
    at[0] = (char)(value & 0xff);
    at[1] = (char)(value >> 8 & 0xff);
}

int
bask_rpc_next(bask_str *items, bask_str *ret_item)
{
    if (items->len == 0)
        return 0;
    if (items->len < 2)
        return -1;
    const unsigned char *at = (const unsigned char *)items->ptr;
    size_t len = (size_t)at[0] | (size_t)at[1] << 8;
    if (len > items->len - 2)
        return -1;
    *ret_item = bask_str_n(items->ptr + 2, len);
    *items = bask_str_n(items->ptr + 2 + len, items->len - 2 - len);
    return 1;
}

int
bask_rpc_parse(bask_str items, bask_str *ret_name, bask_str *ret_arguments)
{
    bask_str name, item, arguments;
    int more;
    if (bask_rpc_next(&items, &name) != 1 || name.len == 0)
        return -1;
    arguments = items;
    while ((more = bask_rpc_next(&items, &item)) == 1)
        continue;
    if (more < 0)
        return -1;
    *ret_name = name;
    *ret_arguments = arguments;
    return 0;
}

/* The part of a path that begins at *at, without the slashes before it; empty at the end. */
static bask_str
next_part(bask_str path, size_t *at)
{
    while (*at < path.len && path.ptr[*at] == '/')
        (*at)++;
    size_t begin = *at;
    while (*at < path.len && path.ptr[*at] != '/')
        (*at)++;
    return bask_str_n(path.ptr + begin, *at - begin);
}

int
bask_rpc_from_path(bask_str path, char *out, bask_str *ret_name, bask_str *ret_arguments)
{
    size_t at = 0, used = 0;
    bask_str part, name = next_part(path, &at);
    if (name.len == 0)
        return -1;
    while ((part = next_part(path, &at)).len) {
        if (part.len > ITEM_MAX)
            return -1;
        put_u16(out + used, part.len);
        memcpy(out + used + 2, part.ptr, part.len);
        used += 2 + part.len;
    }
    *ret_name = name;
    *ret_arguments = bask_str_n(out, used);
    return 0;
}

size_t
bask_rpc_answer_head(size_t len, char out[BASK_RPC_HEAD_MAX])
{
    static const char key[] = "CONTENT_LENGTH";
    enum { KEY = sizeof key - 1, VALUE_AT = BASK_UWSGI_HEADER + 2 + KEY + 2 };
    out[0] = (char)BASK_MODIFIER_RPC;
    if (len <= ITEM_MAX) {
        put_u16(out + 1, len);
        out[3] = BASK_RPC_PACKET;
        return BASK_UWSGI_HEADER;
    }
    int digits = snprintf(out + VALUE_AT, BASK_RPC_HEAD_MAX - VALUE_AT, "%zu", len);
    put_u16(out + 1, (size_t)(VALUE_AT - BASK_UWSGI_HEADER + digits));
    out[3] = BASK_RPC_LONG;
    put_u16(out + BASK_UWSGI_HEADER, KEY);
    memcpy(out + BASK_UWSGI_HEADER + 2, key, KEY);
    put_u16(out + VALUE_AT - 2, (size_t)digits);
    return (size_t)(VALUE_AT + digits);
}

static int
find_length(bask_str vars, uint64_t *ret_len)
{
    struct bask_uwsgi_var var;
    long long found = -1;
    int more;
    while ((more = bask_uwsgi_next(&vars, &var)) == 1)
        if (bask_str_eq(var.key, BASK_STR("CONTENT_LENGTH")) &&
            (found >= 0 || var.value.len == 0 || bask_str_to_i64(var.value, &found)))
            return -1;
    if (more < 0 || found < 0)
        return -1;
    *ret_len = (uint64_t)found;
    return 0;
}

int
bask_rpc_parse_answer(const char *bytes, size_t len, uint64_t *ret_len)
{
    struct bask_uwsgi_packet packet;
    int used = bask_uwsgi_parse(bytes, len, ITEM_MAX, &packet);
    if (len >= 1 && (unsigned char)bytes[0] != BASK_MODIFIER_RPC)
        return -1;
    if (len < BASK_UWSGI_HEADER)
        return -2;
    if (packet.modifier2 == BASK_RPC_PACKET) {
        *ret_len = packet.vars.len;
        return BASK_UWSGI_HEADER;
    }
    if (packet.modifier2 != BASK_RPC_LONG)
        return -1;
    if (used < 0)
        return used;
    return find_length(packet.vars, ret_len) ? -1 : used;
}
