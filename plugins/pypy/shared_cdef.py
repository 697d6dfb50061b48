"""The part of the border that services_shared.h declares, for gen_glue.py."""

C_FUNCTIONS = """
uint32_t glue_lock_count(void);
int glue_lock(uint32_t);
int glue_unlock(uint32_t);
int glue_is_locked(uint32_t);
uint32_t glue_queue_count(void);
int glue_queue_push(const char *, size_t);
int glue_queue_pull(bask_str *);
int glue_queue_pop(bask_str *);
int glue_queue_get(uint32_t, bask_str *);
int glue_queue_set(uint32_t, const char *, size_t);
void glue_queue_release(const bask_str *);
uint32_t glue_queue_push_slot(void);
uint32_t glue_queue_pull_slot(void);
uint32_t glue_area_count(void);
char *glue_area_memory(uint32_t, size_t *);
int glue_area_lock(uint32_t);
int glue_area_unlock(uint32_t);
int glue_metric_get(const char *, size_t, int64_t *);
int glue_metric_change(const char *, size_t, int, int64_t);
int glue_cache_get(const char *, size_t, const char *, size_t, bask_str *);
void glue_cache_release(const bask_str *);
int glue_cache_exists(const char *, size_t, const char *, size_t);
int glue_cache_set(const char *, size_t, const char *, size_t, const char *, size_t, int64_t, int);
int glue_cache_calculate(const char *, size_t, const char *, size_t, int, int64_t, int64_t);
int glue_cache_remove(const char *, size_t, const char *, size_t);
int glue_cache_clear(const char *, size_t);
int glue_cache_next_key(const char *, size_t, uint32_t *, char *, size_t, size_t *);
"""
