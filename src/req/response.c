/* Framing decisions, and the one place that checks what an application puts into a head. */
#include "req/response.h"

#include "base/err.h"

#include <stdio.h>

enum { NAME_BYTE = 1, VALUE_BYTE = 2 };

/* tchar (RFC 9110 5.6.2), and field-vchar with SP and HTAB (5.5). */
#define T 3
#define V 2
static const unsigned char classes[256] = {
    ['\t'] = V, [' '] = V,           ['!'] = T,         ['"'] = V,         ['#'] = T,
    ['$'] = T,  ['%'] = T,           ['&'] = T,         ['\''] = T,        ['('] = V,
    [')'] = V,  ['*'] = T,           ['+'] = T,         [','] = V,         ['-'] = T,
    ['.'] = T,  ['/'] = V,           ['0' ... '9'] = T, [':' ... '@'] = V, ['A' ... 'Z'] = T,
    ['['] = V,  ['\\'] = V,          [']'] = V,         ['^'] = T,         ['_'] = T,
    ['`'] = T,  ['a' ... 'z'] = T,   ['{'] = V,         ['|'] = T,         ['}'] = V,
    ['~'] = T,  [0x80 ... 0xff] = V,
};
#undef T
#undef V

/* Several options may stand in one field (RFC 9110 7.6.1). */
static bool
lists_close(bask_str list)
{
    bask_str option, rest;
    while (bask_str_cut(list, ',', &option, &rest)) {
        if (bask_str_eq_nocase(bask_str_trim(option), BASK_STR("close")))
            return true;
        list = rest;
    }
    return bask_str_eq_nocase(bask_str_trim(list), BASK_STR("close"));
}

static int
take_field(struct bask_head_facts *facts, bask_str name, bask_str value)
{
    switch (name.len) {
    case 4:
        if (bask_str_eq_nocase(name, BASK_STR("date")))
            facts->has_date = true;
        return BASK_OK;
    case 10:
        if (!bask_str_eq_nocase(name, BASK_STR("connection")))
            return BASK_OK;
        facts->has_connection = true;
        facts->says_close = facts->says_close || lists_close(value);
        return BASK_OK;
    case 14: {
        if (!bask_str_eq_nocase(name, BASK_STR("content-length")))
            return BASK_OK;
        long long length;
        if (facts->has_length || bask_str_to_i64(bask_str_trim(value), &length))
            return BASK_E_SYNTAX;
        facts->has_length = true;
        facts->length = length;
        return BASK_OK;
    }
    case 17:
        return bask_str_eq_nocase(name, BASK_STR("transfer-encoding")) ? BASK_E_SYNTAX : BASK_OK;
    default:
        return BASK_OK;
    }
}

static const char *
skip_class(const char *at, const char *end, unsigned class)
{
    while (at < end && classes[(unsigned char)*at] & class)
        at++;
    return at;
}

/* The byte after the CRLF at `at`, or NULL. */
static const char *
skip_line_end(const char *at, const char *end)
{
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n' ? at + 2 : NULL;
}

static const char *
read_status_line(struct bask_head_facts *facts, const char *at, const char *end)
{
    unsigned status = 0;
    if (end - at < 5)
        return NULL;
    for (int i = 0; i < 3; i++, at++) {
        if (*at < '0' || *at > '9')
            return NULL;
        status = status * 10 + (unsigned)(*at - '0');
    }
    /* Behind another 1xx the client would wait for the answer, and take the next one for it. */
    if ((status < 200 && status != 101) || *at != ' ')
        return NULL;
    facts->status = status;
    return skip_line_end(skip_class(at, end, VALUE_BYTE), end);
}

static int
read_head(struct bask_head_facts *facts, bask_str head, unsigned count)
{
    if (!head.len)
        return BASK_E_SYNTAX;
    const char *end = head.ptr + head.len;
    const char *at = read_status_line(facts, head.ptr, end);
    for (; at && at < end; count--) {
        const char *name = at;
        at = skip_class(at, end, NAME_BYTE);
        if (count == 0 || at == name || at == end || *at != ':')
            return BASK_E_SYNTAX;
        bask_str name_view = bask_str_n(name, (size_t)(at - name));
        const char *value = ++at;
        at = skip_class(at, end, VALUE_BYTE);
        if (take_field(facts, name_view, bask_str_n(value, (size_t)(at - value))))
            return BASK_E_SYNTAX;
        at = skip_line_end(at, end);
    }
    /* RFC 9110 15.3.6: 205 has no content, and says so. */
    if (facts->status == 205 && facts->length > 0)
        return BASK_E_SYNTAX;
    return at && count == 0 ? BASK_OK : BASK_E_SYNTAX;
}

static bool
has_body(const struct bask_response *response, const struct bask_response_traits *traits)
{
    unsigned status = response->facts.status;
    return !traits->is_head && status >= 200 && status != 204 && status != 304;
}

static void
choose_framing(struct bask_response *response, const struct bask_response_traits *traits)
{
    if (response->facts.status == 205)
        response->length = 0;
    if (response->facts.status == 101 || (response->facts.says_close && !traits->tells_end))
        response->keep_alive = false;
    if (!has_body(response, traits))
        response->framing = BASK_FRAMING_NONE;
    else if (response->length >= 0)
        response->framing = BASK_FRAMING_LENGTH;
    else if (traits->chunked && !traits->http_1_0)
        response->framing = BASK_FRAMING_CHUNKED;
    else
        response->framing = BASK_FRAMING_CLOSE;
    if (response->framing == BASK_FRAMING_CLOSE && !traits->tells_end)
        response->keep_alive = false;
}

static void
plan(struct bask_response *response, const struct bask_response_traits *traits, bask_str head,
     unsigned count, int64_t known_length, const struct bask_head_facts *facts)
{
    *response = (struct bask_response){
        .head = head,
        .header_count = count,
        .facts = *facts,
        .keep_alive = traits->keep_alive,
        .length = facts->has_length ? facts->length : known_length,
        .begun = true,
    };
    choose_framing(response, traits);
}

int
bask_response_plan(struct bask_response *response, const struct bask_response_traits *traits,
                   bask_str head, unsigned count, int64_t known_length)
{
    struct bask_head_facts facts = {.length = -1};
    int err = read_head(&facts, head, count);
    if (!err)
        plan(response, traits, head, count, known_length, &facts);
    return err;
}

int
bask_response_plan_memo(struct bask_response *response, const struct bask_response_traits *traits,
                        bask_str head, unsigned count, int64_t known_length,
                        struct bask_head_memo *memo)
{
    size_t place = (head.len ^ count) % (sizeof memo->entries / sizeof *memo->entries);
    if (memo->entries[place].len == head.len && memo->entries[place].count == count && head.len &&
        memcmp(memo->entries[place].bytes, head.ptr, head.len) == 0) {
        plan(response, traits, head, count, known_length, &memo->entries[place].facts);
        return BASK_OK;
    }
    int err = bask_response_plan(response, traits, head, count, known_length);
    if (!err && head.len <= sizeof memo->entries[place].bytes) {
        memcpy(memo->entries[place].bytes, head.ptr, head.len);
        memo->entries[place].len = head.len;
        memo->entries[place].count = count;
        memo->entries[place].facts = response->facts;
    }
    return err;
}

static size_t
put(char *out, size_t used, bask_str text)
{
    memcpy(out + used, text.ptr, text.len);
    return used + text.len;
}

static size_t
put_length(char *out, size_t used, int64_t length)
{
    char digits[20];
    size_t n = 0;
    used = put(out, used, BASK_STR("Content-Length: "));
    do
        digits[n++] = (char)('0' + length % 10);
    while (length /= 10);
    while (n)
        out[used++] = digits[--n];
    return put(out, used, BASK_STR("\r\n"));
}

static size_t
put_connection(char *out, size_t used, const struct bask_response *response,
               const struct bask_response_traits *traits)
{
    /* Whatever the application says of the connection, its end is announced (RFC 9112 9.6). */
    bool switches = response->facts.status == 101 && response->facts.has_connection;
    if (!response->keep_alive && !response->facts.says_close && !switches)
        return put(out, used, BASK_STR("Connection: close\r\n"));
    if (traits->http_1_0 && response->keep_alive && !response->facts.has_connection)
        return put(out, used, BASK_STR("Connection: keep-alive\r\n"));
    return used;
}

size_t
bask_response_finish_head(const struct bask_response *response,
                          const struct bask_response_traits *traits, bask_str date,
                          char out[static BASK_RESPONSE_TAIL])
{
    size_t used = 0;
    if (traits->own_date && !response->facts.has_date)
        used = put(out, used, date);
    /* A length that the server knows is told also where the body stays away because of HEAD, but
     * not on 1xx and 204 (RFC 9110 8.6). An empty answer to HEAD says nothing of GET's. */
    if (!response->facts.has_length && response->length >= 0 && response->facts.status >= 200 &&
        response->facts.status != 204 && response->facts.status != 304 &&
        !(traits->is_head && response->length == 0))
        used = put_length(out, used, response->length);
    if (response->framing == BASK_FRAMING_CHUNKED)
        used = put(out, used, BASK_STR("Transfer-Encoding: chunked\r\n"));
    if (!traits->tells_end)
        used = put_connection(out, used, response, traits);
    return put(out, used, BASK_STR("\r\n"));
}

bask_str
bask_response_take(struct bask_response *response, bask_str data)
{
    int64_t before = response->taken;
    response->taken += (int64_t)data.len;
    if (response->framing == BASK_FRAMING_NONE)
        return bask_str_n(data.ptr, 0);
    if (response->framing != BASK_FRAMING_LENGTH)
        return data;
    int64_t room = before < response->length ? response->length - before : 0;
    return (int64_t)data.len <= room ? data : bask_str_n(data.ptr, (size_t)room);
}

bool
bask_response_is_short(const struct bask_response *response)
{
    return response->framing == BASK_FRAMING_LENGTH && response->taken < response->length;
}
