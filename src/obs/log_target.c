/*
 * Where standard error leads. A file is opened before it takes the place of another, and takes it
 * by dup2(2), so that no line is lost meanwhile, whichever thread writes it.
 */
#include "obs/log.h"

#include "base/err.h"
#include "obs/outlet.h"
#include "sys/files.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A process has one standard error. */
static struct {
    char *text;   /* an absolute path, or a UDP address; NULL: not ours */
    bool is_file; /* it can be opened again */
} target;

bool
bask_log_is_file(const char *text)
{
    return strchr(text, '/') || !strchr(text, ':');
}

static int
open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

static int
open_address(const char *text, char *error, size_t error_size)
{
    struct bask_sockaddr addr;
    if (bask_sock_parse(bask_str_of(text), &addr, error, error_size))
        return -1;
    int fd = socket(addr.u.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, &addr.u.any, addr.length) == 0)
        return fd;
    snprintf(error, error_size, "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static void
take_over(int fd)
{
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
    bask_outlet_follow();
}

int
bask_log_to(const char *text, char *error, size_t error_size)
{
    char reason[256];
    bool is_file = bask_log_is_file(text);
    char *name = is_file ? bask_file_absolute(text) : strdup(text);
    int fd = -1;
    if (name)
        fd = is_file ? open_file(name) : open_address(name, reason, sizeof reason);
    if (!name || (fd < 0 && is_file))
        snprintf(reason, sizeof reason, "%s", strerror(errno));
    if (fd < 0) {
        snprintf(error, error_size, "cannot log to %s: %s", text, reason);
        free(name);
        return BASK_E_SYSTEM;
    }
    take_over(fd);
    free(target.text);
    target.text = name;
    target.is_file = is_file;
    return BASK_OK;
}

int
bask_log_reopen(void)
{
    if (!target.text || !target.is_file)
        return BASK_OK;
    int fd = open_file(target.text);
    if (fd < 0) {
        bask_log(BASK_LOG_WARN, "cannot open the log %s again: %s", target.text, strerror(errno));
        return BASK_E_SYSTEM;
    }
    take_over(fd);
    return BASK_OK;
}

void
bask_log_enter_root(const char *root)
{
    if (!target.text || !target.is_file)
        return;
    const char *inside = bask_file_inside(root, target.text);
    if (inside)
        memmove(target.text, inside, strlen(inside) + 1);
}

const char *
bask_log_target(void)
{
    return target.text;
}
