/*
 * Checks what the options ask for, and does it step by step. The steps come in this order:
 *
 *   begin     unenv, env, envdir, umask, stdin, limits, prio, cgroup
 *   settle    pre-jail, chroot, post-jail, in-jail, as-root, gid and uid and cap, as-user, chdir
 *   loaded    chdir2
 *   confine   seccomp
 */
#include "proc/place.h"

#include "base/err.h"
#include "base/str.h"
#include "obs/log.h"
#include "proc/envdir.h"
#include "sys/limits.h"
#include "sys/proc.h"
#include "sys/title.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTORS_MOST = 1 << 20 }; /* the kernel sets a byte aside for each */

static int
check_umask(struct bask_place *place, struct bask_words words)
{
    bask_str text = place->options.umask;
    mode_t mask = 0;
    bool good = text.len > 0 && text.len <= 4;
    for (size_t i = 0; i < text.len && good; i++) {
        good = text.ptr[i] >= '0' && text.ptr[i] <= '7';
        mask = mask * 8 + (mode_t)(text.ptr[i] - '0');
    }
    if (text.ptr && (!good || mask > 0777))
        return bask_complain(words, BASK_E_SYNTAX,
                             "--umask expects an octal number from 0 to 777, not \"%.*s\"",
                             BASK_FMT(text));
    place->umask = mask;
    return BASK_OK;
}

static int
check_env(struct bask_place *place, struct bask_words words)
{
    const struct bask_values *env = &place->options.env;
    for (size_t i = 0; i < env->count; i++) {
        bask_str name, value;
        if (!bask_str_cut(env->items[i].text, '=', &name, &value) || !name.len)
            return bask_complain(words, BASK_E_SYNTAX,
                                 "%.*s: --env expects NAME=VALUE, not \"%.*s\"",
                                 BASK_FMT(env->items[i].origin), BASK_FMT(env->items[i].text));
    }
    for (size_t i = 0; i < place->options.cgroup_options.count; i++) {
        bask_str name, value, text = place->options.cgroup_options.items[i].text;
        if (!bask_str_cut(text, '=', &name, &value) || !name.len || memchr(name.ptr, '/', name.len))
            return bask_complain(words, BASK_E_SYNTAX,
                                 "--cgroup-opt expects NAME=VALUE, not \"%.*s\"", BASK_FMT(text));
    }
    return BASK_OK;
}

/* "net_bind_service,sys_nice" */
static int
check_caps(struct bask_place *place, struct bask_words words)
{
    const struct bask_values *caps = &place->options.caps;
    char reason[128];
    for (size_t i = 0; i < caps->count; i++) {
        bask_str name, rest = caps->items[i].text;
        for (bool more = true; more;) {
            unsigned cap;
            more = bask_str_cut(rest, ',', &name, &rest);
            name = bask_str_trim(more ? name : rest);
            if (bask_priv_find_cap(name, &cap, reason, sizeof reason))
                return bask_complain(words, BASK_E_NOTFOUND, "%.*s: --cap: %s",
                                     BASK_FMT(caps->items[i].origin), reason);
            place->priv.caps |= UINT64_C(1) << cap;
        }
    }
    place->priv.limit_caps = caps->count > 0;
    return BASK_OK;
}

static int
add_group(struct bask_priv *priv, gid_t gid)
{
    gid_t *groups = realloc(priv->groups, (priv->group_count + 1) * sizeof *groups);
    if (!groups)
        return BASK_E_NOMEM;
    groups[priv->group_count++] = gid;
    priv->groups = groups;
    return BASK_OK;
}

static int
check_groups(struct bask_place *place, const struct bask_user *user, struct bask_words words)
{
    const struct bask_place_options *options = &place->options;
    struct bask_priv *priv = &place->priv;
    char reason[128];
    int err = BASK_OK;
    if (options->gid.ptr && bask_priv_find_group(options->gid, &priv->gid, reason, sizeof reason))
        return bask_complain(words, BASK_E_NOTFOUND, "--gid: %s", reason);
    if (!options->gid.ptr)
        priv->gid = user->gid;
    priv->change_gid = options->gid.ptr || options->uid.ptr;
    if (!priv->change_gid && options->add_gids.count)
        return bask_complain(words, BASK_E_STATE, "--add-gid needs --uid or --gid");
    if (user->known && !options->no_initgroups)
        err = bask_priv_groups(user, priv->gid, &priv->groups, &priv->group_count);
    for (size_t i = 0; i < options->add_gids.count && !err; i++) {
        gid_t gid;
        if (bask_priv_find_group(options->add_gids.items[i].text, &gid, reason, sizeof reason))
            return bask_complain(words, BASK_E_NOTFOUND, "%.*s: --add-gid: %s",
                                 BASK_FMT(options->add_gids.items[i].origin), reason);
        err = add_group(priv, gid);
    }
    return err ? bask_complain(words, err, "%s", bask_err_text(err)) : BASK_OK;
}

static int
check_user(struct bask_place *place, struct bask_words words)
{
    const struct bask_place_options *options = &place->options;
    struct bask_user user = {0};
    char reason[300];
    if (options->uid.ptr && bask_priv_find_user(options->uid, &user, reason, sizeof reason))
        return bask_complain(words, BASK_E_NOTFOUND, "--uid: %s", reason);
    if (options->uid.ptr && !user.known && !options->gid.ptr)
        return bask_complain(
            words, BASK_E_STATE,
            "--uid %.*s is not in the user database, so it has no group: give --gid too",
            BASK_FMT(options->uid));
    place->priv.change_uid = options->uid.ptr != NULL;
    place->priv.uid = user.uid;
    return check_groups(place, &user, words);
}

static int
check_root(struct bask_place *place, struct bask_words words)
{
    struct stat status;
    if (!place->options.chroot.ptr)
        return BASK_OK;
    place->root = realpath(place->options.chroot.ptr, NULL);
    if (!place->root || stat(place->root, &status))
        return bask_complain(words, BASK_E_SYSTEM, "--chroot %s: %s", place->options.chroot.ptr,
                             strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return bask_complain(words, BASK_E_SYSTEM, "--chroot %s: not a folder",
                             place->options.chroot.ptr);
    return BASK_OK;
}

static int
check_seccomp(struct bask_place *place, struct bask_words words)
{
    char reason[400];
    const char *profile = place->options.seccomp.ptr;
    if (strcmp(profile, "off") == 0)
        return BASK_OK;
    int err = bask_seccomp_open(profile, &place->seccomp, reason, sizeof reason);
    return err ? bask_complain(words, err, "--seccomp: %s", reason) : BASK_OK;
}

static int
check_hooks(struct bask_place *place, struct bask_words words)
{
    return bask_hooks_check(&place->options.hooks, words.text, words.size);
}

int
bask_place_check(struct bask_place *place, char *error, size_t error_size)
{
    static int (*const checks[])(struct bask_place *, struct bask_words) = {
        check_umask, check_env, check_caps, check_user, check_root, check_seccomp, check_hooks,
    };
    const struct bask_place_options *options = &place->options;
    const struct bask_words words = {error, error_size};
    place->drop_at = options->drop_after_apps   ? BASK_PLACE_APPS
                     : options->drop_after_init ? BASK_PLACE_INIT
                     : options->master_as_root  ? BASK_PLACE_ZYGOTE
                                                : BASK_PLACE_START;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        int err = checks[i](place, words);
        if (err)
            return err;
    }
    return BASK_OK;
}

void
bask_place_fini(struct bask_place *place)
{
    free(place->priv.groups);
    free(place->root);
    bask_seccomp_free(&place->seccomp);
    place->priv = (struct bask_priv){0};
    place->root = NULL;
}

static int
set_environment(const struct bask_place_options *options, struct bask_words words)
{
    char error[PATH_MAX + 128];
    for (size_t i = 0; i < options->unenv.count; i++)
        unsetenv(options->unenv.items[i].text.ptr);
    for (size_t i = 0; i < options->env.count; i++) {
        const char *text = options->env.items[i].text.ptr, *equals = strchr(text, '=');
        char *name = strndup(text, (size_t)(equals - text));
        if (name)
            setenv(name, equals + 1, 1);
        free(name);
    }
    for (size_t i = 0; i < options->envdirs.count; i++) {
        int err = bask_envdir_load(options->envdirs.items[i].text.ptr, error, sizeof error);
        if (err)
            return bask_complain(words, err, "%.*s: %s", BASK_FMT(options->envdirs.items[i].origin),
                                 error);
    }
    return BASK_OK;
}

static int
set_limits(const struct bask_place_options *options, struct bask_words words)
{
    const struct {
        const char *name;
        int resource;
        int64_t value;
    } limits[] = {
        {"limit-as", RLIMIT_AS, options->limit_as << 20},
        {"limit-nproc", RLIMIT_NPROC, options->limit_nproc},
        {"max-fd", RLIMIT_NOFILE, options->max_fd},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].value && bask_limit_set(limits[i].resource, (uint64_t)limits[i].value))
            return bask_complain(words, BASK_E_SYSTEM, "--%s: %s", limits[i].name, strerror(errno));
    /* What is usual was chosen for programs that use select(2); a server wants connections. */
    if (!options->max_fd)
        bask_limit_raise(RLIMIT_NOFILE, DESCRIPTORS_MOST);
    if (options->prio && bask_limit_priority((int)options->prio))
        return bask_complain(words, BASK_E_SYSTEM, "--prio %d: %s", (int)options->prio,
                             strerror(errno));
    return BASK_OK;
}

static int
join_cgroups(const struct bask_place_options *options, struct bask_words words)
{
    for (size_t i = 0; i < options->cgroups.count; i++) {
        const char *folder = options->cgroups.items[i].text.ptr;
        if (bask_limit_join_cgroup(folder))
            return bask_complain(words, BASK_E_SYSTEM, "--cgroup %s: %s", folder, strerror(errno));
        for (size_t k = 0; k < options->cgroup_options.count; k++) {
            bask_str name, value;
            bask_str_cut(options->cgroup_options.items[k].text, '=', &name, &value);
            if (bask_limit_set_cgroup(folder, name, value))
                return bask_complain(words, BASK_E_SYSTEM, "--cgroup-opt %.*s in %s: %s",
                                     BASK_FMT(name), folder, strerror(errno));
        }
    }
    return BASK_OK;
}

int
bask_place_begin(const struct bask_place *place, char *error, size_t error_size)
{
    const struct bask_words words = {error, error_size};
    int err = set_environment(&place->options, words);
    if (err)
        return err;
    if (place->options.umask.ptr)
        umask(place->umask);
    if (!place->options.honour_stdin)
        bask_proc_close_input();
    err = set_limits(&place->options, words);
    return err ? err : join_cgroups(&place->options, words);
}

static int
run_hooks(const struct bask_place *place, enum bask_hook_point point, struct bask_words words)
{
    int err = bask_hooks_run(&place->options.hooks, point);
    return err ? bask_complain(words, err, "a hook failed") : BASK_OK;
}

static int
enter_root(const struct bask_place *place, struct bask_words words)
{
    if (!place->root)
        return BASK_OK;
    int err = bask_priv_chroot(place->root, words.text, words.size);
    if (err)
        return err;
    bask_log(BASK_LOG_INFO, "the root is %s", place->root);
    bask_log_enter_root(place->root);
    err = run_hooks(place, BASK_HOOK_POST_JAIL, words);
    return err ? err : run_hooks(place, BASK_HOOK_IN_JAIL, words);
}

/* What is not changed is -1, which the system understands. */
static int
give_log_away(const struct bask_place *place, struct bask_words words)
{
    const struct bask_priv *priv = &place->priv;
    if (place->options.logfile_chown && bask_log_target() &&
        fchown(bask_log_plain_error(), priv->change_uid ? priv->uid : (uid_t)-1,
               priv->change_gid ? priv->gid : (gid_t)-1))
        return bask_complain(words, BASK_E_SYSTEM, "--logfile-chown: %s", strerror(errno));
    return BASK_OK;
}

static int
drop(const struct bask_place *place, struct bask_words words)
{
    int err = run_hooks(place, BASK_HOOK_PRE_JAIL, words);
    if (!err)
        err = give_log_away(place, words);
    if (!err)
        err = enter_root(place, words);
    if (!err)
        err = run_hooks(place, BASK_HOOK_AS_ROOT, words);
    if (!err)
        err = bask_priv_drop(&place->priv, words.text, words.size);
    if (err)
        return err;
    if (place->priv.change_uid || place->priv.change_gid)
        bask_log(BASK_LOG_INFO, "running as user %u, group %u", (unsigned)getuid(),
                 (unsigned)getgid());
    else if (geteuid() == 0)
        bask_log(BASK_LOG_INFO, "running as root; --uid makes it another user");
    return run_hooks(place, BASK_HOOK_AS_USER, words);
}

static int
change_folder(bask_str folder, struct bask_words words)
{
    if (folder.len && chdir(folder.ptr))
        return bask_complain(words, BASK_E_SYSTEM, "cannot change to %s: %s", folder.ptr,
                             strerror(errno));
    return BASK_OK;
}

/* The last stage before the application is loaded, at which the root is what it will be then. */
static enum bask_place_stage
chdir_stage(const struct bask_place *place)
{
    return place->drop_at == BASK_PLACE_APPS ? BASK_PLACE_START : place->drop_at;
}

/* As at the start: strings are shared, as they are never written to. */
static int
restore_environment(char **env)
{
    clearenv();
    for (; *env; env++)
        if (strchr(*env, '=') && putenv(*env))
            return BASK_E_NOMEM;
    return BASK_OK;
}

int
bask_place_again(struct bask_place *place, char **env, char *error, size_t error_size)
{
    const struct bask_words words = {error, error_size};
    int err = check_env(place, words);
    if (!err)
        err = check_hooks(place, words);
    if (!err && restore_environment(env))
        err = bask_complain(words, BASK_E_NOMEM, "%s", bask_err_text(BASK_E_NOMEM));
    if (!err)
        err = set_environment(&place->options, words);
    if (err)
        return err;
    return chdir_stage(place) == BASK_PLACE_START ? change_folder(place->options.chdir, words)
                                                  : BASK_OK;
}

int
bask_place_settle(const struct bask_place *place, enum bask_place_stage stage, char *error,
                  size_t error_size)
{
    const struct bask_words words = {error, error_size};
    int err = stage == place->drop_at ? drop(place, words) : BASK_OK;
    if (!err && stage == chdir_stage(place))
        err = change_folder(place->options.chdir, words);
    return err;
}

bool
bask_place_is_settled(const struct bask_place *place, enum bask_place_stage stage)
{
    return stage >= place->drop_at;
}

int
bask_place_loaded(const struct bask_place *place, char *error, size_t error_size)
{
    const struct bask_words words = {error, error_size};
    return change_folder(place->options.chdir2, words);
}

int
bask_place_confine(const struct bask_place *place)
{
    if (!place->seccomp)
        return BASK_OK;
    int err = bask_seccomp_apply(place->seccomp);
    if (err)
        bask_log(BASK_LOG_ERROR, "system calls cannot be filtered: %s", strerror(errno));
    return err;
}

void
bask_place_title(const struct bask_place *place, const char *kind, unsigned number)
{
    const struct bask_place_options *options = &place->options;
    bool master = strcmp(kind, "master") == 0, automatic = options->auto_procname;
    bask_str name =
        master && options->procname_master.len ? options->procname_master : options->procname;
    char usual[48], title[512];
    automatic = automatic || options->procname_prefix.len || options->procname_prefix_spaced.len ||
                options->procname_append.len;
    if (!name.len && !automatic)
        return;
    if (number)
        snprintf(usual, sizeof usual, "Bask %s %u", kind, number);
    else
        snprintf(usual, sizeof usual, "Bask %s", kind);
    snprintf(title, sizeof title, "%.*s%s%.*s%.*s%.*s", BASK_FMT(options->procname_prefix_spaced),
             options->procname_prefix_spaced.len ? " " : "", BASK_FMT(options->procname_prefix),
             name.len ? (int)name.len : (int)strlen(usual), name.len ? name.ptr : usual,
             BASK_FMT(options->procname_append));
    bask_title_set(title);
}
