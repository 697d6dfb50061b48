/*
 * The border to the services that share things between processes; as services.h.
 */
#pragma once

#include <bask/plugin.h>

/* Called once, before Python is. */
void services_shared_init(const struct bask_host *host);

uint32_t glue_lock_count(void);
int glue_lock(uint32_t number);
int glue_unlock(uint32_t number);
int glue_is_locked(uint32_t number);

uint32_t glue_queue_count(void);
int glue_queue_push(const char *message, size_t len);
int glue_queue_pull(bask_str *ret_message);
int glue_queue_pop(bask_str *ret_message);
int glue_queue_get(uint32_t slot, bask_str *ret_message);
int glue_queue_set(uint32_t slot, const char *message, size_t len);
void glue_queue_release(const bask_str *message);
uint32_t glue_queue_push_slot(void);
uint32_t glue_queue_pull_slot(void);

uint32_t glue_area_count(void);
char *glue_area_memory(uint32_t area, size_t *ret_size);
int glue_area_lock(uint32_t area);
int glue_area_unlock(uint32_t area);

int glue_metric_get(const char *name, size_t len, int64_t *ret_value);
int glue_metric_change(const char *name, size_t len, int operation, int64_t operand);

int glue_cache_get(const char *cache, size_t cache_len, const char *key, size_t key_len,
                   bask_str *ret_value);
void glue_cache_release(const bask_str *value);
int glue_cache_exists(const char *cache, size_t cache_len, const char *key, size_t key_len);
int glue_cache_set(const char *cache, size_t cache_len, const char *key, size_t key_len,
                   const char *value, size_t value_len, int64_t expires, int update);
int glue_cache_calculate(const char *cache, size_t cache_len, const char *key, size_t key_len,
                         int operation, int64_t operand, int64_t expires);
int glue_cache_remove(const char *cache, size_t cache_len, const char *key, size_t key_len);
int glue_cache_clear(const char *cache, size_t cache_len);
int glue_cache_next_key(const char *cache, size_t cache_len, uint32_t *cursor, char *key,
                        size_t size, size_t *ret_len);
