/*
 * A ring of messages in memory that processes share. Whoever is killed while it uses it loses the
 * message that it had in hand, and no other.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct bask_queue;

/* Slots for messages of up to so many bytes. NULL: out of memory. */
struct bask_queue *bask_queue_new(uint32_t count, uint32_t longest);
void bask_queue_free(struct bask_queue **queue);
uint32_t bask_queue_count(const struct bask_queue *queue);

/* As the functions of the service (bask/service_queue.h). */
int bask_queue_push(struct bask_queue *queue, bask_str message);
int bask_queue_pull(struct bask_queue *queue, bask_str *ret_message);
int bask_queue_pop(struct bask_queue *queue, bask_str *ret_message);
int bask_queue_get(struct bask_queue *queue, uint32_t slot, bask_str *ret_message);
int bask_queue_set(struct bask_queue *queue, uint32_t slot, bask_str message);
uint32_t bask_queue_push_slot(struct bask_queue *queue);
uint32_t bask_queue_pull_slot(struct bask_queue *queue);
