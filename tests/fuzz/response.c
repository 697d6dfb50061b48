/*
 * Any bytes as the head that an application gives. What is accepted is as many lines as were
 * promised, its framing is one of the four, the memo says the same, and what the server adds fits.
 */
#include "req/response.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned
count_lines(bask_str head)
{
    unsigned count = 0;
    for (size_t i = 0; i < head.len; i++)
        count += head.ptr[i] == '\n';
    return count;
}

static void
check(const struct bask_response *response, const struct bask_response_traits *traits,
      bask_str head)
{
    unsigned status = response->facts.status;
    char tail[BASK_RESPONSE_TAIL];
    const bask_str date = BASK_STR("Date: Sat, 21 Nov 2026 12:00:00 GMT\r\n");
    assert(count_lines(head) == response->header_count + 1);
    assert(memcmp(head.ptr + head.len - 2, "\r\n", 2) == 0);
    assert(status == 101 || (status >= 200 && status <= 999));
    assert(response->framing != BASK_FRAMING_LENGTH || response->length >= 0);
    assert(response->framing != BASK_FRAMING_CHUNKED || (traits->chunked && !traits->http_1_0));
    assert(!(response->keep_alive && response->framing == BASK_FRAMING_CLOSE));
    assert(!(response->keep_alive && (response->facts.says_close || !traits->keep_alive)));
    bool bodiless = traits->is_head || status == 101 || status == 204 || status == 304;
    assert(bodiless == (response->framing == BASK_FRAMING_NONE));
    size_t len = bask_response_finish_head(response, traits, date, tail);
    assert(len >= 2 && len <= sizeof tail && memcmp(tail + len - 2, "\r\n", 2) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bask_head_memo memo;
    if (size < 2)
        return 0;
    const struct bask_response_traits traits = {
        .is_head = data[0] & 1,
        .http_1_0 = data[0] & 2,
        .keep_alive = data[0] & 4,
        .chunked = data[0] & 8,
        .own_date = data[0] & 16,
    };
    int64_t known = data[0] & 32 ? -1 : data[1];
    size_t len = size - 2;
    char *bytes = malloc(len + 1);
    memcpy(bytes, data + 2, len);
    bask_str head = bask_str_n(bytes, len);
    unsigned count = count_lines(head) - 1;
    struct bask_response one = {0}, other = {0};
    int err = bask_response_plan(&one, &traits, head, count, known);
    for (int i = 0; i < 2; i++) {
        int again = bask_response_plan_memo(&other, &traits, head, count, known, &memo);
        assert(again == err);
        assert(err || (other.framing == one.framing && other.keep_alive == one.keep_alive &&
                       other.length == one.length));
    }
    if (!err)
        check(&one, &traits, head);
    assert(bask_response_plan(&other, &traits, head, count + 1, known) < 0);
    free(bytes);
    return 0;
}
