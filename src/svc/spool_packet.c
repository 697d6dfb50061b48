/*
 * A task that came over the network: a packet of modifier 17, whose variables are the task, and
 * among them those that say where it belongs. The file is the packet, as uWSGI has it.
 */
#include "svc/spool_packet.h"
#include "svc/private.h"
#include "svc/spool_file.h"

#include "base/err.h"
#include "proto/uwsgi.h"

#include <stdio.h>

/* A fraction of a second is cut. */
static int
read_time(bask_str text, int64_t *ret_at)
{
    bask_str whole = text, fraction;
    long long at = 0;
    bask_str_cut(text, '.', &whole, &fraction);
    if (whole.len && (bask_str_to_i64(whole, &at) || at < 0))
        return BASK_E_SYNTAX;
    *ret_at = at;
    return BASK_OK;
}

/* Exactly as the server has it: nobody outside has a path looked up. */
static bool
is_folder(bask_str name)
{
    bask_str path;
    int ours;
    for (uint32_t i = 0; (path = svc_spool.folder(i, &ours)).ptr; i++)
        if (bask_str_eq(path, name))
            return true;
    return false;
}

static int
refuse(int err, const char *why, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s", why);
    return err;
}

static int
read_order(bask_str items, struct bask_spool_order *order, char *error, size_t error_size)
{
    struct bask_uwsgi_var item;
    int more;
    while ((more = bask_uwsgi_next(&items, &item)) > 0)
        if (bask_str_eq(item.key, BASK_STR("spooler")))
            order->folder = item.value;
        else if (bask_str_eq(item.key, BASK_STR("priority")))
            order->priority = item.value;
        else if (bask_str_eq(item.key, BASK_STR("at")) && read_time(item.value, &order->at))
            return refuse(BASK_E_SYNTAX, "at is no Unix time", error, error_size);
    if (more < 0)
        return refuse(BASK_E_SYNTAX, "the items are malformed", error, error_size);
    if (order->priority.len && !bask_spool_is_priority(order->priority))
        return refuse(BASK_E_SYNTAX, "the priority is no number", error, error_size);
    if (order->folder.len && !is_folder(order->folder))
        return refuse(BASK_E_NOTFOUND, "it names no folder of a spooler", error, error_size);
    return BASK_OK;
}

int
bask_spool_put_packet(bask_str items, char *error, size_t error_size)
{
    struct bask_spool_order order = {.size = sizeof order, .items = items};
    char path[BASK_SPOOL_PATH];
    int err = read_order(items, &order, error, error_size);
    return err ? err : svc_spool.put(&order, path, error, error_size);
}
