/*
 * The border to the server's services and jobs (bask/service.h), which gen_glue.py makes part of
 * the cffi module. Arguments are as in glue.h; a sentence of what went wrong goes to `error`.
 */
#pragma once

#include <bask/plugin.h>
#include <bask/service_rpc.h>
#include <bask/service_websocket.h>

/* Called once, before Python is. */
void services_init(const struct bask_host *functions);

const struct bask_job *glue_job(struct bask_thread *thread);
void glue_end_job(const struct bask_job *job, int failed, const char *answer, size_t len);

int glue_request_descriptor(void);
int glue_request_disconnect(void);
int64_t glue_request_length(void);
int64_t glue_request_number(void);
const struct bask_request *glue_request_current(void);
int64_t glue_request_read_body(char *buffer, size_t size, int timeout_ms);
int glue_request_patience_ms(void);
int glue_request_log_this(void);
int glue_request_wait_signal(void);
int glue_request_add_variable(const char *name, size_t name_len, const char *value,
                              size_t value_len);
int glue_request_note(const char *name, size_t name_len, const char *value, size_t value_len);
/* Takes the connection over and sends nothing. */
int glue_stream_take(void);
int64_t glue_stream_read(char *buffer, size_t size, int timeout_ms);
int glue_stream_write(const char *data, size_t len);
int glue_websocket_handshake(const char *key, size_t key_len, const char *origin, size_t origin_len,
                             const char *protocol, size_t protocol_len, char *error,
                             size_t error_size);
int glue_websocket_receive(int wait, struct bask_websocket_message *ret_message, char *error,
                           size_t error_size);
int glue_websocket_send(const char *data, size_t len, int is_text, char *error, size_t error_size);
int glue_websocket_close(uint32_t code, const char *reason, size_t len, char *error,
                         size_t error_size);
void glue_process_set_name(const char *name, size_t len);
int glue_process_waiting(int fd);
void glue_process_set_warning(const char *text, size_t len);

uint32_t glue_rpc_max(void);
int glue_rpc_call(const char *node, size_t node_len, const char *items, size_t items_len,
                  bask_str *ret_result, char *error, size_t error_size);
int glue_rpc_send(const char *node, size_t node_len, uint32_t modifiers, const char *packet,
                  size_t packet_len, int timeout_ms, bask_str *ret_answer, char *error,
                  size_t error_size);
void glue_rpc_release(const bask_str *result);
/* Functions of this process. Python's own have a number; GLUE_ELSEWHERE is another language's. */
enum { GLUE_NOBODY = -1, GLUE_ELSEWHERE = -2 };
int glue_rpc_define(const char *name, size_t len, uint32_t number);
int64_t glue_rpc_find(const char *name, size_t len);
/* `items` are `count` arguments, each (u32le n, n bytes). */
int glue_rpc_call_here(const char *name, size_t len, const char *items, uint32_t count,
                       bask_str *ret_result);
int glue_rpc_name(uint32_t n, bask_str *ret_name);
/* Makes a copy of bytes a result. */
int glue_rpc_give(bask_str *ret_result, const char *bytes, size_t len);

int glue_alarm_exist(void);
int glue_alarm_raise(const char *name, size_t name_len, const char *message, size_t message_len);
int glue_alarm_watches(void);
void glue_alarm_see(const char *lines, size_t len);

int glue_signal_define(uint32_t number, const char *target, size_t target_len, char *error,
                       size_t error_size);
int glue_signal_raise(uint32_t number, char *error, size_t error_size);
int glue_signal_raise_at(const char *node, size_t node_len, uint32_t number, char *error,
                         size_t error_size);
int glue_signal_add_timer(uint32_t number, int64_t interval_us, uint32_t times, char *error,
                          size_t error_size);
int glue_signal_add_cron(uint32_t number, const int32_t fields[5], char *error, size_t error_size);
int glue_signal_add_monitor(uint32_t number, const char *path, size_t path_len, char *error,
                            size_t error_size);
