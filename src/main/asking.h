/*
 * Another server, asked once over its uwsgi socket: --ping, --nagios, --signal. Each returns the
 * exit status that uWSGI has for what it found.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

/* Says what is found on stderr. 0: it is well; 1: no answer; 2: its application warns. */
int bask_asking_ping(bask_str node, int64_t timeout_ms);
/* Says it on stdout, in one line for a monitoring system. 0: it is well; 1: its application warns;
 * 2: no answer; 3: `node` is empty, or no address. */
int bask_asking_nagios(bask_str node, int64_t timeout_ms);
/* "ADDRESS,NUMBER". 0: it has the signal; 1: no answer, or no such words; 2: it refuses it; 3: it
 * is no number. */
int bask_asking_signal(bask_str text, int64_t timeout_ms);
