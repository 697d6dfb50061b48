/*
 * Who a process is: users and groups by name or number, capabilities, and giving all of it up for
 * good. Functions that fail leave one sentence in `error`.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>
#include <sys/types.h>

struct bask_user {
    uid_t uid;
    gid_t gid;      /* the primary group; meaningless if the user is not known */
    bool known;     /* to the user database: a number need not be */
    char name[256]; /* "" if not known */
};

/* BASK_E_NOTFOUND: a name that the user database does not have. */
int bask_priv_find_user(bask_str text, struct bask_user *ret_user, char *error, size_t error_size);
int bask_priv_find_group(bask_str text, gid_t *ret_gid, char *error, size_t error_size);
/* "net_bind_service" or "cap_net_bind_service", in any case. */
int bask_priv_find_cap(bask_str text, unsigned *ret_cap, char *error, size_t error_size);
/* The groups of a user, the primary one among them; the caller frees them. */
int bask_priv_groups(const struct bask_user *user, gid_t gid, gid_t **ret_groups,
                     size_t *ret_count);

/* What a process shall become. */
struct bask_priv {
    bool change_uid, change_gid, limit_caps;
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* supplementary ones, set together with gid */
    size_t group_count;
    uint64_t caps; /* bits of the capabilities that stay */
};

/* Becomes it, for good, and looks whether it is true: another try at root must fail, and no
 * capability be left but `caps`. After a failure the process is in between and has to end. */
int bask_priv_drop(const struct bask_priv *priv, char *error, size_t error_size);

/* Makes `folder` the root and the working directory. */
int bask_priv_chroot(const char *folder, char *error, size_t error_size);

/* It may set any priority. */
bool bask_priv_is_nice(void);
