/* The services as Python calls them: functions with pointers and lengths. */
#include "services.h"

#include "called.h"
#include "services_shared.h"

#include <bask/service_alarm.h>
#include <bask/service_process.h>
#include <bask/service_request.h>
#include <bask/service_rpc.h>
#include <bask/service_signal.h>
#include <bask/service_stream.h>
#include <bask/service_websocket.h>

#include <stdlib.h>
#include <string.h>

static const struct bask_host *host;
static const struct bask_service_request *request;
static const struct bask_service_alarm *alarms;
static const struct bask_service_process *process;
static const struct bask_service_rpc *rpc;
static const struct bask_service_signal *signals;
static const struct bask_service_stream *stream;
static const struct bask_service_websocket *websocket;

void
services_init(const struct bask_host *functions)
{
    host = functions;
    request = host->service("request");
    alarms = host->service("alarm");
    process = host->service("process");
    rpc = host->service("rpc");
    signals = host->service("signal");
    services_shared_init(host);
    stream = host->service("stream");
    websocket = host->service("websocket");
}

int
glue_alarm_exist(void)
{
    return alarms->exist();
}

int
glue_alarm_raise(const char *name, size_t name_len, const char *message, size_t message_len)
{
    return alarms->raise((bask_str){name, name_len}, (bask_str){message, message_len});
}

int
glue_alarm_watches(void)
{
    return alarms->watches();
}

void
glue_alarm_see(const char *lines, size_t len)
{
    alarms->see((bask_str){lines, len});
}

const struct bask_job *
glue_job(struct bask_thread *thread)
{
    return host->job(thread);
}

void
glue_end_job(const struct bask_job *job, int failed, const char *answer, size_t len)
{
    host->end_job(job, failed, (bask_str){answer, len});
}

int
glue_request_descriptor(void)
{
    return request->descriptor();
}

int
glue_request_disconnect(void)
{
    return request->disconnect();
}

int64_t
glue_request_length(void)
{
    return request->length();
}

int64_t
glue_request_number(void)
{
    return request->number();
}

const struct bask_request *
glue_request_current(void)
{
    return request->current();
}

int64_t
glue_request_read_body(char *buffer, size_t size, int timeout_ms)
{
    return request->read_body(buffer, size, timeout_ms);
}

int
glue_request_patience_ms(void)
{
    return request->patience_ms();
}

int
glue_request_log_this(void)
{
    return request->log_this();
}

int
glue_request_wait_signal(void)
{
    return request->wait_signal();
}

int
glue_request_add_variable(const char *name, size_t name_len, const char *value, size_t value_len)
{
    return request->add_variable((bask_str){name, name_len}, (bask_str){value, value_len});
}

int
glue_request_note(const char *name, size_t name_len, const char *value, size_t value_len)
{
    return request->note((bask_str){name, name_len}, (bask_str){value, value_len});
}

int
glue_stream_take(void)
{
    return stream->take((bask_str){0}, 0, NULL);
}

int64_t
glue_stream_read(char *buffer, size_t size, int timeout_ms)
{
    return stream->read(buffer, size, timeout_ms);
}

int
glue_stream_write(const char *data, size_t len)
{
    return stream->write((bask_str){data, len}, 0);
}

int
glue_websocket_handshake(const char *key, size_t key_len, const char *origin, size_t origin_len,
                         const char *protocol, size_t protocol_len, char *error, size_t error_size)
{
    return websocket->handshake((bask_str){key, key_len}, (bask_str){origin, origin_len},
                                (bask_str){protocol, protocol_len}, error, error_size);
}

int
glue_websocket_receive(int wait, struct bask_websocket_message *ret_message, char *error,
                       size_t error_size)
{
    return websocket->receive(wait, ret_message, error, error_size);
}

int
glue_websocket_send(const char *data, size_t len, int is_text, char *error, size_t error_size)
{
    return websocket->send((bask_str){data, len}, is_text, error, error_size);
}

int
glue_websocket_close(uint32_t code, const char *reason, size_t len, char *error, size_t error_size)
{
    return websocket->close(code, (bask_str){reason, len}, error, error_size);
}

void
glue_process_set_name(const char *name, size_t len)
{
    process->set_name((bask_str){name, len});
}

int
glue_process_waiting(int fd)
{
    return process->waiting(fd);
}

void
glue_process_set_warning(const char *text, size_t len)
{
    process->set_warning((bask_str){text, len});
}

uint32_t
glue_rpc_max(void)
{
    return rpc->max;
}

int
glue_rpc_call(const char *node, size_t node_len, const char *items, size_t items_len,
              bask_str *ret_result, char *error, size_t error_size)
{
    return rpc->call((bask_str){node, node_len}, (bask_str){items, items_len}, ret_result, error,
                     error_size);
}

int
glue_rpc_send(const char *node, size_t node_len, uint32_t modifiers, const char *packet,
              size_t packet_len, int timeout_ms, bask_str *ret_answer, char *error,
              size_t error_size)
{
    return rpc->send((bask_str){node, node_len}, modifiers, (bask_str){packet, packet_len},
                     timeout_ms, ret_answer, error, error_size);
}

void
glue_rpc_release(const bask_str *result)
{
    rpc->release(*result);
}

int
glue_rpc_define(const char *name, size_t len, uint32_t number)
{
    return rpc->define((bask_str){name, len}, called_language(host), (void *)(uintptr_t)number);
}

int64_t
glue_rpc_find(const char *name, size_t len)
{
    const struct bask_rpc_language *language;
    void *function;
    if (rpc->find((bask_str){name, len}, &language, &function))
        return GLUE_NOBODY;
    return language == called_language(host) ? (int64_t)(uintptr_t)function : GLUE_ELSEWHERE;
}

int
glue_rpc_call_here(const char *name, size_t len, const char *items, uint32_t count,
                   bask_str *ret_result)
{
    bask_str arguments[BASK_RPC_ARGUMENTS];
    if (count > BASK_RPC_ARGUMENTS)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size;
        memcpy(&size, items, sizeof size);
        arguments[i] = (bask_str){items + sizeof size, size};
        items += sizeof size + size;
    }
    *ret_result = (bask_str){0};
    return rpc->call_here((bask_str){name, len}, arguments, count, ret_result);
}

int
glue_rpc_name(uint32_t n, bask_str *ret_name)
{
    return rpc->name(n, ret_name);
}

int
glue_rpc_give(bask_str *ret_result, const char *bytes, size_t len)
{
    char *copy = len ? malloc(len) : NULL;
    if (len && !copy)
        return -1;
    *ret_result = (bask_str){len ? memcpy(copy, bytes, len) : NULL, len};
    return 0;
}

int
glue_signal_define(uint32_t number, const char *target, size_t target_len, char *error,
                   size_t error_size)
{
    return signals->define(number, (bask_str){target, target_len}, error, error_size);
}

int
glue_signal_raise(uint32_t number, char *error, size_t error_size)
{
    return signals->raise(number, error, error_size);
}

int
glue_signal_raise_at(const char *node, size_t node_len, uint32_t number, char *error,
                     size_t error_size)
{
    return signals->raise_at((bask_str){node, node_len}, number, error, error_size);
}

int
glue_signal_add_timer(uint32_t number, int64_t interval_us, uint32_t times, char *error,
                      size_t error_size)
{
    return signals->add_timer(number, interval_us, times, error, error_size);
}

int
glue_signal_add_cron(uint32_t number, const int32_t fields[5], char *error, size_t error_size)
{
    return signals->add_cron(number, fields, error, error_size);
}

int
glue_signal_add_monitor(uint32_t number, const char *path, size_t path_len, char *error,
                        size_t error_size)
{
    return signals->add_monitor(number, (bask_str){path, path_len}, error, error_size);
}
