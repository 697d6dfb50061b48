/* Mules and spoolers as Python calls them: functions with pointers and lengths. */
#include "aides.h"

#include <bask/service_aide.h>
#include <bask/service_mule.h>

static const struct bask_service_aide *aide;
static const struct bask_service_mule *mule;
static const struct bask_service_spool *spool;

void
glue_aides_init(const struct bask_host *functions)
{
    aide = functions->service("aide");
    mule = functions->service("mule");
    spool = functions->service("spool");
}

int
glue_aide_role(void)
{
    return aide->role();
}

uint32_t
glue_aide_id(void)
{
    return aide->id();
}

bask_str
glue_aide_work(void)
{
    return aide->work();
}

int
glue_aide_receive(unsigned from, int wake, int timeout_ms, char *buffer, size_t size,
                  size_t *ret_len)
{
    return aide->receive(from, wake, timeout_ms, buffer, size, ret_len);
}

void
glue_aide_begin(void)
{
    aide->begin();
}

void
glue_aide_done(void)
{
    aide->done();
}

int
glue_aide_limit(int64_t ms)
{
    return aide->limit(ms);
}

int
glue_aide_look(void)
{
    return aide->look();
}

int
glue_aide_take_signal(void)
{
    return aide->take_signal();
}

int
glue_aide_wait_signal(int wake)
{
    return aide->wait_signal(wake);
}

uint32_t
glue_mule_count(void)
{
    return mule->count();
}

size_t
glue_mule_largest(void)
{
    return mule->largest();
}

int
glue_mule_send(uint32_t id, const char *message, size_t len, char *error, size_t error_size)
{
    return mule->send(id, (bask_str){message, len}, error, error_size);
}

int
glue_mule_send_to_farm(const char *farm, size_t farm_len, const char *message, size_t len,
                       char *error, size_t error_size)
{
    return mule->send_to_farm((bask_str){farm, farm_len}, (bask_str){message, len}, error,
                              error_size);
}

int
glue_mule_is_in_farm(const char *farm, size_t farm_len)
{
    return mule->is_in_farm((bask_str){farm, farm_len});
}

bask_str
glue_spool_folder(uint32_t index, int *ret_is_ours)
{
    return spool->folder(index, ret_is_ours);
}

int
glue_spool_spooler(uint32_t index, bask_str *ret_folder)
{
    return spool->spooler(index, ret_folder);
}

int
glue_spool_put(const char *folder, size_t folder_len, const char *priority, size_t priority_len,
               int64_t at, const char *items, size_t items_len, const char *body, size_t body_len,
               char *path, char *error, size_t error_size)
{
    const struct bask_spool_order order = {
        .size = sizeof order,
        .folder = {folder, folder_len},
        .priority = {priority, priority_len},
        .at = at,
        .items = {items, items_len},
        .body = {body, body_len},
    };
    return spool->put(&order, path, error, error_size);
}

int
glue_spool_read(const char *path, size_t path_len, struct bask_spool_task *ret_task)
{
    ret_task->size = sizeof *ret_task;
    return spool->read((bask_str){path, path_len}, ret_task);
}

void
glue_spool_release(struct bask_spool_task *task)
{
    spool->release(task);
}

int
glue_spool_take(struct bask_spool_task *ret_task)
{
    ret_task->size = sizeof *ret_task;
    return spool->take(ret_task);
}

void
glue_spool_finish(struct bask_spool_task *task, int remove)
{
    spool->finish(task, remove);
}

int64_t
glue_spool_wait_ms(void)
{
    return spool->wait_ms();
}

void
glue_spool_set_frequency_ms(int64_t ms)
{
    spool->set_frequency_ms(ms);
}

int
glue_spool_is_quiet(void)
{
    return spool->is_quiet();
}

int64_t
glue_spool_max_tasks(void)
{
    return spool->max_tasks();
}
