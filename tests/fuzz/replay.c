/* Any bytes as a file of requests: what is read can be made again, and is what the parser saw. */
#include "req/replay.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bask_http1_head head;
    struct bask_replay replay = {0};
    struct bask_replay_error error = {{0}};
    char *text = malloc(size + 1);
    if (size)
        memcpy(text, data, size);
    int err = bask_replay_read(&replay, text, size, &error);
    assert(!err || error.text[0]);
    struct bask_req *req = bask_req_new();
    for (size_t i = 0; i < replay.count; i++) {
        const struct bask_replay_item *item = &replay.items[i];
        bask_req_reset(req);
        err = bask_replay_fill(item, &head, req);
        assert(!err && req->pub.method_id == item->method_id);
        assert(bask_str_eq(req->pub.method, item->method));
        assert(req->pub.pair_count <= BASK_REQ_MAX_PAIRS);
    }
    bask_req_free(&req);
    bask_replay_fini(&replay);
    free(text);
    return 0;
}
