/*
 * The server's log: one line, one write(2), to standard error.
 */
#pragma once

#include <bask/plugin.h>

void bask_log(enum bask_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
