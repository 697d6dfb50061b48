/* What the files of svc/ share. */
#pragma once

#include "svc/svc.h"

#include <bask/service_aide.h>
#include <bask/service_alarm.h>
#include <bask/service_area.h>
#include <bask/service_cache.h>
#include <bask/service_lock.h>
#include <bask/service_metric.h>
#include <bask/service_mule.h>
#include <bask/service_process.h>
#include <bask/service_queue.h>
#include <bask/service_rpc.h>
#include <bask/service_signal.h>
#include <bask/service_spool.h>

/* Of this process. */
extern struct bask_svc_setup svc;

/* What the processes share; nothing of it, where it was not set up. */
extern const struct bask_shared *svc_shared;

/* alarms.c */
extern const struct bask_service_alarm svc_alarm;

/* alarm_options.c */
/* What the options describe: 0, or a bask_err and one sentence. */
int svc_alarms_read(struct bask_alarms *alarms, char *error, size_t error_size);

/* areas.c */
extern struct bask_service_area svc_area;

/* cache_service.c */
extern const struct bask_service_cache svc_cache;

/* locks.c */
extern struct bask_service_lock svc_lock;

/* aide.c: what this process is; about NULL: neither a mule nor a spooler */
extern struct bask_svc_aide svc_aide;
extern const struct bask_service_aide svc_aide_functions;
/* The present task is a spooler's; an empty path: it has none. */
void svc_aide_note_task(bask_str path);

/* mule.c */
extern const struct bask_service_mule svc_mule;

/* spool.c */
extern const struct bask_service_spool svc_spool;

/* metrics.c */
extern const struct bask_service_metric svc_metric;

/* queue.c */
extern struct bask_service_queue svc_queue;

/* rpc.c */
extern struct bask_service_rpc svc_rpc;

/* message.c */
int svc_message_send(bask_str node, uint32_t modifiers, bask_str packet, int timeout_ms,
                     bask_str *ret_answer, char *error, size_t error_size);

/* functions.c */
int svc_functions_define(bask_str name, const struct bask_rpc_language *language, void *function);
int svc_functions_find(bask_str name, const struct bask_rpc_language **ret_language,
                       void **ret_function);
int svc_functions_call(bask_str name, const bask_str *arguments, uint32_t count,
                       bask_str *ret_result);
int svc_functions_name(uint32_t n, bask_str *ret_name);

/* signal.c */
extern const struct bask_service_signal svc_signal;

/* process.c */
extern const struct bask_service_process svc_process;
