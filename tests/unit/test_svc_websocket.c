/* svc/websocket: what a client may say, as a table; whole and in pieces. */
#include "test.h"

#include "svc/websocket.h"

#include <stdlib.h>

enum { MAX = 1000 };

#define NONE (-1)

/* A frame that the test's client sends: its first byte, and the payload before it is masked. */
struct frame {
    int first; /* 0x81 ...; NONE: the end */
    bask_str payload;
};

struct conversation {
    const char *name;
    struct frame frames[8];
    const char *heard; /* what came out, each event with a word and its payload */
};

/* Named after what Autobahn's test suite calls them where it has them. */
static const struct conversation conversations[] = {
    {"1.1 empty text", {{0x81, {"", 0}}, {NONE, {0}}}, "text()"},
    {"1.1 text", {{0x81, {"hello", 5}}, {NONE, {0}}}, "text(hello)"},
    {"1.2 binary", {{0x82, {"\xff", 1}}, {NONE, {0}}}, "binary(\xff)"},
    {"1.1 two", {{0x81, {"a", 1}}, {0x82, {"b", 1}}, {NONE, {0}}}, "text(a) binary(b)"},
    {"2.1 empty ping", {{0x89, {"", 0}}, {NONE, {0}}}, "ping()"},
    {"2.2 ping", {{0x89, {"hi", 2}}, {NONE, {0}}}, "ping(hi)"},
    {"2.7 pong unasked", {{0x8a, {"hi", 2}}, {NONE, {0}}}, "pong(hi)"},
    {"2.8 pong, ping", {{0x8a, {"x", 1}}, {0x89, {"y", 1}}, {NONE, {0}}}, "pong(x) ping(y)"},
    {"3.1 reserved bit", {{0xc1, {"x", 1}}, {NONE, {0}}}, "failed 1002"},
    {"3.2 reserved bit after text",
     {{0x81, {"ok", 2}}, {0xa1, {"x", 1}}, {NONE, {0}}},
     "text(ok) failed 1002"},
    {"4.1 reserved opcode", {{0x83, {"", 0}}, {NONE, {0}}}, "failed 1002"},
    {"4.2 reserved control", {{0x8b, {"", 0}}, {NONE, {0}}}, "failed 1002"},
    {"5.1 ping in pieces", {{0x09, {"a", 1}}, {0x80, {"b", 1}}, {NONE, {0}}}, "failed 1002"},
    {"5.3 text in pieces", {{0x01, {"hel", 3}}, {0x80, {"lo", 2}}, {NONE, {0}}}, "text(hello)"},
    {"5.5 three pieces, one empty",
     {{0x02, {"a", 1}}, {0x00, {"", 0}}, {0x80, {"b", 1}}, {NONE, {0}}},
     "binary(ab)"},
    {"5.6 ping between pieces",
     {{0x01, {"hel", 3}}, {0x89, {"p", 1}}, {0x80, {"lo", 2}}, {NONE, {0}}},
     "ping(p) text(hello)"},
    {"5.9 continuation of nothing", {{0x80, {"x", 1}}, {NONE, {0}}}, "failed 1002"},
    {"5.11 and not the last", {{0x00, {"x", 1}}, {NONE, {0}}}, "failed 1002"},
    {"5.16 continuation after the last",
     {{0x01, {"a", 1}}, {0x80, {"b", 1}}, {0x80, {"c", 1}}, {NONE, {0}}},
     "text(ab) failed 1002"},
    {"5.18 text within text", {{0x01, {"a", 1}}, {0x81, {"b", 1}}, {NONE, {0}}}, "failed 1002"},
    {"5.18 binary within text", {{0x01, {"a", 1}}, {0x02, {"b", 1}}, {NONE, {0}}}, "failed 1002"},
    {"end between pieces",
     {{0x01, {"a", 1}}, {0x88, {"\x03\xe8", 2}}, {NONE, {0}}},
     "close 1000()"},
    {"6.2 a character in two pieces",
     {{0x01, {"\xe2\x82", 2}}, {0x80, {"\xac", 1}}, {NONE, {0}}},
     "text(\xe2\x82\xac)"},
    {"6.3 no UTF-8", {{0x81, {"a\xc0\x80", 3}}, {NONE, {0}}}, "failed 1007"},
    {"6.4 told before its end", {{0x01, {"a\xed\xa0", 3}}, {NONE, {0}}}, "failed 1007"},
    {"6.6 half a character", {{0x81, {"\xe2\x82", 2}}, {NONE, {0}}}, "failed 1007"},
    {"6.6 the next text is another one",
     {{0x81, {"a", 1}}, {0x81, {"\xe2\x82\xac", 3}}, {NONE, {0}}},
     "text(a) text(\xe2\x82\xac)"},
    {"6.x binary need not be",
     {{0x02, {"\xc0", 1}}, {0x80, {"\xff", 1}}, {NONE, {0}}},
     "binary(\xc0\xff)"},
    {"7.1 end", {{0x88, {"\x03\xe8", 2}}, {NONE, {0}}}, "close 1000()"},
    {"7.1.3 nothing after the end",
     {{0x88, {"\x03\xe9", 2}}, {0x89, {"x", 1}}, {NONE, {0}}},
     "close 1001() failed 1001"},
    {"7.3.1 end without a code", {{0x88, {"", 0}}, {NONE, {0}}}, "close 1005()"},
    {"7.3.2 end with half a code", {{0x88, {"\x03", 1}}, {NONE, {0}}}, "failed 1002"},
    {"7.3.4 reason",
     {{0x88,
       {"\x03\xe8"
        "bye",
        5}},
      {NONE, {0}}},
     "close 1000(bye)"},
    {"7.5.1 reason that is no UTF-8", {{0x88, {"\x03\xe8\xff", 3}}, {NONE, {0}}}, "failed 1007"},
    {"7.9 code 1005", {{0x88, {"\x03\xed", 2}}, {NONE, {0}}}, "failed 1002"},
    {"7.9 code 999", {{0x88, {"\x03\xe7", 2}}, {NONE, {0}}}, "failed 1002"},
    {"7.13 code 65535", {{0x88, {"\xff\xff", 2}}, {NONE, {0}}}, "failed 1002"},
};

static void
add_masked(struct bask_buf *wire, int first, bask_str payload)
{
    static const char mask[4] = {0x37, (char)0xfa, 0x21, 0x3d};
    char head[4] = {(char)first, (char)(0x80 | payload.len)};
    size_t used = 2;
    if (payload.len > 125) {
        head[1] = (char)0xfe;
        head[2] = (char)(payload.len >> 8);
        head[3] = (char)payload.len;
        used = 4;
    }
    assert_int_equal(bask_buf_append(wire, bask_str_n(head, used)), 0);
    assert_int_equal(bask_buf_append(wire, bask_str_n(mask, 4)), 0);
    for (size_t i = 0; i < payload.len; i++) {
        char byte = (char)(payload.ptr[i] ^ mask[i % 4]);
        assert_int_equal(bask_buf_append(wire, bask_str_n(&byte, 1)), 0);
    }
}

/* Writes down one event; false when nothing more can come. */
static bool
note(const struct bask_websocket *ws, enum bask_websocket_event event, bask_str payload, char *out)
{
    static const char *const words[] = {"", "", "ping", "pong", "close", "failed"};
    size_t used = strlen(out);
    const char *word = event != BASK_WEBSOCKET_MESSAGE ? words[event]
                       : ws->opcode == BASK_WS_TEXT    ? "text"
                                                       : "binary";
    used += (size_t)sprintf(out + used, "%s%s", used ? " " : "", word);
    if (event >= BASK_WEBSOCKET_CLOSE)
        used += (size_t)sprintf(out + used, " %u", ws->code);
    if (event != BASK_WEBSOCKET_FAILED)
        sprintf(out + used, "(%.*s)", BASK_FMT(payload));
    return event != BASK_WEBSOCKET_FAILED;
}

static void
hear(const bask_str wire, size_t piece, uint64_t max, char *out)
{
    struct bask_websocket ws = {.max = max};
    bool goes_on = true;
    *out = '\0';
    for (size_t at = 0; at < wire.len && goes_on; at += piece) {
        size_t n = wire.len - at < piece ? wire.len - at : piece;
        assert_int_equal(bask_buf_append(&ws.in, bask_str_n(wire.ptr + at, n)), 0);
        for (;;) {
            bask_str payload = {0};
            enum bask_websocket_event event = bask_websocket_next(&ws, &payload);
            if (event == BASK_WEBSOCKET_MORE)
                break;
            if (!(goes_on = note(&ws, event, payload, out)))
                break;
        }
    }
    bask_websocket_fini(&ws);
}

static void
all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(conversations); i++) {
        const struct conversation *c = &conversations[i];
        struct bask_buf wire = {0};
        for (const struct frame *frame = c->frames; frame->first != NONE; frame++)
            add_masked(&wire, frame->first, frame->payload);
        for (size_t piece = 1; piece <= bask_buf_len(&wire); piece++) {
            char heard[4096];
            hear(bask_buf_view(&wire), piece, MAX, heard);
            /* What ended with the end is asked once more only where bytes follow. */
            if (strcmp(heard, c->heard) && strncmp(c->heard, "close", 5))
                fail_msg("%s, in pieces of %zu: %s", c->name, piece, heard);
            if (strncmp(heard, c->heard, strcspn(c->heard, ")")))
                fail_msg("%s, in pieces of %zu: %s", c->name, piece, heard);
        }
        bask_buf_fini(&wire);
    }
}

/* websockets-max-size is for the whole message, and is exact. A promise costs nothing. */
static void
limits(void **state)
{
    (void)state;
    static char bytes[MAX + 1];
    static char heard[4 * MAX];
    memset(bytes, 'x', sizeof bytes);
    struct bask_buf wire = {0};
    add_masked(&wire, 0x82, bask_str_n(bytes, MAX));
    hear(bask_buf_view(&wire), 7, MAX, heard);
    assert_int_equal(strncmp(heard, "binary(xxx", 10), 0);
    hear(bask_buf_view(&wire), 7, MAX - 1, heard);
    assert_string_equal(heard, "failed 1009");
    hear(bask_str_n(wire.data, 8), 8, MAX - 1, heard); /* its head is enough */
    assert_string_equal(heard, "failed 1009");
    bask_buf_fini(&wire);
    add_masked(&wire, 0x02, bask_str_n(bytes, MAX));
    add_masked(&wire, 0x80, bask_str_n(bytes, 1));
    hear(bask_buf_view(&wire), 64, MAX, heard);
    assert_string_equal(heard, "failed 1009");
    hear(BASK_STR("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
                  "mask"),
         64, MAX, heard);
    assert_string_equal(heard, "failed 1009");
    hear(BASK_STR("\x02\x81mask!\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
                  "mask"),
         64, INT64_MAX, heard);
    assert_string_equal(heard, "failed 1009");
    bask_buf_fini(&wire);
}

/* Nothing is left of a message when the next one comes, and a large buffer is given back. */
static void
memory(void **state)
{
    (void)state;
    static char bytes[65535];
    struct bask_websocket ws = {.max = 1 << 20};
    struct bask_buf wire = {0};
    bask_str payload;
    add_masked(&wire, 0x02, bask_str_n(bytes, sizeof bytes));
    add_masked(&wire, 0x80, bask_str_n(bytes, sizeof bytes));
    add_masked(&wire, 0x81, BASK_STR("small"));
    assert_int_equal(bask_buf_append(&ws.in, bask_buf_view(&wire)), 0);
    assert_int_equal(bask_websocket_next(&ws, &payload), BASK_WEBSOCKET_MESSAGE);
    assert_int_equal(payload.len, 2 * sizeof bytes);
    assert_int_equal(bask_websocket_next(&ws, &payload), BASK_WEBSOCKET_MESSAGE);
    assert_str(payload, BASK_STR("small"));
    assert_true(ws.message.size < sizeof bytes);
    assert_int_equal(bask_websocket_next(&ws, &payload), BASK_WEBSOCKET_MORE);
    bask_buf_fini(&wire);
    bask_websocket_fini(&ws);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all),
        cmocka_unit_test(limits),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
