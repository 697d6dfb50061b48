/*
 * What a probe is answered: bytes of a request in, bytes of a response out. Pure.
 */
#pragma once

#include "base/str.h"
#include "master/vitals.h"

enum { PROBE_HEAD_MAX = 4096, PROBE_ANSWER_MAX = 1024 };

/* The length of the answer that was written to `answer` [PROBE_ANSWER_MAX]; 0: more of the request
 * is needed. Whatever the request is, it has an answer once it is PROBE_HEAD_MAX long. */
size_t probe_answer(bask_str request, size_t seen, const struct vitals *vitals, char *answer);
