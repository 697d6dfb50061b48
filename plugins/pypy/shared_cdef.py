"""The part of the border that services_shared.h declares, for gen_glue.py."""

C_FUNCTIONS = """
uint32_t glue_lock_count(void);
int glue_lock(uint32_t);
int glue_unlock(uint32_t);
int glue_is_locked(uint32_t);
int glue_cache_get(const char *, size_t, const char *, size_t, bask_str *);
void glue_cache_release(const bask_str *);
int glue_cache_exists(const char *, size_t, const char *, size_t);
int glue_cache_set(const char *, size_t, const char *, size_t, const char *, size_t, int64_t, int);
int glue_cache_calculate(const char *, size_t, const char *, size_t, int, int64_t, int64_t);
int glue_cache_remove(const char *, size_t, const char *, size_t);
int glue_cache_clear(const char *, size_t);
int glue_cache_next_key(const char *, size_t, uint32_t *, char *, size_t, size_t *);
"""
