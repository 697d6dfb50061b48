/*
 * proto/: every request of tests/wire, whole, byte by byte and with another one behind it.
 *
 * The files say what must come of them (tests/wire/README.md); this program knows only the keys.
 * Each attempt parses a heap copy of exactly the bytes it may see, so that a sanitizer notices one
 * too many.
 */
#include "test.h"

#include "proto/chunked.h"
#include "proto/http1.h"
#include "req/from_http1.h"

#include <dirent.h>
#include <stdlib.h>

static const char tail[] = "GET /tail HTTP/1.1\r\nHost: tail\r\n\r\n";

struct wire {
    char name[256];
    char *bytes;
    size_t len;
    char *expect;
    size_t expect_len;
};

/* What the options of a case make of the rules. */
static struct {
    unsigned leniency;
    bool unfolds, needs_length;
    enum bask_underscores underscores;
} rules;

/* What one attempt came to: `consumed` of the head and `body`, or the reason and a negative rc. */
struct result {
    int rc;
    struct bask_http1_head head;
    bool body_bad;
    size_t consumed;
    size_t body_len;
    char *body;
};

static const char *
wire_dir(void)
{
    static char dir[4096];
    const char *set = getenv("BASK_WIRE_DIR");
    if (set)
        return set;
    const char *slash = strrchr(__FILE__, '/');
    snprintf(dir, sizeof dir, "%.*s../wire", slash ? (int)(slash - __FILE__ + 1) : 0, __FILE__);
    return dir;
}

static char *
read_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot read %s; BASK_WIRE_DIR may say where the cases are", path);
    size_t room = 1 << 20;
    char *bytes = malloc(room);
    *ret_len = fread(bytes, 1, room, file);
    assert_true(*ret_len < room);
    fclose(file);
    return bytes;
}

/* The value of the n-th line with this key. */
static bool
expected(const struct wire *wire, const char *key, size_t n, bask_str *ret_value)
{
    bask_str rest = bask_str_n(wire->expect, wire->expect_len), line, value, name;
    while (bask_str_cut(rest, '\n', &line, &rest))
        if (bask_str_cut(line, ':', &name, &value) && bask_str_eq(name, bask_str_of(key)) &&
            n-- == 0) {
            *ret_value = bask_str_trim(value);
            return true;
        }
    return false;
}

static void
must_be(const struct wire *wire, const char *key, bask_str actual)
{
    bask_str value;
    if (expected(wire, key, 0, &value) && !bask_str_eq(value, actual))
        fail_msg("%s: %s: expected \"%.*s\", found \"%.*s\"", wire->name, key, BASK_FMT(value),
                 BASK_FMT(actual));
}

/* Decodes what is behind the head, `pieces` bytes at a time. */
static void
take_body(const char *at, size_t len, size_t piece, struct result *result)
{
    struct bask_chunked state = {0};
    result->body = malloc(len + 1);
    for (size_t used = 0; used < len;) {
        size_t n = len - used < piece ? len - used : piece, data = 0;
        char *copy = malloc(n);
        memcpy(copy, at + used, n);
        int64_t rc = bask_chunked_decode(&state, copy, n, &data);
        if (rc == -1) {
            result->body_bad = true;
            free(copy);
            return;
        }
        memcpy(result->body + result->body_len, copy, data);
        result->body_len += data;
        free(copy);
        used += rc == -2 ? n : (size_t)rc;
        result->consumed += rc == -2 ? n : (size_t)rc;
        if (rc >= 0)
            return;
    }
    result->rc = -2;
}

static void
take_options(const struct wire *wire)
{
    bask_str option;
    memset(&rules, 0, sizeof rules);
    for (size_t n = 0; expected(wire, "option", n, &option); n++) {
        if (bask_str_eq(option, BASK_STR("http-allow-bare-lf")))
            rules.leniency |= BASK_HTTP1_BARE_LF;
        else if (bask_str_eq(option, BASK_STR("http-allow-no-host")))
            rules.leniency |= BASK_HTTP1_NO_HOST;
        else if (bask_str_eq(option, BASK_STR("http-allow-obs-fold")))
            rules.unfolds = true;
        else if (bask_str_eq(option, BASK_STR("http-require-length")))
            rules.needs_length = true;
        else if (bask_str_eq(option, BASK_STR("http-underscores=refuse")))
            rules.underscores = BASK_UNDERSCORES_REFUSE;
        else if (bask_str_eq(option, BASK_STR("http-underscores=allow")))
            rules.underscores = BASK_UNDERSCORES_ALLOW;
        else
            fail_msg("%s: no option \"%.*s\"", wire->name, BASK_FMT(option));
    }
}

static int
parse(char *bytes, size_t len, size_t seen, struct bask_http1_head *head)
{
    int rc = bask_http1_parse_as(bytes, len, seen, rules.leniency, head);
    if (rc == -1 && head->reason == BASK_HTTP1_FOLDED && rules.unfolds &&
        bask_http1_unfold(bytes, len))
        rc = bask_http1_parse_as(bytes, len, 0, rules.leniency, head);
    return rc;
}

/* Parses like a reader that is given `piece` bytes at a time. */
static void
attempt(char *bytes, size_t len, size_t piece, struct result *result)
{
    size_t have = 0, seen = 0;
    result->rc = -2;
    result->consumed = result->body_len = 0;
    result->body_bad = false;
    result->body = NULL;
    while (result->rc == -2 && have < len) {
        have = len - have < piece ? len : have + piece;
        char *copy = malloc(have);
        memcpy(copy, bytes, have);
        result->rc = parse(copy, have, seen, &result->head);
        seen = have;
        free(copy);
    }
    if (result->rc < 0)
        return;
    /* Once more where the bytes stay, so that the views do. */
    assert_int_equal(parse(bytes, len, 0, &result->head), result->rc);
    result->consumed = (size_t)result->rc;
    size_t rest = len - result->consumed;
    if (result->head.chunked) {
        take_body(bytes + result->consumed, rest, piece, result);
    } else if (result->head.has_length && rest >= (size_t)result->head.content_length) {
        result->body_len = (size_t)result->head.content_length;
        result->body = malloc(result->body_len + 1);
        memcpy(result->body, bytes + result->consumed, result->body_len);
        result->consumed += result->body_len;
    }
}

static void
check_fields(const struct wire *wire, const struct bask_http1_head *head)
{
    bask_str value;
    size_t at = 0;
    for (size_t n = 0; expected(wire, "field", n, &value); n++) {
        for (; at < head->count; at++) {
            const struct bask_http1_field *field = &head->fields[at];
            if (value.len == field->name.len + 1 + field->value.len &&
                bask_str_starts(value, field->name) && value.ptr[field->name.len] == '=' &&
                bask_str_ends(value, field->value))
                break;
        }
        if (at++ == head->count)
            fail_msg("%s: no field \"%.*s\"", wire->name, BASK_FMT(value));
    }
}

static void
check_body(const struct wire *wire, const struct result *result)
{
    char *text = malloc(2 * result->body_len + 1);
    size_t len = 0;
    for (size_t i = 0; i < result->body_len; i++) {
        char c = result->body[i];
        const char *escape = c == '\r' ? "\\r" : c == '\n' ? "\\n" : c == '\\' ? "\\\\" : NULL;
        if (escape) {
            text[len++] = escape[0];
            text[len++] = escape[1];
        } else {
            text[len++] = c;
        }
    }
    must_be(wire, "body", bask_str_n(text, len));
    free(text);
}

/* Why a request is refused whose head is well formed; 0 if it is not. */
static enum bask_http1_reason
judged(struct bask_http1_head *head, const char *end)
{
    struct bask_req *req = bask_req_new();
    int err = bask_req_from_http1(req, head, end, rules.underscores);
    bask_req_free(&req);
    if (!err && rules.needs_length && head->chunked)
        return BASK_HTTP1_LENGTH_REQUIRED;
    return err ? head->reason : BASK_HTTP1_OK;
}

static void
check_valid(const struct wire *wire, size_t piece, bool with_tail)
{
    static struct result result;
    size_t len = wire->len + (with_tail ? sizeof tail - 1 : 0);
    char *bytes = malloc(len);
    memcpy(bytes, wire->bytes, wire->len);
    memcpy(bytes + wire->len, tail, len - wire->len);
    attempt(bytes, len, piece, &result);

    const struct bask_http1_head *head = &result.head;
    if (result.rc < 0 || result.body_bad)
        fail_msg("%s: refused (%d): %s", wire->name, result.rc,
                 result.body_bad ? "body" : bask_http1_reason_text(head->reason));
    if (result.consumed != wire->len)
        fail_msg("%s: %zu of %zu bytes consumed", wire->name, result.consumed, wire->len);

    bask_str value;
    char number[32];
    must_be(wire, "method", head->method);
    must_be(wire, "path", head->path);
    must_be(wire, "query", head->query);
    if (!expected(wire, "query", 0, &value) && head->query.ptr)
        fail_msg("%s: a query that is not expected", wire->name);
    must_be(wire, "authority", head->authority);
    snprintf(number, sizeof number, "%d", head->minor);
    must_be(wire, "minor", bask_str_of(number));
    must_be(wire, "keep-alive", bask_str_of(head->keep_alive ? "yes" : "no"));
    must_be(wire, "upgrade", bask_str_of(head->upgrade ? "yes" : "no"));
    must_be(wire, "expects-continue", bask_str_of(head->expects_continue ? "yes" : "no"));
    must_be(wire, "chunked", bask_str_of(head->chunked ? "yes" : "no"));
    assert_int_equal(head->chunked, expected(wire, "chunked", 0, &value));
    assert_int_equal(head->has_length, expected(wire, "content-length", 0, &value));
    snprintf(number, sizeof number, "%lld", (long long)head->content_length);
    must_be(wire, "content-length", bask_str_of(number));
    check_fields(wire, head);
    if (judged(&result.head, bytes + result.rc))
        fail_msg("%s: refused: %s", wire->name, bask_http1_reason_text(head->reason));
    check_body(wire, &result);
    free(result.body);
    free(bytes);
}

static const char *
symbol_of(enum bask_http1_reason reason)
{
    static const char *const symbols[] = {"OK",
#define X(symbol, status, text, rfc) #symbol,
                                          BASK_HTTP1_REASONS(X)
#undef X
    };
    return symbols[reason];
}

/* A head that its reader's buffer cannot hold: the parser asks for more to the last byte. */
static void
check_over_limit(const struct wire *wire, bask_str limit)
{
    static struct bask_http1_head head;
    long long len = 0;
    assert_int_equal(bask_str_to_i64(limit, &len), 0);
    assert_true((size_t)len < wire->len);
    assert_int_equal(bask_http1_parse(wire->bytes, (size_t)len, 0, &head), -2);
}

static void
check_invalid(const struct wire *wire, size_t piece)
{
    static struct result result;
    char status[32];
    bask_str value;
    if (expected(wire, "limit", 0, &value)) {
        check_over_limit(wire, value);
        return;
    }
    char *bytes = malloc(wire->len);
    memcpy(bytes, wire->bytes, wire->len);
    attempt(bytes, wire->len, piece, &result);
    if (result.rc > 0 && result.body_bad) {
        must_be(wire, "reason", BASK_STR("CHUNK"));
        must_be(wire, "status", BASK_STR("400"));
    } else if (result.rc == -1) {
        snprintf(status, sizeof status, "%d", bask_http1_reason_status(result.head.reason));
        must_be(wire, "reason", bask_str_of(symbol_of(result.head.reason)));
        must_be(wire, "status", bask_str_of(status));
    } else {
        enum bask_http1_reason reason =
            result.rc > 0 ? judged(&result.head, bytes + result.rc) : BASK_HTTP1_OK;
        if (!reason)
            fail_msg("%s: not refused (%d)", wire->name, result.rc);
        snprintf(status, sizeof status, "%d", bask_http1_reason_status(reason));
        must_be(wire, "reason", bask_str_of(symbol_of(reason)));
        must_be(wire, "status", bask_str_of(status));
    }
    free(bytes);
    free(result.body);
}

/* No strict prefix of a valid head is refused or accepted, in one go or after any earlier look. */
static void
check_prefixes(const struct wire *wire)
{
    static struct bask_http1_head head;
    int whole = parse(wire->bytes, wire->len, 0, &head);
    for (int len = 0; len < whole; len++) {
        char *copy = malloc((size_t)len + 1);
        memcpy(copy, wire->bytes, (size_t)len);
        int rc = parse(copy, (size_t)len, 0, &head);
        if (rc != -2)
            fail_msg("%s: %d for the first %d of %d bytes", wire->name, rc, len, whole);
        free(copy);
        rc = parse(wire->bytes, wire->len, (size_t)len, &head);
        if (rc != whole)
            fail_msg("%s: %d after a look at %d bytes", wire->name, rc, len);
    }
}

/* Calls check for each case of a kind; how many there were. */
static size_t
each(const char *kind, void (*check)(const struct wire *))
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", wire_dir(), kind);
    DIR *dir = opendir(path);
    if (!dir)
        fail_msg("cannot read %s; BASK_WIRE_DIR may say where the cases are", path);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t stem = strlen(entry->d_name);
        if (stem < 6 || strcmp(entry->d_name + stem - 5, ".http") != 0)
            continue;
        struct wire wire = {0};
        snprintf(wire.name, sizeof wire.name, "%.*s", (int)stem - 5, entry->d_name);
        snprintf(path, sizeof path, "%s/%s/%s.http", wire_dir(), kind, wire.name);
        wire.bytes = read_file(path, &wire.len);
        snprintf(path, sizeof path, "%s/%s/%s.expect", wire_dir(), kind, wire.name);
        wire.expect = read_file(path, &wire.expect_len);
        take_options(&wire);
        check(&wire);
        free(wire.bytes);
        free(wire.expect);
        count++;
    }
    closedir(dir);
    return count;
}

static void
valid_case(const struct wire *wire)
{
    check_valid(wire, SIZE_MAX, false);
    check_valid(wire, 1, false);
    check_valid(wire, 7, true);
    check_valid(wire, SIZE_MAX, true);
    check_prefixes(wire);
}

static void
valid(void **state)
{
    (void)state;
    assert_true(each("valid", valid_case) >= 50);
}

static bool covered[64];
static bool chunk_covered;

static void
invalid_case(const struct wire *wire)
{
    bask_str reason;
    check_invalid(wire, SIZE_MAX);
    check_invalid(wire, 1);
    check_invalid(wire, 7);
    assert_true(expected(wire, "reason", 0, &reason));
    chunk_covered |= bask_str_eq(reason, BASK_STR("CHUNK"));
    for (int i = 1; i <= BASK_HTTP1_TARGET_TOO_LONG; i++)
        covered[i] |= bask_str_eq(reason, bask_str_of(symbol_of((enum bask_http1_reason)i)));
}

static void
invalid(void **state)
{
    (void)state;
    assert_true(each("invalid", invalid_case) >= 100);
    assert_true(chunk_covered);
    for (int i = 1; i <= BASK_HTTP1_TARGET_TOO_LONG; i++)
        if (!covered[i])
            fail_msg("no case for %s", symbol_of((enum bask_http1_reason)i));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid),
        cmocka_unit_test(invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
