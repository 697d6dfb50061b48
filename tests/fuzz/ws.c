/*
 * Any bytes as what a client of a WebSocket sends. However they are cut, the same is heard: the
 * same messages and the same end; no text is handed out that is not UTF-8, none that is over the
 * limit.
 */
#include "svc/websocket.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was heard, as a sum that depends on the order. */
struct heard {
    uint64_t sum;
    unsigned events;
    unsigned code;
};

static void
add(struct heard *heard, uint64_t value)
{
    heard->sum = (heard->sum ^ value) * UINT64_C(0x100000001b3);
}

/* False: nothing else may come. */
static bool
note(struct heard *heard, const struct bask_websocket *ws, enum bask_websocket_event event,
     bask_str payload)
{
    struct bask_utf8 utf8 = {0};
    heard->events++;
    add(heard, event);
    if (event == BASK_WEBSOCKET_FAILED) {
        heard->code = ws->code;
        assert(bask_ws_is_code(ws->code));
        return false;
    }
    for (size_t i = 0; i < payload.len; i++)
        add(heard, (unsigned char)payload.ptr[i]);
    assert(payload.len <= (event == BASK_WEBSOCKET_MESSAGE ? MAX : BASK_WS_CONTROL_MAX));
    if (event == BASK_WEBSOCKET_CLOSE) {
        heard->code = ws->code;
        assert(ws->code == BASK_WS_NO_CODE || bask_ws_is_code(ws->code));
        return false;
    }
    if (event == BASK_WEBSOCKET_MESSAGE && ws->opcode == BASK_WS_TEXT)
        assert(bask_utf8_take(&utf8, payload) && bask_utf8_is_whole(&utf8));
    return true;
}

static struct heard
hear(const uint8_t *data, size_t size, size_t piece)
{
    struct bask_websocket ws = {.max = MAX};
    struct heard heard = {.sum = 1};
    bool goes_on = true;
    for (size_t at = 0; at < size && goes_on; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        if (bask_buf_append(&ws.in, bask_str_n((const char *)data + at, n)))
            abort();
        while (goes_on) {
            bask_str payload = {0};
            enum bask_websocket_event event = bask_websocket_next(&ws, &payload);
            if (event == BASK_WEBSOCKET_MORE)
                break;
            goes_on = note(&heard, &ws, event, payload);
        }
        assert(bask_buf_len(&ws.message) <= MAX);
        /* What is not looked at is less than a head. */
        assert(!goes_on || bask_buf_len(&ws.in) < 14);
    }
    bask_websocket_fini(&ws);
    return heard;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct heard whole = hear(data, size, size);
    size_t pieces[] = {1, 2 + (size_t)data[0] % 16};
    for (size_t i = 0; i < 2; i++) {
        struct heard split = hear(data, size, pieces[i]);
        assert(split.sum == whole.sum && split.events == whole.events && split.code == whole.code);
    }
    return 0;
}
