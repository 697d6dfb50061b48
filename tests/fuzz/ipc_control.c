/*
 * Any bytes as a question, as an answer, and as what a master was left. What is understood lies
 * inside the bytes and can be written again.
 */
#include "ipc/control.h"
#include "ipc/succession.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const char *bytes, size_t size)
{
    struct bask_control_request request, again;
    char line[BASK_CONTROL_LINE + 1];
    int used = bask_control_parse(bytes, size, &request);
    assert(used >= -2 && used != 0);
    assert(used != -2 || size < BASK_CONTROL_LINE);
    if (used < 0)
        return;
    assert((size_t)used <= size && bytes[used - 1] == '\n');
    int length = bask_control_format(line, &request);
    assert(length > 0 && bask_control_parse(line, (size_t)length, &again) == length);
    assert(bask_str_eq(request.command, again.command));
    assert(bask_str_eq(request.argument, again.argument));
    assert(request.wait == again.wait);
}

static void
answer(const char *bytes, size_t size)
{
    struct bask_control_answer said;
    int used = bask_control_parse_answer(bytes, size, &said);
    assert(used < 0 || ((size_t)used <= size && said.length <= BASK_CONTROL_TEXT));
}

static void
succeed(const char *bytes, size_t size)
{
    struct bask_succession read;
    if (bask_succession_parse(bask_str_n(bytes, size), &read))
        return;
    for (size_t i = 0; i < read.listeners.count; i++) {
        const struct bask_sock_given *given = &read.listeners.items[i];
        assert(given->fd > 2 && given->name.len > 0);
        assert(given->name.ptr > bytes && given->name.ptr + given->name.len < bytes + size);
    }
    free(read.listeners.items);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size ? size : 1);
    if (size)
        memcpy(bytes, data, size);
    ask(bytes, size);
    answer(bytes, size);
    succeed(bytes, size);
    free(bytes);
    return 0;
}
