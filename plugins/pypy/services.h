/*
 * The border to the server's services and jobs (bask/service.h), which gen_glue.py makes part of
 * the cffi module. Arguments are as in glue.h; a sentence of what went wrong goes to `error`.
 */
#pragma once

#include <bask/plugin.h>

/* Called once, before Python is. */
void services_init(const struct bask_host *functions);

const struct bask_job *glue_job(struct bask_thread *thread);
void glue_end_job(const struct bask_job *job, int failed, const char *answer, size_t len);

uint32_t glue_rpc_max(void);
int glue_rpc_call(const char *node, size_t node_len, const char *items, size_t items_len,
                  bask_str *ret_result, char *error, size_t error_size);
void glue_rpc_release(const bask_str *result);
