/* As whom a daemon runs: the keys uid and gid of its option. */
#include "base/err.h"
#include "master/daemon_spec.h"

#include <stdio.h>
#include <stdlib.h>

/* The groups of a user, or only the one that was given. */
static int
find_groups(const struct bask_user *user, struct bask_priv *priv)
{
    if (user->known)
        return bask_priv_groups(user, priv->gid, &priv->groups, &priv->group_count);
    priv->groups = malloc(sizeof *priv->groups);
    if (!priv->groups)
        return BASK_E_NOMEM;
    priv->groups[0] = priv->gid;
    priv->group_count = 1;
    return BASK_OK;
}

int
daemon_spec_priv(const struct daemon_spec *spec, struct bask_priv *ret_priv, char *error,
                 size_t error_size)
{
    struct bask_user user = {0};
    struct bask_priv priv = {.change_uid = spec->user, .change_gid = spec->user || spec->group};
    int err = BASK_OK;
    if (spec->user)
        err = bask_priv_find_user(bask_str_of(spec->user), &user, error, error_size);
    priv.uid = user.uid;
    priv.gid = user.gid;
    if (!err && spec->group)
        err = bask_priv_find_group(bask_str_of(spec->group), &priv.gid, error, error_size);
    if (!err && spec->user && !spec->group && !user.known) {
        snprintf(error, error_size, "user %s is not known, so give a gid, too", spec->user);
        err = BASK_E_NOTFOUND;
    }
    if (!err && priv.change_gid && find_groups(&user, &priv)) {
        snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
        err = BASK_E_NOMEM;
    }
    if (!err)
        *ret_priv = priv;
    return err;
}
