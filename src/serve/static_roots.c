/*
 * Folders of files. Each is kept open, so that a path in it is one system call away, and looked at
 * again once a second: deployments replace folders, or make them after the server has started.
 */
#include "serve/static_private.h"

#include "sys/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOK_US = 1000000 };

void
bask_static_forget(struct bask_static_root *root)
{
    if (root->fd >= 0)
        close(root->fd);
    free(root->real);
    root->fd = -1;
    root->real = NULL;
}

/* Keeps the folder; of a file, the one that it is in. */
static void
open_root(struct bask_static_root *root)
{
    char folder[PATH_MAX], real[PATH_MAX] = "";
    size_t len = strlen(root->path);
    const char *slash = strrchr(root->path, '/');
    if (len >= sizeof folder)
        return;
    memcpy(folder, root->path, len + 1);
    if (root->is_file && slash)
        folder[slash == root->path ? 1 : slash - root->path] = '\0';
    root->fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    long real_len = root->fd < 0 ? -1 : bask_beneath_name(root->fd, real, sizeof real);
    /* Without a real name no link may lead out, not even back in again. */
    root->real = strndup(real, real_len > 0 ? (size_t)real_len : 0);
    if (!root->real)
        bask_static_forget(root);
}

bool
bask_static_look(struct bask_static_root *root)
{
    struct stat status;
    int64_t now = bask_clock_coarse_us();
    if (root->looked_us && now - root->looked_us < LOOK_US)
        return root->fd >= 0;
    root->looked_us = now;
    if (stat(root->path, &status)) {
        bask_static_forget(root);
        return false;
    }
    if (root->fd >= 0 && status.st_dev == root->device && status.st_ino == root->inode)
        return true;
    bask_static_forget(root);
    root->device = status.st_dev;
    root->inode = status.st_ino;
    root->is_file = !S_ISDIR(status.st_mode);
    open_root(root);
    return root->fd >= 0;
}
