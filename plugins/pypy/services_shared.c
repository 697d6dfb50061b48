/* The services that share things between processes, as Python calls them. */
#include "services_shared.h"

#include <bask/service_area.h>
#include <bask/service_cache.h>
#include <bask/service_lock.h>
#include <bask/service_metric.h>
#include <bask/service_queue.h>

static const struct bask_service_area *areas;
static const struct bask_service_cache *caches;
static const struct bask_service_lock *locks;
static const struct bask_service_metric *metrics;
static const struct bask_service_queue *queue;

void
services_shared_init(const struct bask_host *host)
{
    areas = host->service("area");
    caches = host->service("cache");
    locks = host->service("lock");
    metrics = host->service("metric");
    queue = host->service("queue");
}

uint32_t
glue_lock_count(void)
{
    return locks->count;
}

int
glue_lock(uint32_t number)
{
    return locks->lock(number);
}

int
glue_unlock(uint32_t number)
{
    return locks->unlock(number);
}

int
glue_is_locked(uint32_t number)
{
    return locks->is_locked(number);
}

static inline bask_str
str(const char *ptr, size_t len)
{
    return (bask_str){ptr, len};
}

int
glue_cache_get(const char *cache, size_t cache_len, const char *key, size_t key_len,
               bask_str *ret_value)
{
    return caches->get(str(cache, cache_len), str(key, key_len), ret_value);
}

void
glue_cache_release(const bask_str *value)
{
    caches->release(*value);
}

int
glue_cache_exists(const char *cache, size_t cache_len, const char *key, size_t key_len)
{
    return caches->exists(str(cache, cache_len), str(key, key_len));
}

int
glue_cache_set(const char *cache, size_t cache_len, const char *key, size_t key_len,
               const char *value, size_t value_len, int64_t expires, int update)
{
    return caches->set(str(cache, cache_len), str(key, key_len), str(value, value_len), expires,
                       update);
}

int
glue_cache_calculate(const char *cache, size_t cache_len, const char *key, size_t key_len,
                     int operation, int64_t operand, int64_t expires)
{
    return caches->calculate(str(cache, cache_len), str(key, key_len),
                             (enum bask_cache_operation)operation, operand, expires);
}

int
glue_cache_remove(const char *cache, size_t cache_len, const char *key, size_t key_len)
{
    return caches->remove(str(cache, cache_len), str(key, key_len));
}

int
glue_cache_clear(const char *cache, size_t cache_len)
{
    return caches->clear(str(cache, cache_len));
}

int
glue_cache_next_key(const char *cache, size_t cache_len, uint32_t *cursor, char *key, size_t size,
                    size_t *ret_len)
{
    return caches->next_key(str(cache, cache_len), cursor, key, size, ret_len);
}

uint32_t
glue_queue_count(void)
{
    return queue->count;
}

int
glue_queue_push(const char *message, size_t len)
{
    return queue->push(str(message, len));
}

int
glue_queue_pull(bask_str *ret_message)
{
    return queue->pull(ret_message);
}

int
glue_queue_pop(bask_str *ret_message)
{
    return queue->pop(ret_message);
}

int
glue_queue_get(uint32_t slot, bask_str *ret_message)
{
    return queue->get(slot, ret_message);
}

int
glue_queue_set(uint32_t slot, const char *message, size_t len)
{
    return queue->set(slot, str(message, len));
}

void
glue_queue_release(const bask_str *message)
{
    queue->release(*message);
}

uint32_t
glue_queue_push_slot(void)
{
    return queue->push_slot();
}

uint32_t
glue_queue_pull_slot(void)
{
    return queue->pull_slot();
}

uint32_t
glue_area_count(void)
{
    return areas->count;
}

char *
glue_area_memory(uint32_t area, size_t *ret_size)
{
    return areas->memory(area, ret_size);
}

int
glue_area_lock(uint32_t area)
{
    return areas->lock(area);
}

int
glue_area_unlock(uint32_t area)
{
    return areas->unlock(area);
}

int
glue_metric_get(const char *name, size_t len, int64_t *ret_value)
{
    return metrics->get(str(name, len), ret_value);
}

int
glue_metric_change(const char *name, size_t len, int operation, int64_t operand)
{
    return metrics->change(str(name, len), (enum bask_metric_operation)operation, operand);
}
