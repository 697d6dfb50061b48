"""The part of the border that services_shared.h declares, for gen_glue.py."""

C_FUNCTIONS = """
uint32_t glue_lock_count(void);
int glue_lock(uint32_t);
int glue_unlock(uint32_t);
int glue_is_locked(uint32_t);
"""
