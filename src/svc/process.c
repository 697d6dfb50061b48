/* The service "process". */
#include "svc/private.h"

#include "sys/sock.h"
#include "sys/title.h"

#include <string.h>

static void
set_name(bask_str name)
{
    char title[256];
    size_t len = name.len < sizeof title - 1 ? name.len : sizeof title - 1;
    if (len)
        memcpy(title, name.ptr, len);
    title[len] = '\0';
    bask_title_set(title);
}

const struct bask_service_process svc_process = {
    .size = sizeof svc_process,
    .set_name = set_name,
    .waiting = bask_sock_waiting,
};
