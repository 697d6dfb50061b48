/*
 * HTTP/1.x request heads: one pass over the bytes, views out.
 *
 * Knows nothing of sockets, buffers, bodies or routes, and of field values only those that frame
 * the message or name its target: Host, Content-Length, Transfer-Encoding, Connection, Upgrade and
 * Expect. What two readers of the same bytes could understand differently is refused, not repaired.
 *
 * Invariants: no byte at or behind `end` is read; every view lies inside the buffer; what is
 * decided about some bytes does not depend on the bytes behind them, so a head that comes in pieces
 * gets the answer that it would have got at once.
 *
 *   METHOD SP target SP HTTP/1.1 CRLF name: OWS value OWS CRLF ... CRLF
 *   ^at, moved over each part                                       end^
 */
#include "proto/http1.h"

#include "proto/host.h"
#include "proto/names.h"
#include "proto/octets.h"

#include "base/err.h"

#include <assert.h>
#include <limits.h>

#define MAX_METHOD 32

enum { DONE = 0, END = 1, BAD = -1, MORE = -2 };

struct scan {
    const char *at;
    const char *end;
};

/* What the fields said about the message, until all of them are read. */
struct framing {
    bool host;
    bool coding;       /* a Transfer-Encoding field */
    bool chunked;      /* the last coding so far */
    bool other_coding; /* gzip, or one that nobody knows */
    bool close;
    bool keep_alive;
    bool upgrade_option;
    bool upgrade_field;
};

static const struct {
    int status;
    const char *text;
} reasons[] = {{200, "no defect"},
#define X(symbol, status, text, rfc) {status, text " (" rfc ")"},
               BASK_HTTP1_REASONS(X)
#undef X
};

int
bask_http1_reason_status(enum bask_http1_reason reason)
{
    assert(reason < sizeof reasons / sizeof *reasons);
    return reasons[reason].status;
}

const char *
bask_http1_reason_text(enum bask_http1_reason reason)
{
    assert(reason < sizeof reasons / sizeof *reasons);
    return reasons[reason].text;
}

static int
refuse(struct bask_http1_head *head, enum bask_http1_reason reason)
{
    head->reason = reason;
    return BAD;
}

/*
 * Whether anything can be said about the new bytes: they end a head, or hold a bare LF. The end of
 * a head was not among the first `seen` bytes, so at most its first three bytes were.
 */
static bool
worth_parsing(const char *buf, size_t len, size_t seen)
{
    const char *end = buf + len;
    const char *at = buf + (seen > 3 ? seen - 3 : 0);
    for (; at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++) {
        if (at == buf || at[-1] != '\r')
            return true;
        if (at - buf >= 3 && at[-2] == '\n')
            return true;
    }
    return false;
}

/* A line ends at `c`, which is no CR. */
__attribute__((cold, noinline)) static int
bare_lf(char c, struct bask_http1_head *head)
{
    if (c == '\n' && head->leniency & BASK_HTTP1_BARE_LF)
        return DONE;
    return refuse(head, BASK_HTTP1_LINE_END);
}

/* The CRLF at s->at. */
static int
line_end(struct scan *s, struct bask_http1_head *head)
{
    if (s->at == s->end)
        return MORE;
    if (*s->at != '\r')
        return bare_lf(*s->at++, head);
    if (s->end - s->at < 2)
        return MORE;
    if (s->at[1] != '\n')
        return refuse(head, BASK_HTTP1_LINE_END);
    s->at += 2;
    return DONE;
}

static int
empty_lines(struct scan *s, struct bask_http1_head *head)
{
    while (s->at < s->end && (*s->at == '\r' || *s->at == '\n')) {
        int rc = line_end(s, head);
        if (rc != DONE)
            return rc;
    }
    return DONE;
}

static int
method(struct scan *s, struct bask_http1_head *head)
{
    const char *start = s->at;
    while (s->at < s->end && bask_octet_is(*s->at, BASK_OCTET_TOKEN))
        s->at++;
    size_t len = (size_t)(s->at - start);
    if (len > MAX_METHOD)
        return refuse(head, BASK_HTTP1_METHOD);
    if (s->at == s->end)
        return MORE;
    if (len == 0 || *s->at != ' ')
        return refuse(head, BASK_HTTP1_METHOD);
    head->method = bask_str_n(start, len);
    head->method_id = bask_names_method(head->method);
    s->at++;
    return DONE;
}

/* The bytes of the target; what they mean is for target_form() to say. */
static int
target(struct scan *s, struct bask_http1_head *head)
{
    const char *start = s->at;
    while (s->at < s->end && bask_octet_is(*s->at, BASK_OCTET_TARGET))
        s->at++;
    if (s->at == s->end)
        return MORE;
    if (s->at == start)
        return refuse(head, BASK_HTTP1_TARGET);
    if (*s->at == '\r' || *s->at == '\n') /* HTTP/0.9 */
        return refuse(head, BASK_HTTP1_VERSION);
    if (*s->at != ' ')
        return refuse(head, BASK_HTTP1_TARGET);
    head->target = bask_str_n(start, (size_t)(s->at - start));
    s->at++;
    return DONE;
}

/* HTTP/d.d and the end of the line. */
static int
version(struct scan *s, struct bask_http1_head *head)
{
    static const char form[] = "HTTP/d.d";
    const char *at = s->at;
    if (s->end - at >= 10 && memcmp(at, "HTTP/1.1\r\n", 10) == 0) {
        head->minor = 1;
        s->at += 10;
        return DONE;
    }
    for (size_t i = 0; i < sizeof form - 1; i++, at++) {
        if (at == s->end)
            return MORE;
        if (form[i] == 'd' ? *at < '0' || *at > '9' : *at != form[i])
            return refuse(head, BASK_HTTP1_VERSION);
    }
    if (at < s->end && *at != '\r' && *at != '\n')
        return refuse(head, BASK_HTTP1_VERSION);
    char major = at[-3], minor = at[-1];
    s->at = at;
    int rc = line_end(s, head);
    if (rc != DONE)
        return rc;
    if (major != '1')
        return refuse(head, BASK_HTTP1_VERSION_UNSUPPORTED);
    head->minor = minor != '0';
    return DONE;
}

static void
split_path(bask_str resource, struct bask_http1_head *head)
{
    if (!bask_str_cut(resource, '?', &head->path, &head->query))
        head->path = resource;
}

/* "http://authority/path?query": false if it is not one. */
static bool
absolute_form(bask_str text, struct bask_http1_head *head)
{
    size_t scheme = text.len > 5 && bask_lower(text.ptr[4]) == 's' ? 8 : 7;
    const char *prefix = scheme == 8 ? "https://" : "http://";
    if (text.len <= scheme ||
        !bask_str_eq_nocase(bask_str_n(text.ptr, scheme), bask_str_n(prefix, scheme)))
        return false;
    bask_str rest = bask_str_n(text.ptr + scheme, text.len - scheme);
    size_t len = 0;
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != '?')
        len++;
    head->authority = bask_str_n(rest.ptr, len);
    split_path(bask_str_n(rest.ptr + len, rest.len - len), head);
    if (head->path.len ==
        0) /* the path is "/": views point into the buffer, so take the scheme's */
        head->path = bask_str_n(rest.ptr - 1, 1);
    return bask_host_is_authority(head->authority, false);
}

static int
target_form(struct bask_http1_head *head)
{
    bask_str text = head->target;
    if (head->method_id == BASK_METHOD_CONNECT) {
        head->authority = text;
        head->path = bask_str_n(text.ptr, 0);
        return bask_host_is_authority(text, true) ? DONE : refuse(head, BASK_HTTP1_TARGET);
    }
    if (text.ptr[0] == '/') {
        split_path(text, head);
        return DONE;
    }
    if (text.len == 1 && text.ptr[0] == '*' && head->method_id == BASK_METHOD_OPTIONS) {
        head->path = text;
        return DONE;
    }
    return absolute_form(text, head) ? DONE : refuse(head, BASK_HTTP1_TARGET);
}

/* The next element of a comma-separated list, trimmed and perhaps empty; false behind the last. */
static bool
next_element(bask_str *list, bask_str *ret_element)
{
    bask_str element, rest;
    if (!list->ptr)
        return false;
    if (!bask_str_cut(*list, ',', &element, &rest)) {
        element = *list;
        rest = (bask_str){NULL, 0};
    }
    *ret_element = bask_str_trim(element);
    *list = rest;
    return true;
}

static int
host(struct framing *framing, bask_str value, struct bask_http1_head *head)
{
    if (framing->host)
        return refuse(head, BASK_HTTP1_HOST_DOUBLED);
    framing->host = true;
    if (value.len && !bask_host_is_authority(value, false))
        return refuse(head, BASK_HTTP1_HOST_MALFORMED);
    return DONE;
}

static int
content_length(bask_str value, struct bask_http1_head *head)
{
    long long length;
    if (head->has_length)
        return refuse(head, BASK_HTTP1_LENGTH_DOUBLED);
    if (bask_str_to_i64(value, &length) != BASK_OK)
        return refuse(head, BASK_HTTP1_LENGTH_MALFORMED);
    head->has_length = true;
    head->content_length = length;
    return DONE;
}

/* Several fields make one list. Nothing may come after "chunked", itself included. */
static int
transfer_encoding(struct framing *framing, bask_str list, struct bask_http1_head *head)
{
    bask_str element;
    framing->coding = true;
    while (next_element(&list, &element)) {
        if (framing->chunked || !bask_octets_are(element, BASK_OCTET_TOKEN))
            return refuse(head, BASK_HTTP1_CODING_MALFORMED);
        if (bask_str_eq_nocase(element, BASK_STR("chunked")))
            framing->chunked = true;
        else
            framing->other_coding = true;
    }
    return DONE;
}

static void
connection(struct framing *framing, bask_str list)
{
    bask_str option;
    while (next_element(&list, &option)) {
        if (bask_str_eq_nocase(option, BASK_STR("keep-alive")))
            framing->keep_alive = true;
        else if (bask_str_eq_nocase(option, BASK_STR("close")))
            framing->close = true;
        else if (bask_str_eq_nocase(option, BASK_STR("upgrade")))
            framing->upgrade_option = true;
    }
}

/* HTTP/1.0 has no 100 (Continue): there the expectation is ignored (RFC 9110 10.1.1). */
static int
expect(bask_str value, struct bask_http1_head *head)
{
    if (!bask_str_eq_nocase(value, BASK_STR("100-continue")))
        return refuse(head, BASK_HTTP1_EXPECTATION);
    head->expects_continue = head->minor == 1;
    return DONE;
}

static inline int
note(struct framing *framing, const struct bask_http1_field *field, struct bask_http1_head *head)
{
    switch (field->key_id) {
    case BASK_KEY_HTTP_HOST:
        return host(framing, field->value, head);
    case BASK_KEY_CONTENT_LENGTH:
        return content_length(field->value, head);
    case BASK_KEY_HTTP_TRANSFER_ENCODING:
        return transfer_encoding(framing, field->value, head);
    case BASK_KEY_HTTP_EXPECT:
        return expect(field->value, head);
    case BASK_KEY_HTTP_CONNECTION:
        connection(framing, field->value);
        return DONE;
    case BASK_KEY_HTTP_UPGRADE:
        framing->upgrade_field = true;
        return DONE;
    default:
        return DONE;
    }
}

static inline int
field_name(struct scan *s, struct bask_http1_field *field, struct bask_http1_head *head)
{
    const char *start = s->at;
    while (s->at < s->end && bask_octet_is(*s->at, BASK_OCTET_TOKEN))
        s->at++;
    if (s->at == s->end)
        return MORE;
    if (s->at == start && (*start == ' ' || *start == '\t'))
        return refuse(head, BASK_HTTP1_FOLDED);
    if (s->at == start && *start == '\n') {
        int rc = bare_lf(*s->at++, head);
        return rc == DONE ? END : rc;
    }
    if (s->at == start || *s->at != ':')
        return refuse(head, BASK_HTTP1_FIELD_NAME);
    field->name = bask_str_n(start, (size_t)(s->at - start));
    s->at++;
    return DONE;
}

/* The value and the end of its line. A bare CR or LF in it is LINE_END, other controls FIELD_VALUE.
 */
static inline int
field_value(struct scan *s, struct bask_http1_field *field, struct bask_http1_head *head)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t'))
        s->at++;
    const char *start = s->at;
    const char *stop = bask_octets_skip_text(start, s->end);
    if (stop < s->end && *stop != '\r' && *stop != '\n')
        return refuse(head, BASK_HTTP1_FIELD_VALUE);
    s->at = stop;
    int rc = line_end(s, head);
    if (rc != DONE)
        return rc;
    while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    field->value = bask_str_n(start, (size_t)(stop - start));
    return DONE;
}

/* Up to and with the empty line. */
static int
fields(struct scan *s, struct framing *framing, struct bask_http1_head *head)
{
    for (;;) {
        if (s->at < s->end && *s->at == '\r')
            return line_end(s, head);
        if (head->count == BASK_HTTP1_MAX_HEADERS)
            return s->at == s->end ? MORE : refuse(head, BASK_HTTP1_TOO_MANY_FIELDS);
        struct bask_http1_field *field = &head->fields[head->count];
        int rc = field_name(s, field, head);
        if (rc == DONE)
            rc = field_value(s, field, head);
        if (rc != DONE)
            return rc == END ? DONE : rc;
        field->key_id = bask_names_header(field->name);
        rc = note(framing, field, head);
        if (rc != DONE)
            return rc;
        head->count++;
    }
}

/* What only all fields together can tell. */
static int
conclude(const struct framing *framing, struct bask_http1_head *head)
{
    if (head->minor == 1 && !framing->host && !(head->leniency & BASK_HTTP1_NO_HOST))
        return refuse(head, BASK_HTTP1_HOST_MISSING);
    if (framing->coding) {
        if (head->minor == 0)
            return refuse(head, BASK_HTTP1_CODING_IN_1_0);
        if (head->has_length)
            return refuse(head, BASK_HTTP1_LENGTH_AND_CODING);
        if (!framing->chunked)
            return refuse(head, BASK_HTTP1_CODING_MALFORMED);
        if (framing->other_coding)
            return refuse(head, BASK_HTTP1_CODING_UNSUPPORTED);
        head->chunked = true;
    }
    head->keep_alive = !framing->close && (head->minor == 1 || framing->keep_alive);
    head->upgrade = framing->upgrade_option && framing->upgrade_field;
    return DONE;
}

/* Everything but the fields, which are written one by one: they are large. */
static void
clear(struct bask_http1_head *head)
{
    head->path = head->query = head->authority = (bask_str){NULL, 0};
    head->keep_alive = head->chunked = head->has_length = false;
    head->expects_continue = head->upgrade = false;
    head->content_length = 0;
    head->count = 0;
    head->reason = BASK_HTTP1_OK;
}

int
bask_http1_parse_as(const char *buf, size_t len, size_t seen, unsigned leniency,
                    struct bask_http1_head *ret_head)
{
    if (len > INT_MAX)
        len = INT_MAX;
    if (len == 0 || (seen > 0 && !worth_parsing(buf, len, seen < len ? seen : len)))
        return MORE;

    struct scan s = {buf, buf + len};
    struct framing framing = {0};
    int rc;
    clear(ret_head);
    ret_head->leniency = leniency;
    if ((rc = empty_lines(&s, ret_head)) != DONE || (rc = method(&s, ret_head)) != DONE ||
        (rc = target(&s, ret_head)) != DONE || (rc = version(&s, ret_head)) != DONE ||
        (rc = target_form(ret_head)) != DONE || (rc = fields(&s, &framing, ret_head)) != DONE ||
        (rc = conclude(&framing, ret_head)) != DONE)
        return rc;
    return (int)(s.at - buf);
}

/* The byte after the next LF, or NULL. */
static char *
next_line(char *at, const char *end)
{
    char *lf = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return lf ? lf + 1 : NULL;
}

bool
bask_http1_unfold(char *buf, size_t len)
{
    char *end = buf + len, *at = buf;
    bool folded = false;
    while (at < end && (*at == '\r' || *at == '\n'))
        at++;
    at = next_line(at, end); /* over the request line */
    if (!at || at == end || *at == ' ' || *at == '\t')
        return false;
    for (char *next; at < end && *at != '\r' && *at != '\n'; at = next) {
        next = next_line(at, end);
        if (!next)
            break;
        if (next < end && (*next == ' ' || *next == '\t') && next[-2] == '\r') {
            next[-2] = next[-1] = ' ';
            folded = true;
        }
    }
    return folded;
}
