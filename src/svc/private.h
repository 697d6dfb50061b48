/* What the files of svc/ share. */
#pragma once

#include "svc/svc.h"

#include <bask/service_aide.h>
#include <bask/service_lock.h>
#include <bask/service_mule.h>
#include <bask/service_process.h>
#include <bask/service_rpc.h>
#include <bask/service_signal.h>
#include <bask/service_spool.h>

/* Of this process. */
extern struct bask_svc_setup svc;

/* What the processes share; nothing of it, where it was not set up. */
extern const struct bask_shared *svc_shared;

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

/* rpc.c */
extern struct bask_service_rpc svc_rpc;

/* signal.c */
extern const struct bask_service_signal svc_signal;

/* process.c */
extern const struct bask_service_process svc_process;
