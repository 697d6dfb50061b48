/*
 * Which CPUs a process runs on.
 */
#pragma once

#include <stdint.h>

/* Keeps the calling thread, and those that it starts, to `count` of the CPUs it may use: the first
 * worker to the first ones, the next to those that follow, and from the start again. 0 or
 * BASK_E_SYSTEM. */
int bask_affinity_take(uint32_t worker_id, uint32_t count);
