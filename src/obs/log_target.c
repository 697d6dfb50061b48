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
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A process has one standard error. */
static struct {
    char *text;   /* an absolute path, or a UDP address; NULL: not ours */
    bool is_file; /* it can be opened again */
    mode_t mode;  /* of files; 0: as it comes */
    bool diverted;
    int output, error; /* where they led before that */
} target;

bool
bask_log_is_file(const char *text)
{
    return strchr(text, '/') || !strchr(text, ':');
}

void
bask_log_set_mode(unsigned mode)
{
    target.mode = (mode_t)mode;
}

void
bask_log_truncate(const char *text)
{
    struct stat status;
    if (bask_log_is_file(text) && !stat(text, &status) && S_ISREG(status.st_mode) &&
        truncate(text, 0))
        bask_log(BASK_LOG_WARN, "cannot empty the log %s: %s", text, strerror(errno));
}

/* The mode is the business of who owns it: others find it as it is. */
static int
open_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd >= 0 && target.mode && fchmod(fd, target.mode) && errno != EPERM)
        bask_log(BASK_LOG_WARN, "--logfile-chmod: %s: %s", path, strerror(errno));
    return fd;
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

int
bask_log_plain_output(void)
{
    return target.diverted ? target.output : STDOUT_FILENO;
}

int
bask_log_plain_error(void)
{
    return target.diverted ? target.error : STDERR_FILENO;
}

static void
lead_to(int fd, int number)
{
    if (number > STDERR_FILENO)
        dup3(fd, number, O_CLOEXEC);
    else
        dup2(fd, number);
}

static void
take_over(int fd)
{
    lead_to(fd, bask_log_plain_output());
    lead_to(fd, bask_log_plain_error());
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
    if (!target.text || !target.is_file || target.diverted)
        return BASK_OK; /* who writes there does it */
    int fd = open_file(target.text);
    if (fd < 0) {
        bask_log(BASK_LOG_WARN, "cannot open the log %s again: %s", target.text, strerror(errno));
        return BASK_E_SYSTEM;
    }
    take_over(fd);
    return BASK_OK;
}

int
bask_log_move(const char *to)
{
    char name[PATH_MAX];
    if (!target.text || !target.is_file) {
        bask_log(BASK_LOG_WARN, "the log is no file of this server's (--logto): it stays");
        return BASK_E_STATE;
    }
    if (bask_file_put_aside(target.text, to, name, sizeof name)) {
        bask_log(BASK_LOG_WARN, "cannot move the log to %s: %s", name, strerror(errno));
        return BASK_E_SYSTEM;
    }
    bask_log(BASK_LOG_INFO, "the log goes on in a new file; this one is %s", name);
    bask_log_reopen();
    return BASK_OK;
}

int
bask_log_divert(int fd)
{
    int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (output < 0 || error < 0)
        return BASK_E_SYSTEM;
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    target.output = output;
    target.error = error;
    target.diverted = true;
    bask_outlet_follow();
    return BASK_OK;
}

bool
bask_log_has_moved(void)
{
    struct stat named, present;
    if (!target.text || !target.is_file || fstat(STDERR_FILENO, &present))
        return false;
    if (stat(target.text, &named))
        return errno == ENOENT;
    return named.st_ino != present.st_ino || named.st_dev != present.st_dev;
}

void
bask_log_come_back(void)
{
    if (!target.diverted)
        return;
    target.diverted = false;
    dup2(target.output, STDOUT_FILENO);
    dup2(target.error, STDERR_FILENO);
    close(target.output);
    close(target.error);
    bask_outlet_follow();
    if (bask_log_has_moved()) /* whoever wrote it meanwhile has begun another file */
        bask_log_reopen();
}

bool
bask_log_is_diverted(void)
{
    return target.diverted;
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
