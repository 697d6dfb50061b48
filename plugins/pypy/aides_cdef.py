"""The part of the border that aides.h declares, for gen_glue.py."""

TYPES = """
struct bask_spool_task {
    const char *path;
    bask_str items, body;
    ...;
};
"""

C_FUNCTIONS = """
int glue_aide_role(void);
uint32_t glue_aide_id(void);
bask_str glue_aide_work(void);
int glue_aide_receive(unsigned, int, int, char *, size_t, size_t *);
void glue_aide_begin(void);
void glue_aide_done(void);
int glue_aide_limit(int64_t);
int glue_aide_look(void);
int glue_aide_take_signal(void);
int glue_aide_wait_signal(int);
uint32_t glue_mule_count(void);
size_t glue_mule_largest(void);
int glue_mule_send(uint32_t, const char *, size_t, char *, size_t);
int glue_mule_send_to_farm(const char *, size_t, const char *, size_t, char *, size_t);
int glue_mule_is_in_farm(const char *, size_t);
bask_str glue_spool_folder(uint32_t, int *);
int glue_spool_spooler(uint32_t, bask_str *);
int glue_spool_put(const char *, size_t, const char *, size_t, int64_t, const char *, size_t,
                   const char *, size_t, char *, char *, size_t);
int glue_spool_read(const char *, size_t, struct bask_spool_task *);
void glue_spool_release(struct bask_spool_task *);
int glue_spool_take(struct bask_spool_task *);
void glue_spool_finish(struct bask_spool_task *, int);
int64_t glue_spool_wait_ms(void);
void glue_spool_set_frequency_ms(int64_t);
int glue_spool_is_quiet(void);
int64_t glue_spool_max_tasks(void);
"""
