/*
 * Listening sockets that whoever started this process has opened: a service manager (systemd's
 * LISTEN_FDS), or, as standard input, a server like inetd.
 */
#pragma once

#include "sys/sock.h"

/* Takes what this process was given, and the variables that say so. `name` of each is what
 * LISTEN_FDNAMES has for it, or ""; that of standard input is "0". Nothing: a count of 0.
 * BASK_E_NOMEM. */
int bask_activation_take(struct bask_sock_givens *ret_givens);
/* Closes what nobody took. How many those were. */
size_t bask_activation_fini(struct bask_sock_givens *givens);
