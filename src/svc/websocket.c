/*
 * From bytes to messages. A message costs as much memory as has come of it, whatever its frames
 * promise; text is checked as it comes, so that what is wrong is refused at once.
 */
#include "svc/websocket.h"

#include "base/err.h"

/* The buffer of a message that was larger is not kept for the next one. */
enum { KEPT = 64 * 1024 };

static enum bask_websocket_event
fail(struct bask_websocket *ws, unsigned code, const char *why, bask_str *ret_payload)
{
    ws->code = code;
    *ret_payload = bask_str_of(why);
    return BASK_WEBSOCKET_FAILED;
}

static enum bask_websocket_event
again_failed(struct bask_websocket *ws, bask_str *ret_payload)
{
    return fail(ws, ws->code, "the conversation is over", ret_payload);
}

/* A frame of a message fits what came before it. */
static enum bask_websocket_event
begin_data(struct bask_websocket *ws, bask_str *ret_payload)
{
    bool continues = ws->frame.opcode == BASK_WS_CONTINUATION;
    if (continues != (ws->opcode != 0))
        return fail(ws, BASK_WS_PROTOCOL_ERROR,
                    continues ? "a continuation of nothing" : "a message within another one",
                    ret_payload);
    if (!continues)
        ws->opcode = ws->frame.opcode;
    if (ws->frame.len > ws->max - bask_buf_len(&ws->message))
        return fail(ws, BASK_WS_TOO_BIG, "a message is larger than websockets-max-size",
                    ret_payload);
    return BASK_WEBSOCKET_MORE;
}

static enum bask_websocket_event
begin_frame(struct bask_websocket *ws, bask_str *ret_payload)
{
    bask_str in = bask_buf_view(&ws->in);
    int used = bask_ws_parse(in.ptr, in.len, &ws->frame);
    if (used == -1)
        return fail(ws, BASK_WS_PROTOCOL_ERROR, "a malformed frame", ret_payload);
    if (used < 0)
        return BASK_WEBSOCKET_MORE;
    bask_buf_consume(&ws->in, (size_t)used);
    ws->in_frame = true;
    ws->frame_at = 0;
    return bask_ws_is_control(ws->frame.opcode) ? BASK_WEBSOCKET_MORE : begin_data(ws, ret_payload);
}

/* Takes what is there of the frame's payload. */
static enum bask_websocket_event
take_payload(struct bask_websocket *ws, bask_str *ret_payload)
{
    uint64_t missing = ws->frame.len - ws->frame_at;
    size_t have = bask_buf_len(&ws->in), n = have < missing ? have : (size_t)missing;
    char *data = ws->in.data + ws->in.start;
    if (!n)
        return BASK_WEBSOCKET_MORE;
    bask_ws_unmask(data, n, ws->frame.mask, ws->frame_at);
    if (bask_ws_is_control(ws->frame.opcode))
        memcpy(ws->control + ws->frame_at, data, n);
    else if (ws->opcode == BASK_WS_TEXT && !bask_utf8_take(&ws->utf8, bask_str_n(data, n)))
        return fail(ws, BASK_WS_BAD_DATA, "a text is not UTF-8", ret_payload);
    else if (bask_buf_append(&ws->message, bask_str_n(data, n)))
        return fail(ws, BASK_WS_FAILED, bask_err_text(BASK_E_NOMEM), ret_payload);
    ws->frame_at += n;
    bask_buf_consume(&ws->in, n);
    return BASK_WEBSOCKET_MORE;
}

static enum bask_websocket_event
end_control(struct bask_websocket *ws, bask_str *ret_payload)
{
    bask_str payload = bask_str_n(ws->control, (size_t)ws->frame.len);
    if (ws->frame.opcode == BASK_WS_CLOSE) {
        unsigned code = bask_ws_parse_close(payload, &ws->code, ret_payload);
        return code ? fail(ws, code, "a malformed end", ret_payload) : BASK_WEBSOCKET_CLOSE;
    }
    *ret_payload = payload;
    return ws->frame.opcode == BASK_WS_PING ? BASK_WEBSOCKET_PING : BASK_WEBSOCKET_PONG;
}

static enum bask_websocket_event
end_frame(struct bask_websocket *ws, bask_str *ret_payload)
{
    ws->in_frame = false;
    if (bask_ws_is_control(ws->frame.opcode))
        return end_control(ws, ret_payload);
    if (!ws->frame.fin)
        return BASK_WEBSOCKET_MORE;
    if (ws->opcode == BASK_WS_TEXT && !bask_utf8_is_whole(&ws->utf8))
        return fail(ws, BASK_WS_BAD_DATA, "a text ends within a character", ret_payload);
    ws->handed_out = true;
    *ret_payload = bask_buf_len(&ws->message) ? bask_buf_view(&ws->message) : (bask_str){0};
    return BASK_WEBSOCKET_MESSAGE;
}

static void
drop_message(struct bask_websocket *ws)
{
    ws->handed_out = false;
    ws->opcode = 0;
    if (ws->message.size > KEPT)
        bask_buf_fini(&ws->message);
    else
        bask_buf_consume(&ws->message, bask_buf_len(&ws->message));
}

enum bask_websocket_event
bask_websocket_next(struct bask_websocket *ws, bask_str *ret_payload)
{
    enum bask_websocket_event event = BASK_WEBSOCKET_MORE;
    if (ws->code)
        return again_failed(ws, ret_payload);
    if (ws->handed_out)
        drop_message(ws);
    if (!bask_buf_len(&ws->in))
        return BASK_WEBSOCKET_MORE;
    while (event == BASK_WEBSOCKET_MORE) {
        if (!ws->in_frame) {
            event = begin_frame(ws, ret_payload);
            if (event != BASK_WEBSOCKET_MORE || !ws->in_frame)
                break;
        }
        event = take_payload(ws, ret_payload);
        if (event != BASK_WEBSOCKET_MORE || ws->frame_at < ws->frame.len)
            break;
        event = end_frame(ws, ret_payload);
    }
    return event;
}

void
bask_websocket_fini(struct bask_websocket *ws)
{
    bask_buf_fini(&ws->in);
    bask_buf_fini(&ws->message);
}
