/*
 * One question to a server over its control socket, and the answer.
 */
#pragma once

#include "base/buf.h"
#include "ipc/control.h"

#include <stdint.h>

/* Waits until the answer is there, at most limit_ms (0: as long as it takes). 0 with the answer and
 * its text, which the caller frees; or a bask_err with one sentence in `error`: SYSTEM: nobody is
 * there; CLOSED: the server left without an answer; TIMEOUT; SYNTAX; NOMEM. */
int cli_ask(bask_str path, const struct bask_control_request *request, int64_t limit_ms,
            struct bask_control_answer *ret_answer, struct bask_buf *ret_text, char *error,
            size_t error_size);
