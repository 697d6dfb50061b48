/*
 * The server's log: one line, one write(2), to standard error.
 */
#pragma once

#include <bask/plugin.h>

void bask_log(enum bask_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Errors and warnings are also written to this descriptor, which stays the caller's; -1: no more.
 */
void bask_log_also_to(int fd);
