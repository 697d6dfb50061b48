"""The part of the border that services.h declares, for gen_glue.py."""

TYPES = """
struct bask_job {
    uint32_t kind, number;
    bask_str name, items;
    ...;
};
struct bask_websocket_message {
    uint32_t size, is_text, code;
    bask_str data;
    ...;
};
"""

C_FUNCTIONS = """
const struct bask_job *glue_job(struct bask_thread *);
void glue_end_job(const struct bask_job *, int, const char *, size_t);
int glue_request_descriptor(void);
int glue_request_disconnect(void);
int64_t glue_request_length(void);
int64_t glue_request_number(void);
const struct bask_request *glue_request_current(void);
int64_t glue_request_read_body(char *, size_t, int);
int glue_request_patience_ms(void);
int glue_request_log_this(void);
int glue_request_wait_signal(void);
int glue_request_add_variable(const char *, size_t, const char *, size_t);
int glue_request_note(const char *, size_t, const char *, size_t);
int glue_stream_take(void);
int64_t glue_stream_read(char *, size_t, int);
int glue_stream_write(const char *, size_t);
int glue_websocket_handshake(const char *, size_t, const char *, size_t, const char *, size_t,
                             char *, size_t);
int glue_websocket_receive(int, struct bask_websocket_message *, char *, size_t);
int glue_websocket_send(const char *, size_t, int, char *, size_t);
int glue_websocket_close(uint32_t, const char *, size_t, char *, size_t);
void glue_process_set_name(const char *, size_t);
int glue_process_waiting(int);
void glue_process_set_warning(const char *, size_t);
uint32_t glue_rpc_max(void);
int glue_rpc_call(const char *, size_t, const char *, size_t, bask_str *, char *, size_t);
int glue_rpc_send(const char *, size_t, uint32_t, const char *, size_t, int, bask_str *, char *,
                  size_t);
void glue_rpc_release(const bask_str *);
int glue_rpc_define(const char *, size_t, uint32_t);
int64_t glue_rpc_find(const char *, size_t);
int glue_rpc_call_here(const char *, size_t, const char *, uint32_t, bask_str *);
int glue_rpc_name(uint32_t, bask_str *);
int glue_rpc_give(bask_str *, const char *, size_t);
int glue_alarm_exist(void);
int glue_alarm_raise(const char *, size_t, const char *, size_t);
int glue_alarm_watches(void);
void glue_alarm_see(const char *, size_t);
int glue_signal_define(uint32_t, const char *, size_t, char *, size_t);
int glue_signal_raise(uint32_t, char *, size_t);
int glue_signal_raise_at(const char *, size_t, uint32_t, char *, size_t);
int glue_signal_add_timer(uint32_t, int64_t, uint32_t, char *, size_t);
int glue_signal_add_cron(uint32_t, const int32_t *, char *, size_t);
int glue_signal_add_monitor(uint32_t, const char *, size_t, char *, size_t);
"""
