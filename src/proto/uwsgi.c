/*
 * The uwsgi packet: four bytes of header, then variables one after another.
 *
 * Knows nothing of what the modifiers or the variables mean. Lengths come from the peer: each is
 * compared with what is left before a byte behind it is looked at.
 */
#include "proto/uwsgi.h"

static size_t
u16le(const char *at)
{
    return (size_t)(unsigned char)at[0] | (size_t)(unsigned char)at[1] << 8;
}

/* A length and that many bytes, taken off *bytes. */
static bool
take(bask_str *bytes, bask_str *ret_part)
{
    if (bytes->len < 2)
        return false;
    size_t len = u16le(bytes->ptr);
    if (len > bytes->len - 2)
        return false;
    *ret_part = bask_str_n(bytes->ptr + 2, len);
    bytes->ptr += 2 + len;
    bytes->len -= 2 + len;
    return true;
}

int
bask_uwsgi_parse(const char *buf, size_t len, size_t max, struct bask_uwsgi_packet *ret_packet)
{
    if (len < BASK_UWSGI_HEADER)
        return -2;
    ret_packet->modifier1 = (uint8_t)buf[0];
    ret_packet->modifier2 = (uint8_t)buf[3];
    ret_packet->vars = bask_str_n(buf + BASK_UWSGI_HEADER, u16le(buf + 1));
    if (ret_packet->vars.len > max)
        return -1;
    if (ret_packet->vars.len > len - BASK_UWSGI_HEADER)
        return -2;
    return (int)(BASK_UWSGI_HEADER + ret_packet->vars.len);
}

int
bask_uwsgi_next(bask_str *vars, struct bask_uwsgi_var *ret_var)
{
    if (vars->len == 0)
        return 0;
    bask_str rest = *vars;
    struct bask_uwsgi_var var;
    if (!take(&rest, &var.key) || var.key.len == 0 || !take(&rest, &var.value))
        return -1;
    *ret_var = var;
    *vars = rest;
    return 1;
}
