/* The service "mule". */
#include "svc/private.h"

#include "base/err.h"

#include <stdio.h>

static uint32_t
count(void)
{
    return svc.aides ? svc.aides->mules : 0;
}

static size_t
largest(void)
{
    return svc.aides ? (size_t)svc.aides->options->message_size : 0;
}

static int
put(const struct bask_box *box, bask_str message, char *error, size_t error_size)
{
    int err = message.len > largest() ? BASK_E_LIMIT : bask_box_put(box, message);
    if (err == BASK_E_LIMIT)
        snprintf(error, error_size, "the message has %zu bytes, and --mule-msg-size is %zu",
                 message.len, largest());
    else if (err)
        snprintf(error, error_size, "%s", bask_err_text(err));
    return err;
}

static int
no_mules(char *error, size_t error_size)
{
    snprintf(error, error_size, "there are no mules (--mule, --mules)");
    return BASK_E_NOTFOUND;
}

static int
send_to(uint32_t id, bask_str message, char *error, size_t error_size)
{
    if (!count())
        return no_mules(error, error_size);
    if (id > count()) {
        snprintf(error, error_size, "there are mules 1 to %u, and no mule %u", count(), id);
        return BASK_E_NOTFOUND;
    }
    return put(id ? &svc.aides->items[id - 1].box : &svc.aides->any, message, error, error_size);
}

static const struct bask_farm *
find(bask_str name)
{
    for (uint32_t i = 0; svc.aides && i < svc.aides->farm_count; i++)
        if (bask_str_eq(svc.aides->farms[i].name, name))
            return &svc.aides->farms[i];
    return NULL;
}

static int
send_to_farm(bask_str name, bask_str message, char *error, size_t error_size)
{
    const struct bask_farm *farm = find(name);
    if (!count())
        return no_mules(error, error_size);
    if (!farm) {
        snprintf(error, error_size, "there is no farm \"%.*s\" (--farm)", BASK_FMT(name));
        return BASK_E_NOTFOUND;
    }
    return put(&farm->box, message, error, error_size);
}

static int
is_in_farm(bask_str name)
{
    if (!svc_aide.about || svc_aide.about->kind != BASK_AIDE_MULE)
        return 0;
    for (uint32_t i = 0; i < svc.aides->farm_count; i++) {
        const struct bask_farm *farm = &svc.aides->farms[i];
        if ((!name.ptr || bask_str_eq(farm->name, name)) && farm->members[svc_aide.about->id - 1])
            return 1;
    }
    return 0;
}

const struct bask_service_mule svc_mule = {
    .size = sizeof svc_mule,
    .count = count,
    .largest = largest,
    .send = send_to,
    .send_to_farm = send_to_farm,
    .is_in_farm = is_in_farm,
};
