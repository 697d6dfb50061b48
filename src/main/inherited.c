/*
 * Sockets that no option names: who started the server may have left it some, a service manager, a
 * predecessor, or, as standard input, a server like inetd.
 */
#include "base/err.h"
#include "main/server.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_ROOM = 16 };

/* A value for each, and room for the names of those that have none. */
static struct bask_value *
make_room(size_t most, char **ret_text)
{
    struct bask_value *values = calloc(most + 1, sizeof *values + NAME_ROOM);
    if (!values)
        die("%s", bask_err_text(BASK_E_NOMEM));
    *ret_text = (char *)(values + most);
    return values;
}

bool
find_inherited(struct server *server)
{
    const struct bask_sock_givens *handed = &server->handed.listeners,
                                  *activated = &server->activated;
    size_t count = 0;
    char *text;
    struct bask_value *values = make_room(handed->count + activated->count, &text);
    for (size_t i = 0; i < handed->count; i++)
        if (bask_str_starts(handed->items[i].name, BASK_STR("fd://")))
            values[count++].text = handed->items[i].name;
    for (size_t i = 0; i < activated->count; i++, text += NAME_ROOM) {
        snprintf(text, NAME_ROOM, "fd://%d", activated->items[i].fd);
        values[count++].text = bask_str_of(text);
    }
    server->inherited = values;
    server->net.uwsgi_sockets = (struct bask_values){values, count};
    return count;
}
