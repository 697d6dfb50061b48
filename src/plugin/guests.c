/* Finding guests, and the life of those that were asked for. */
#include "plugin/guests.h"

#include "base/err.h"
#include "base/str.h"

const struct bask_guest *
bask_guest_find(bask_str name)
{
    for (size_t i = 0; bask_embedded_guests[i]; i++)
        if (bask_str_eq(name, bask_str_of(bask_embedded_guests[i]->name)))
            return bask_embedded_guests[i];
    return NULL;
}

int
bask_guests_add(struct bask_guests *guests, const struct bask_guest *guest)
{
    for (size_t i = 0; i < guests->count; i++)
        if (guests->items[i] == guest)
            return BASK_OK;
    if (guests->count == BASK_GUESTS_MAX)
        return BASK_E_LIMIT;
    guests->items[guests->count++] = guest;
    return BASK_OK;
}

int
bask_guests_load(const struct bask_guests *guests, const struct bask_host *host)
{
    int err = BASK_OK;
    for (size_t i = 0; i < guests->count && !err; i++)
        err = guests->items[i]->load(host);
    return err;
}

int
bask_guests_post_fork(const struct bask_guests *guests)
{
    int err = BASK_OK;
    for (size_t i = 0; i < guests->count && !err; i++)
        err = guests->items[i]->post_fork();
    return err;
}

void
bask_guests_fini(const struct bask_guests *guests)
{
    for (size_t i = 0; i < guests->count; i++)
        guests->items[i]->fini();
}
