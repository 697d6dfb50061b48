/*
 * Whether a client's conditions let it have a file: If-Match, If-None-Match, If-Modified-Since,
 * If-Unmodified-Since and If-Range (RFC 9110 13).
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

/* The values of the fields; absent where the client sent none. */
struct bask_conditions {
    bask_str match, none_match, modified_since, unmodified_since, range;
};

/* What is known of the file: its entity tag, which is strong and in quotes, and the Unix time of
 * its last change. */
struct bask_validators {
    bask_str etag;
    int64_t modified;
};

/* For GET and HEAD: 200 to go on, 304 or 412. */
unsigned bask_conditions_judge(const struct bask_conditions *conditions,
                               const struct bask_validators *file);

/* Whether a Range of the request counts: without If-Range, or where that still holds. */
bool bask_conditions_allow_range(const struct bask_conditions *conditions,
                                 const struct bask_validators *file);
