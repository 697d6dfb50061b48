/*
 * Request paths: percent-decoding (RFC 3986 2.1) and removal of dot segments (RFC 3986 5.2.4).
 */
#pragma once

#include "base/str.h"

/* True if the path is already what bask_url_path would make of it, so that no copy is needed. */
bool bask_url_path_is_plain(bask_str path);

/* Decodes and normalises `path` into out, which has room for path.len bytes. The number of bytes
 * written, or -1: a '%' without two hexadecimal digits, or an encoded NUL. The result never
 * climbs above the root: "/../a" is "/a". "*" and the empty path stay as they are. */
long bask_url_path(bask_str path, char *out);
