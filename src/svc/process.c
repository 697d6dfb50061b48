/* The service "process". */
#include "svc/private.h"

#include "obs/board.h"
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

static void
set_warning(bask_str text)
{
    if (svc.board)
        bask_warning_set(svc.board->warning, text);
}

const struct bask_service_process svc_process = {
    .size = sizeof svc_process,
    .set_name = set_name,
    .waiting = bask_sock_waiting,
    .set_warning = set_warning,
};
