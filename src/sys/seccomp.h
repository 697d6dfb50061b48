/*
 * A filter of system calls that a process puts on itself, and its threads and children, for good.
 */
#pragma once

#include "base/str.h"

/* A profile, compiled; it has no pointers into what it was made of. */
struct bask_seccomp;

/*
 * Compiles a profile: lines of a verb and names of system calls; `#` begins a comment.
 *
 *   deny mount ptrace     fails with EPERM
 *   allow keyctl          is let through
 *   kill reboot           ends the process
 *   deny @default         what bask_seccomp_default holds
 *   deny *                all that no line names (allow * unless said)
 *
 * The last word on a call counts. New namespaces by clone are always denied. `error` gets one
 * sentence; `name` stands in it for the file.
 */
int bask_seccomp_compile(bask_str profile, const char *name, struct bask_seccomp **ret_filter,
                         char *error, size_t error_size);

/* "default", or the path of a profile. */
int bask_seccomp_open(const char *profile, struct bask_seccomp **ret_filter, char *error,
                      size_t error_size);

/* Filters all threads of the calling process; it gains no privileges any more. BASK_E_SYSTEM. */
int bask_seccomp_apply(const struct bask_seccomp *filter);

void bask_seccomp_free(struct bask_seccomp **filter);
