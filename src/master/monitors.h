/*
 * Files and folders whose changes raise signals. Nothing is opened before the first one is added.
 */
#pragma once

#include "base/str.h"
#include "loop/loop.h"

#include <stdint.h>

struct monitors;

/* Called once for all that is told of a subject at a time. */
typedef void monitors_f(void *context, uint32_t number);

/* NULL: out of memory. */
struct monitors *monitors_new(struct bask_loop *loop, monitors_f *on_change, void *context);
void monitors_free(struct monitors **monitors);
/* In a child: closes the descriptor, nothing else. */
void monitors_forget(const struct monitors *monitors);
/* 0 or a bask_err that was logged. */
int monitors_add(struct monitors *monitors, bask_str path, uint32_t number);
/* Watches nothing any more. */
void monitors_clear(struct monitors *monitors);
