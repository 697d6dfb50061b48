/*
 * The border to what mules and spoolers are (bask/service_aide.h, _mule.h, _spool.h), which
 * gen_glue.py makes part of the cffi module. Arguments are as in glue.h and services.h.
 */
#pragma once

#include <bask/plugin.h>
#include <bask/service_spool.h>

/* Called once, before Python is. */
void glue_aides_init(const struct bask_host *functions);

int glue_aide_role(void);
uint32_t glue_aide_id(void);
bask_str glue_aide_work(void);
int glue_aide_receive(unsigned from, int wake, int timeout_ms, char *buffer, size_t size,
                      size_t *ret_len);
void glue_aide_begin(void);
void glue_aide_done(void);
int glue_aide_limit(int64_t ms);
int glue_aide_look(void);
int glue_aide_take_signal(void);
int glue_aide_wait_signal(int wake);

uint32_t glue_mule_count(void);
size_t glue_mule_largest(void);
int glue_mule_send(uint32_t id, const char *message, size_t len, char *error, size_t error_size);
int glue_mule_send_to_farm(const char *farm, size_t farm_len, const char *message, size_t len,
                           char *error, size_t error_size);
/* `farm` NULL: any. */
int glue_mule_is_in_farm(const char *farm, size_t farm_len);

bask_str glue_spool_folder(uint32_t index, int *ret_is_ours);
int glue_spool_spooler(uint32_t index, bask_str *ret_folder);
int glue_spool_put(const char *folder, size_t folder_len, const char *priority, size_t priority_len,
                   int64_t at, const char *items, size_t items_len, const char *body,
                   size_t body_len, char *path, char *error, size_t error_size);
int glue_spool_read(const char *path, size_t path_len, struct bask_spool_task *ret_task);
void glue_spool_release(struct bask_spool_task *task);
int glue_spool_take(struct bask_spool_task *ret_task);
void glue_spool_finish(struct bask_spool_task *task, int remove);
int64_t glue_spool_wait_ms(void);
void glue_spool_set_frequency_ms(int64_t ms);
int glue_spool_is_quiet(void);
int64_t glue_spool_max_tasks(void);
