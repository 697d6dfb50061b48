/*
 * Any bytes as a call, as the path of one, and as an answer. What is understood lies inside the
 * bytes, fills them, and reads the same when it is written again.
 */
#include "proto/rpc.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
lies_in(bask_str part, bask_str whole)
{
    return part.ptr >= whole.ptr && part.len <= whole.len &&
           part.ptr + part.len <= whole.ptr + whole.len;
}

/* Items fill the bytes, each with its length before it. */
static void
walk(bask_str items)
{
    const char *at = items.ptr, *end = items.ptr + items.len;
    bask_str item;
    while (bask_rpc_next(&items, &item) == 1) {
        assert(item.ptr == at + 2 && item.ptr + item.len <= end);
        at = item.ptr + item.len;
        assert(items.ptr == at && items.len == (size_t)(end - at));
    }
    assert(at == end);
}

static void
as_call(bask_str bytes)
{
    bask_str name = {0}, arguments = {0};
    if (bask_rpc_parse(bytes, &name, &arguments)) {
        assert(!name.ptr && !arguments.ptr);
        return;
    }
    assert(name.len && lies_in(name, bytes) && lies_in(arguments, bytes));
    assert(2 + name.len + arguments.len == bytes.len);
    walk(arguments);
}

static void
as_path(bask_str bytes)
{
    bask_str name, arguments;
    char *out = malloc(2 * bytes.len + 1);
    assert(out);
    if (!bask_rpc_from_path(bytes, out, &name, &arguments)) {
        assert(name.len && lies_in(name, bytes) && !memchr(name.ptr, '/', name.len));
        assert(arguments.ptr == out && arguments.len <= 2 * bytes.len);
        walk(arguments);
    }
    free(out);
}

static void
as_answer(bask_str bytes)
{
    char head[BASK_RPC_HEAD_MAX];
    uint64_t len = 0, again = 0;
    int used = bask_rpc_parse_answer(bytes.ptr, bytes.len, &len);
    assert(used >= -2 && used != 0 && used <= (int)bytes.len);
    if (used < 0)
        return;
    size_t written = bask_rpc_answer_head((size_t)len, head);
    assert(written <= sizeof head);
    assert(bask_rpc_parse_answer(head, written, &again) == (int)written && again == len);
    for (size_t cut = 0; cut < written; cut++)
        assert(bask_rpc_parse_answer(head, cut, &again) == -2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    assert(copy);
    if (size)
        memcpy(copy, data, size);
    bask_str bytes = bask_str_n(copy, size);
    as_call(bytes);
    as_path(bytes);
    as_answer(bytes);
    free(copy);
    return 0;
}
