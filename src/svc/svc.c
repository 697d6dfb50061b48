/* The services by name, and their options. */
#include "svc/private.h"

#include <stddef.h>
#include <string.h>

static const struct bask_shared nothing;

struct bask_svc_setup svc;
const struct bask_shared *svc_shared = &nothing;

static const struct {
    const char *name;
    const void *functions;
} services[] = {
    {"alarm", &svc_alarm}, {"aide", &svc_aide_functions}, {"area", &svc_area},
    {"cache", &svc_cache}, {"lock", &svc_lock},           {"metric", &svc_metric},
    {"mule", &svc_mule},   {"process", &svc_process},     {"queue", &svc_queue},
    {"rpc", &svc_rpc},     {"signal", &svc_signal},       {"spool", &svc_spool},
};

static const struct bask_option rows[] = {
    {"rpc-max", NULL, 0, BASK_OPT_INT, offsetof(struct bask_svc_options, rpc_max), 1, 65536, "64",
     "N", "functions that an application may register for RPC"},
    {"websockets-ping-freq", "websocket-ping-freq", 0, BASK_OPT_DURATION,
     offsetof(struct bask_svc_options, ping_ms), 0, 86400000, "30", "SECONDS",
     "ask the client of a WebSocket that is silent for so long whether it is there; 0: never"},
    {"websockets-pong-tolerance", "websocket-pong-tolerance", 0, BASK_OPT_DURATION,
     offsetof(struct bask_svc_options, pong_ms), 1, 86400000, "3", "SECONDS",
     "a WebSocket is over if nothing comes for so long after that"},
    {"websockets-max-size", "websocket-max-size", 0, BASK_OPT_INT,
     offsetof(struct bask_svc_options, message_kib), 1, 1 << 21, "1024", "KILOBYTES",
     "the largest message of a WebSocket; a larger one ends it"},
    {"http-websockets", "http-raw-body http-chunked-input", 0, BASK_OPT_FLAG,
     offsetof(struct bask_svc_options, let_upgrade), 0, 0, NULL, NULL,
     "needless: there is no router that would have to let them through"},
    {"chunked-input-timeout", NULL, 0, BASK_OPT_DURATION,
     offsetof(struct bask_svc_options, chunk_ms), 0, 86400000, "0", "SECONDS",
     "how long uwsgi.chunked_read waits; 0: as long as socket-timeout"},
    {"chunked-input-limit", NULL, 0, BASK_OPT_SIZE, offsetof(struct bask_svc_options, chunk_bytes),
     0, INT64_MAX, "1m", "BYTES",
     "needless: chunks are passed on as they come, and limit-post is for all of them"},
};

struct bask_option_table
bask_svc_option_table(struct bask_svc_options *values)
{
    return (struct bask_option_table){
        .group = "Services",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

void
bask_svc_set_up(const struct bask_svc_setup *setup)
{
    svc = *setup;
    svc_shared = setup->shared ? setup->shared : &nothing;
    svc_lock.count = bask_locks_count(svc_shared->locks);
    svc_area.count = svc_shared->areas.count;
    svc_queue.count = bask_queue_count(svc_shared->queue);
    svc_rpc.max = (uint32_t)setup->options->rpc_max;
}

const struct bask_svc_options *
bask_svc_options(void)
{
    return svc.options;
}

const void *
bask_svc_find(const char *name)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strcmp(services[i].name, name) == 0)
            return services[i].functions;
    return NULL;
}
