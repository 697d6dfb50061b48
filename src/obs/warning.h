/*
 * One sentence in shared memory, with which an application warns of itself: pings and the status
 * have it. Any process writes; who reads waits for nobody.
 */
#pragma once

#include "base/str.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { BASK_WARNING_MAX = 80, BASK_WARNING_WORDS = BASK_WARNING_MAX / 8 + 1 };

struct bask_warning {
    pthread_mutex_t lock;  /* of writers */
    _Atomic uint32_t turn; /* odd while one writes */
    _Atomic uint64_t words[BASK_WARNING_WORDS];
};

/* 0 or BASK_E_SYSTEM. The memory is zero. */
int bask_warning_init(struct bask_warning *warning);
/* An empty text: there is nothing to warn of. What is longer than BASK_WARNING_MAX is cut. */
void bask_warning_set(struct bask_warning *warning, bask_str text);
/* The sentence, ended by a NUL, and its length; 0 also if its writer died with it. */
size_t bask_warning_get(const struct bask_warning *warning, char text[BASK_WARNING_MAX + 1]);
