/*
 * Any bytes as a uwsgi packet. Variables lie inside it, one behind the other, and together fill it.
 */
#include "proto/uwsgi.h"
#include "proto/names.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *buf = malloc(size ? size : 1);
    if (size)
        memcpy(buf, data, size);
    struct bask_uwsgi_packet packet;
    int rc = bask_uwsgi_parse(buf, size, 32768, &packet);
    assert((rc == -2 && size < BASK_UWSGI_HEADER) || packet.vars.ptr == buf + BASK_UWSGI_HEADER);
    assert(rc != -1 || packet.vars.len > 32768);
    if (rc > 0) {
        assert((size_t)rc <= size && (size_t)rc == BASK_UWSGI_HEADER + packet.vars.len);
        bask_str vars = packet.vars;
        struct bask_uwsgi_var var;
        const char *at = vars.ptr, *end = vars.ptr + vars.len;
        int more;
        while ((more = bask_uwsgi_next(&vars, &var)) == 1) {
            assert(var.key.ptr == at + 2 && var.key.len > 0);
            assert(var.value.ptr == var.key.ptr + var.key.len + 2);
            at = var.value.ptr + var.value.len;
            assert(at <= end && vars.ptr == at && vars.len == (size_t)(end - at));
            int key = bask_names_variable(var.key);
            assert(key == -1 || bask_str_eq(bask_names_key(key), var.key));
            assert(bask_names_header(var.key) < BASK_KEY_COUNT);
            assert(bask_names_method(var.value) < BASK_METHOD_COUNT);
        }
        assert(more == -1 || at == end);
    }
    free(buf);
    return 0;
}
