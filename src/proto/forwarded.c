/* The fields of proxies, read strictly: what is not understood is not believed. */
#include "proto/forwarded.h"

#include "base/err.h"

static bool
is_port(bask_str text)
{
    long long port;
    return text.len <= 5 && !bask_str_to_i64(text, &port) && port <= 65535;
}

int
bask_hop_node(bask_str node, struct bask_ip *ret_ip, bask_str *ret_port)
{
    bask_str address = node, port = {"", 0};
    const char *end;
    if (!bask_ip_parse(node, ret_ip)) {
        *ret_port = port;
        return BASK_OK;
    }
    if (node.len && node.ptr[0] == '[' && (end = memchr(node.ptr, ']', node.len))) {
        address = bask_str_n(node.ptr + 1, (size_t)(end - node.ptr) - 1);
        port = bask_str_n(end + 1, node.len - address.len - 2);
        if (!memchr(address.ptr, ':', address.len) || (port.len && port.ptr[0] != ':'))
            return BASK_E_SYNTAX;
        if (port.len)
            port = bask_str_n(port.ptr + 1, port.len - 1);
        else
            end = NULL;
    } else {
        end = bask_str_cut(node, ':', &address, &port) ? node.ptr : NULL;
    }
    if ((end && !is_port(port)) || bask_ip_parse(address, ret_ip))
        return BASK_E_SYNTAX;
    *ret_port = port;
    return BASK_OK;
}

bool
bask_hop_last(bask_str *list, bask_str *ret_item)
{
    if (!list->ptr)
        return false;
    const char *comma = list->len ? memrchr(list->ptr, ',', list->len) : NULL;
    const char *start = comma ? comma + 1 : list->ptr;
    *ret_item = bask_str_trim(bask_str_n(start, (size_t)(list->ptr + list->len - start)));
    *list = comma ? bask_str_n(list->ptr, (size_t)(comma - list->ptr)) : (bask_str){0};
    return true;
}

bask_str
bask_hop_nth(bask_str list, size_t n)
{
    bask_str item = {0};
    if (!list.len)
        return item;
    while (bask_hop_last(&list, &item) && n--)
        continue;
    return item;
}

bool
bask_hop_is_scheme(bask_str text)
{
    return bask_str_eq_nocase(text, BASK_STR("http")) ||
           bask_str_eq_nocase(text, BASK_STR("https"));
}

static bool
is_token(char c)
{
    return (c >= '0' && c <= '9') || (bask_lower(c) >= 'a' && bask_lower(c) <= 'z') ||
           (c && memchr("!#$%&'*+-.^_`|~", c, 15));
}

static void
skip_blanks(bask_str *text)
{
    while (text->len && (text->ptr[0] == ' ' || text->ptr[0] == '\t'))
        *text = bask_str_n(text->ptr + 1, text->len - 1);
}

static bask_str
take_token(bask_str *text)
{
    size_t len = 0;
    while (len < text->len && is_token(text->ptr[len]))
        len++;
    bask_str token = bask_str_n(text->ptr, len);
    *text = bask_str_n(text->ptr + len, text->len - len);
    return token;
}

/* What stands between quotes, or a token. */
static bool
take_value(bask_str *text, bask_str *ret_value)
{
    if (!text->len || text->ptr[0] != '"') {
        *ret_value = take_token(text);
        return ret_value->len > 0;
    }
    bask_str rest = bask_str_n(text->ptr + 1, text->len - 1);
    if (!bask_str_cut(rest, '"', ret_value, text))
        return false;
    return !ret_value->len || !memchr(ret_value->ptr, '\\', ret_value->len);
}

static bool
take_pair(bask_str *text, struct bask_hop *hop)
{
    bask_str name = take_token(text), value;
    if (!name.len || !text->len || text->ptr[0] != '=')
        return false;
    *text = bask_str_n(text->ptr + 1, text->len - 1);
    if (!take_value(text, &value))
        return false;
    bask_str *place = bask_str_eq_nocase(name, BASK_STR("for"))     ? &hop->node
                      : bask_str_eq_nocase(name, BASK_STR("proto")) ? &hop->proto
                      : bask_str_eq_nocase(name, BASK_STR("host"))  ? &hop->host
                                                                    : NULL;
    if (place && place->ptr)
        return false; /* said twice */
    if (place)
        *place = value;
    return true;
}

int
bask_hops_parse(bask_str field, struct bask_hop *ret_hops, size_t max)
{
    size_t count = 0;
    bool open = false; /* a pair of the present hop was read */
    struct bask_hop hop = {0};
    for (;;) {
        skip_blanks(&field);
        if (field.len && field.ptr[0] != ',' && field.ptr[0] != ';') {
            if (!take_pair(&field, &hop))
                return -1;
            open = true;
            skip_blanks(&field);
        }
        if (field.len && field.ptr[0] != ',' && field.ptr[0] != ';')
            return -1;
        if (open && (!field.len || field.ptr[0] == ',')) {
            if (count == max)
                return -1;
            ret_hops[count++] = hop;
            hop = (struct bask_hop){0};
            open = false;
        }
        if (!field.len)
            return (int)count;
        field = bask_str_n(field.ptr + 1, field.len - 1);
    }
}

int
bask_hops_parse_end(bask_str field, struct bask_hop *ret_hops, size_t max, bool *ret_whole)
{
    bask_str best = {0};
    int count = bask_hops_parse(field, ret_hops, max);
    *ret_whole = count >= 0;
    if (count >= 0)
        return count;
    /* Commas may stand between quotes: of the ends that can be read the longest one counts. */
    size_t commas = 0;
    for (size_t at = field.len; at-- > 0 && commas < max;) {
        if (field.ptr[at] != ',')
            continue;
        bask_str end = bask_str_n(field.ptr + at + 1, field.len - at - 1);
        if (bask_hops_parse(end, ret_hops, max) > 0)
            best = end;
        commas++;
    }
    return best.ptr ? bask_hops_parse(best, ret_hops, max) : 0;
}
