/*
 * The media type of a file by the end of its name, as /etc/mime.types and files like it have it.
 */
#pragma once

#include "base/str.h"

struct bask_types;

/* Knows nothing at first. NULL: out of memory. */
struct bask_types *bask_types_new(void);
void bask_types_free(struct bask_types **types);
/* Learns the lines of a file, "text/html  html htm"; what an earlier file has said stays. Lines
 * that are not like that are passed over. 0 or BASK_E_NOMEM. */
int bask_types_read(struct bask_types *types, bask_str text);
/* Learns what every web site needs, where nobody has said otherwise. */
int bask_types_add_common(struct bask_types *types);
/* Of a file name, whatever the case of its end; absent if it is not known. */
bask_str bask_types_find(const struct bask_types *types, bask_str name);
