/*
 * Actions of hooks that deal with files, and with file systems. What a hook says is the operator's
 * word: paths are taken as they are.
 */
#include "proc/hook_files.h"

#include "base/err.h"
#include "base/str.h"
#include "proc/hook_actions.h"
#include "proc/waiting.h"
#include "sys/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int
result(const struct hook_call *call, bool failed)
{
    if (!failed)
        return BASK_OK;
    snprintf(call->error, call->error_size, "%s: %s", call->words[0], strerror(errno));
    return BASK_E_SYSTEM;
}

/* Writes words[1], and `end` after it, to words[0]. */
static int
put(const struct hook_call *call, int flags, const char *end)
{
    int fd = open(call->words[0], O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666);
    if (fd < 0)
        return result(call, true);
    const char *text = call->words[1] ? call->words[1] : "";
    struct iovec parts[] = {{(void *)(uintptr_t)text, strlen(text)},
                            {(void *)(uintptr_t)end, strlen(end)}};
    ssize_t wanted = (ssize_t)(parts[0].iov_len + parts[1].iov_len);
    bool failed = wanted && writev(fd, parts, 2) != wanted;
    int err = result(call, failed);
    return close(fd) && !failed ? result(call, true) : err;
}

int
hook_create(const struct hook_call *call)
{
    return put(call, O_CREAT | O_TRUNC, "");
}

int
hook_write(const struct hook_call *call)
{
    return put(call, O_CREAT | O_TRUNC, "");
}

int
hook_writen(const struct hook_call *call)
{
    return put(call, O_CREAT | O_TRUNC, "\n");
}

int
hook_append(const struct hook_call *call)
{
    return put(call, O_CREAT | O_APPEND, "");
}

int
hook_appendn(const struct hook_call *call)
{
    return put(call, O_CREAT | O_APPEND, "\n");
}

/* Without a reader it fails instead of waiting for one. */
int
hook_writefifo(const struct hook_call *call)
{
    return put(call, O_NONBLOCK, "");
}

int
hook_mkdir(const struct hook_call *call)
{
    return result(call, mkdir(call->words[0], 0777) && errno != EEXIST);
}

int
hook_unlink(const struct hook_call *call)
{
    return result(call, unlink(call->words[0]) != 0);
}

int
hook_chmod(const struct hook_call *call)
{
    char *end;
    errno = EINVAL;
    unsigned long mode = strtoul(call->words[1], &end, 8);
    bool good = end != call->words[1] && !*end && mode <= 07777;
    return result(call, !good || chmod(call->words[0], (mode_t)mode));
}

int
hook_sticky(const struct hook_call *call)
{
    struct stat status;
    return result(call, stat(call->words[0], &status) ||
                            chmod(call->words[0], (status.st_mode & 07777) | S_ISVTX));
}

int
hook_chown(const struct hook_call *call)
{
    struct bask_user user;
    gid_t gid;
    if (bask_priv_find_user(bask_str_of(call->words[1]), &user, call->error, call->error_size) ||
        bask_priv_find_group(bask_str_of(call->words[2]), &gid, call->error, call->error_size))
        return BASK_E_NOTFOUND;
    return result(call, chown(call->words[0], user.uid, gid) != 0);
}

static const struct {
    const char *name;
    unsigned long mount, umount;
} flags[] = {
    {"bind", MS_BIND, 0},        {"dirsync", MS_DIRSYNC, 0},
    {"move", MS_MOVE, 0},        {"noatime", MS_NOATIME, 0},
    {"nodev", MS_NODEV, 0},      {"nodiratime", MS_NODIRATIME, 0},
    {"noexec", MS_NOEXEC, 0},    {"nosuid", MS_NOSUID, 0},
    {"private", MS_PRIVATE, 0},  {"rdonly", MS_RDONLY, 0},
    {"readonly", MS_RDONLY, 0},  {"ro", MS_RDONLY, 0},
    {"rec", MS_REC, 0},          {"relatime", MS_RELATIME, 0},
    {"remount", MS_REMOUNT, 0},  {"shared", MS_SHARED, 0},
    {"slave", MS_SLAVE, 0},      {"strictatime", MS_STRICTATIME, 0},
    {"sync", MS_SYNCHRONOUS, 0}, {"unbindable", MS_UNBINDABLE, 0},
    {"detach", 0, MNT_DETACH},   {"expire", 0, MNT_EXPIRE},
    {"force", 0, MNT_FORCE},     {"nofollow", 0, UMOUNT_NOFOLLOW},
};

/* "bind,rdonly" */
static int
read_flags(const struct hook_call *call, const char *text, bool for_umount,
           unsigned long *ret_flags)
{
    bask_str word, rest = bask_str_of(text);
    for (bool more = rest.len > 0; more;) {
        unsigned long bits = 0;
        more = bask_str_cut(rest, ',', &word, &rest);
        word = more ? word : rest;
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            if (bask_str_eq(word, bask_str_of(flags[i].name)))
                bits = for_umount ? flags[i].umount : flags[i].mount;
        if (!bits) {
            snprintf(call->error, call->error_size, "\"%.*s\" is not a flag", BASK_FMT(word));
            return BASK_E_SYNTAX;
        }
        *ret_flags |= bits;
    }
    return BASK_OK;
}

int
hook_mount(const struct hook_call *call)
{
    unsigned long bits = 0;
    int err = read_flags(call, call->words[3], false, &bits);
    return err ? err
               : result(call, mount(call->words[1], call->words[2], call->words[0], bits, NULL));
}

int
hook_umount(const struct hook_call *call)
{
    unsigned long bits = 0;
    int err = read_flags(call, call->words[1], true, &bits);
    return err ? err : result(call, umount2(call->words[0], (int)bits));
}

enum { LONGEST_WAIT = 86400 };

static int
wait_for(const struct hook_call *call, enum bask_waiting_kind kind)
{
    long long seconds = 60;
    if (call->words[1] &&
        (bask_str_to_i64(bask_str_of(call->words[1]), &seconds) || seconds > LONGEST_WAIT)) {
        snprintf(call->error, call->error_size, "\"%s\" is not a number of seconds up to %d",
                 call->words[1], LONGEST_WAIT);
        return BASK_E_SYNTAX;
    }
    return bask_waiting_for(kind, call->words[0], seconds * 1000, call->error, call->error_size);
}

int
hook_wait_for_any(const struct hook_call *call)
{
    return wait_for(call, BASK_WAITING_ANY);
}

int
hook_wait_for_file(const struct hook_call *call)
{
    return wait_for(call, BASK_WAITING_FILE);
}

int
hook_wait_for_folder(const struct hook_call *call)
{
    return wait_for(call, BASK_WAITING_FOLDER);
}

int
hook_wait_for_socket(const struct hook_call *call)
{
    return wait_for(call, BASK_WAITING_SOCKET);
}
