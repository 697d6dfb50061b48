/*
 * Variables of a request by their CGI names, wherever a request keeps them.
 */
#pragma once

#include "req/request.h"

/* Variables that are members of struct bask_request rather than pairs: the offset + 1, 0 for all
 * others. By their numbers. */
extern const size_t bask_req_members[BASK_KEY_COUNT];

enum { BASK_REQ_NUMBER = 24 };

/* The last one of this name; absent: there is none. `number` has BASK_REQ_NUMBER bytes, for a
 * value that is one. */
bask_str bask_req_variable(const struct bask_req *req, bask_str name, char *number);
