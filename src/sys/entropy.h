/* Bytes that nobody can guess. */
#pragma once

#include <stddef.h>

void bask_random(void *bytes, size_t size);
