/* The making and clearing of requests. */
#include "req/request.h"

#include "base/err.h"

#include <stdlib.h>

struct bask_req *
bask_req_new(void)
{
    struct bask_req *req = malloc(sizeof *req);
    if (!req)
        return NULL;
    req->text = (struct bask_arena){0};
    bask_req_reset(req);
    return req;
}

void
bask_req_free(struct bask_req **req)
{
    if (*req)
        bask_arena_fini(&(*req)->text);
    free(*req);
    *req = NULL;
}

void
bask_req_reset(struct bask_req *req)
{
    bask_arena_reset(&req->text);
    req->pub = (struct bask_request){
        .size = sizeof req->pub,
        .method_id = BASK_METHOD_OTHER,
        .protocol_id = BASK_PROTOCOL_OTHER,
        .pairs = req->pairs,
    };
    bask_list_init(&req->link);
    req->thread = NULL;
    req->app = 0;
    req->cut = false;
    req->wants_line = false;
    req->modifier1 = req->modifier2 = 0;
    req->read_errors = req->write_errors = 0;
    req->notes = NULL;
    req->job = (struct bask_job){0};
    req->variable_bytes = 0;
    req->response = (struct bask_response){0};
}

static char
cgi_byte(char c)
{
    return c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

int
bask_req_add(struct bask_req *req, int key_id, bask_str key, bask_str prefix, bask_str value)
{
    if (req->pub.pair_count == BASK_REQ_MAX_PAIRS)
        return BASK_E_LIMIT;
    struct bask_pair *pair = &req->pairs[req->pub.pair_count];
    pair->key_id = key_id;
    pair->value = value;
    pair->key = (bask_str){0};
    if (key_id < 0) {
        char *text = bask_arena_alloc(&req->text, prefix.len + key.len);
        if (!text)
            return BASK_E_NOMEM;
        if (prefix.len)
            memcpy(text, prefix.ptr, prefix.len);
        for (size_t i = 0; i < key.len; i++)
            text[prefix.len + i] = prefix.len ? cgi_byte(key.ptr[i]) : key.ptr[i];
        pair->key = bask_str_n(text, prefix.len + key.len);
    }
    req->pub.pair_count++;
    req->variable_bytes += (unsigned)(key.len + value.len);
    return BASK_OK;
}

bask_str
bask_req_note(const struct bask_req *req, bask_str name)
{
    for (const struct bask_req_note *note = req->notes; note; note = note->next)
        if (bask_str_eq(note->name, name))
            return note->value;
    return (bask_str){0};
}
