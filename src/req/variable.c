/* Where variables are. */
#include "req/variable.h"

#include "proto/names.h"

#include <stdio.h>

#define MEMBER(member) (offsetof(struct bask_request, member) + 1)
const size_t bask_req_members[BASK_KEY_COUNT] = {
    [BASK_KEY_REQUEST_METHOD] = MEMBER(method),
    [BASK_KEY_REQUEST_URI] = MEMBER(uri),
    [BASK_KEY_PATH_INFO] = MEMBER(path),
    [BASK_KEY_QUERY_STRING] = MEMBER(query),
    [BASK_KEY_SCRIPT_NAME] = MEMBER(script_name),
    [BASK_KEY_SERVER_NAME] = MEMBER(server_name),
    [BASK_KEY_SERVER_PORT] = MEMBER(server_port),
    [BASK_KEY_SERVER_PROTOCOL] = MEMBER(protocol),
    [BASK_KEY_REMOTE_ADDR] = MEMBER(remote_addr),
    [BASK_KEY_REMOTE_PORT] = MEMBER(remote_port),
    [BASK_KEY_CONTENT_TYPE] = MEMBER(content_type),
    [BASK_KEY_HTTP_HOST] = MEMBER(host),
};
#undef MEMBER

/* What an application added comes last, and has no number. */
static const struct bask_pair *
find_pair(const struct bask_request *pub, int key_id, bask_str name)
{
    for (uint32_t i = pub->pair_count; i-- > 0;) {
        const struct bask_pair *pair = &pub->pairs[i];
        if (pair->key_id < 0 ? bask_str_eq(pair->key, name) : pair->key_id == key_id)
            return pair;
    }
    return NULL;
}

bask_str
bask_req_variable(const struct bask_req *req, bask_str name, char *number)
{
    const struct bask_request *pub = &req->pub;
    int key_id = bask_names_variable(name);
    const struct bask_pair *pair = find_pair(pub, key_id, name);
    if (pair)
        return pair->value;
    if (key_id == BASK_KEY_REQUEST_SCHEME)
        return pub->scheme;
    if (key_id == BASK_KEY_CONTENT_LENGTH && pub->has_length)
        return bask_str_n(number, (size_t)snprintf(number, BASK_REQ_NUMBER, "%lld",
                                                   (long long)pub->content_length));
    if (key_id < 0 || !bask_req_members[key_id])
        return (bask_str){0};
    return *(const bask_str *)((const char *)pub + bask_req_members[key_id] - 1);
}
