/*
 * How much a client wants a content coding: the field Accept-Encoding (RFC 9110 12.5.3).
 */
#pragma once

#include "base/str.h"

/* From 0, not at all, to 1000. What the field does not name has the quality of "*", or 0. */
int bask_accept_quality(bask_str field, bask_str coding);
