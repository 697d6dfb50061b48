/*
 * The ring of messages, and the service "queue".
 *
 * A slot has a message if its length is not 0. What changes a slot and a position together is noted
 * first (struct step): if the process dies before it is done, the next one does it again. Who dies
 * while it sets a slot amid others leaves a hole, which those who take messages out step over.
 */
#include "svc/queue.h"

#include "base/err.h"
#include "svc/private.h"
#include "sys/proc.h"
#include "sys/robust.h"

#include <stdatomic.h>
#include <stdlib.h>

struct slot {
    _Atomic uint32_t len; /* 0: empty */
    char bytes[];
};

/* What the positions and one slot will be. */
struct step {
    uint32_t slot, len;
    uint32_t push_at, pull_at;
};

struct bask_queue {
    uint32_t count, longest, stride;
    pthread_mutex_t lock;
    uint32_t push_at, pull_at;
    struct step step;
    _Atomic uint32_t stepping; /* `step` is to be done */
    char slots[];
};

static size_t
size_of(uint32_t count, uint32_t stride)
{
    return sizeof(struct bask_queue) + (size_t)count * stride;
}

struct bask_queue *
bask_queue_new(uint32_t count, uint32_t longest)
{
    uint32_t stride = (uint32_t)(sizeof(struct slot) + longest + 7) / 8 * 8;
    struct bask_queue *queue = bask_proc_shared_memory(size_of(count, stride));
    if (!queue)
        return NULL;
    queue->count = count;
    queue->longest = longest;
    queue->stride = stride;
    bask_robust_init(&queue->lock, false);
    return queue;
}

void
bask_queue_free(struct bask_queue **queue)
{
    if (*queue)
        bask_proc_unshare_memory(*queue, size_of((*queue)->count, (*queue)->stride));
    *queue = NULL;
}

uint32_t
bask_queue_count(const struct bask_queue *queue)
{
    return queue ? queue->count : 0;
}

static struct slot *
slot_at(struct bask_queue *queue, uint32_t slot)
{
    return (struct slot *)(queue->slots + (size_t)slot * queue->stride);
}

static void
do_step(struct bask_queue *queue)
{
    atomic_exchange(&slot_at(queue, queue->step.slot)->len, queue->step.len);
    queue->push_at = queue->step.push_at;
    queue->pull_at = queue->step.pull_at;
    atomic_exchange(&queue->stepping, 0);
}

static void
change(struct bask_queue *queue, struct step step)
{
    queue->step = step;
    atomic_exchange(&queue->stepping, 1);
    do_step(queue);
}

static void
lock(struct bask_queue *queue)
{
    bask_robust_lock(&queue->lock);
    if (atomic_load(&queue->stepping))
        do_step(queue);
}

static void
unlock(struct bask_queue *queue)
{
    bask_robust_unlock(&queue->lock);
}

static uint32_t
after(const struct bask_queue *queue, uint32_t slot)
{
    return slot + 1 < queue->count ? slot + 1 : 0;
}

static uint32_t
before(const struct bask_queue *queue, uint32_t slot)
{
    return slot ? slot - 1 : queue->count - 1;
}

static int
check(const struct bask_queue *queue, bask_str message)
{
    bool fits = queue && message.len > 0 && message.len <= queue->longest;
    return fits ? BASK_OK : BASK_E_RANGE;
}

/* Where the oldest message is, there is room only when it has gone. */
int
bask_queue_push(struct bask_queue *queue, bask_str message)
{
    int err = check(queue, message);
    if (err)
        return err;
    lock(queue);
    uint32_t at = queue->push_at, oldest = queue->pull_at;
    struct slot *slot = slot_at(queue, at);
    if (atomic_load(&slot->len) && at == oldest)
        oldest = after(queue, oldest);
    change(queue, (struct step){at, 0, at, oldest});
    memcpy(slot->bytes, message.ptr, message.len);
    change(queue, (struct step){at, (uint32_t)message.len, after(queue, at), oldest});
    unlock(queue);
    return BASK_OK;
}

static int
copy(struct slot *slot, bask_str *ret_message)
{
    size_t len = atomic_load(&slot->len);
    char *bytes = len ? malloc(len) : NULL;
    if (!len)
        return BASK_E_NOTFOUND;
    if (!bytes)
        return BASK_E_NOMEM;
    memcpy(bytes, slot->bytes, len);
    *ret_message = bask_str_n(bytes, len);
    return BASK_OK;
}

static bool
is_hole(struct bask_queue *queue, uint32_t slot)
{
    return queue->pull_at != queue->push_at && !atomic_load(&slot_at(queue, slot)->len);
}

int
bask_queue_pull(struct bask_queue *queue, bask_str *ret_message)
{
    if (!queue)
        return BASK_E_NOTFOUND;
    lock(queue);
    uint32_t at = queue->pull_at;
    while (at != queue->push_at && is_hole(queue, at))
        at = after(queue, at);
    int err = copy(slot_at(queue, at), ret_message);
    if (!err)
        change(queue, (struct step){at, 0, queue->push_at, after(queue, at)});
    unlock(queue);
    return err;
}

int
bask_queue_pop(struct bask_queue *queue, bask_str *ret_message)
{
    if (!queue)
        return BASK_E_NOTFOUND;
    lock(queue);
    uint32_t at = before(queue, queue->push_at);
    while (at != queue->pull_at && is_hole(queue, at))
        at = before(queue, at);
    int err = copy(slot_at(queue, at), ret_message);
    if (!err)
        change(queue, (struct step){at, 0, at, queue->pull_at});
    unlock(queue);
    return err;
}

int
bask_queue_get(struct bask_queue *queue, uint32_t slot, bask_str *ret_message)
{
    if (slot >= bask_queue_count(queue))
        return BASK_E_RANGE;
    lock(queue);
    int err = copy(slot_at(queue, slot), ret_message);
    unlock(queue);
    return err;
}

/* The slot of a message is out of the ring while it is written, if that message is at an end. */
int
bask_queue_set(struct bask_queue *queue, uint32_t slot, bask_str message)
{
    int err = check(queue, message);
    if (err || slot >= queue->count)
        return BASK_E_RANGE;
    lock(queue);
    struct step whole = {slot, (uint32_t)message.len, queue->push_at, queue->pull_at};
    struct step without = {slot, 0, whole.push_at, whole.pull_at};
    bool is_message = atomic_load(&slot_at(queue, slot)->len) != 0;
    if (is_message && slot == whole.pull_at)
        without.pull_at = after(queue, slot);
    else if (is_message && after(queue, slot) == whole.push_at)
        without.push_at = slot;
    change(queue, without);
    memcpy(slot_at(queue, slot)->bytes, message.ptr, message.len);
    change(queue, whole);
    unlock(queue);
    return BASK_OK;
}

uint32_t
bask_queue_push_slot(struct bask_queue *queue)
{
    lock(queue);
    uint32_t slot = queue->push_at;
    unlock(queue);
    return slot;
}

uint32_t
bask_queue_pull_slot(struct bask_queue *queue)
{
    lock(queue);
    uint32_t slot = queue->pull_at;
    unlock(queue);
    return slot;
}

static int
push(bask_str message)
{
    return bask_queue_push(svc_shared->queue, message);
}

static int
pull(bask_str *ret_message)
{
    return bask_queue_pull(svc_shared->queue, ret_message);
}

static int
pop(bask_str *ret_message)
{
    return bask_queue_pop(svc_shared->queue, ret_message);
}

static int
get(uint32_t slot, bask_str *ret_message)
{
    return bask_queue_get(svc_shared->queue, slot, ret_message);
}

static int
set(uint32_t slot, bask_str message)
{
    return bask_queue_set(svc_shared->queue, slot, message);
}

static void
release(bask_str message)
{
    free((char *)message.ptr);
}

static uint32_t
push_slot(void)
{
    return svc_shared->queue ? bask_queue_push_slot(svc_shared->queue) : 0;
}

static uint32_t
pull_slot(void)
{
    return svc_shared->queue ? bask_queue_pull_slot(svc_shared->queue) : 0;
}

struct bask_service_queue svc_queue = {
    .size = sizeof svc_queue,
    .push = push,
    .pull = pull,
    .pop = pop,
    .get = get,
    .set = set,
    .release = release,
    .push_slot = push_slot,
    .pull_slot = pull_slot,
};
