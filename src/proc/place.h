/*
 * Where and as whom the server's processes run: environment, limits, groups, root folder, user,
 * working directory, system calls, titles.
 *
 * Options are looked at first (bask_place_check) and acted upon later, so that what cannot be done
 * is said before anything has happened. Privileges are dropped once, at the stage that the options
 * choose; from then on everything runs as the user.
 */
#pragma once

#include "proc/hooks.h"
#include "proc/waiting.h"
#include "sys/priv.h"
#include "sys/seccomp.h"

struct bask_place_options {
    bask_str uid, gid;
    struct bask_values add_gids, caps;
    bool no_initgroups, drop_after_init, drop_after_apps, master_as_root;
    bask_str chroot;
    bask_str umask, chdir, chdir2;
    struct bask_values env, unenv, envdirs;
    bool honour_stdin, no_orphans, logfile_chown;
    int64_t limit_as, limit_nproc, max_fd, prio;
    struct bask_values cgroups, cgroup_options;
    bask_str seccomp;
    bool auto_procname;
    bask_str procname, procname_master, procname_prefix, procname_prefix_spaced, procname_append;
    struct bask_hook_options hooks;
    struct bask_waiting_options waiting;
};

/* When privileges are dropped. */
enum bask_place_stage {
    BASK_PLACE_START,  /* the sockets are open; nothing else runs yet. The usual one */
    BASK_PLACE_ZYGOTE, /* in the process that will load the application: --master-as-root */
    BASK_PLACE_INIT,   /* the runtime is loaded: --drop-after-init */
    BASK_PLACE_APPS,   /* the application is loaded: --drop-after-apps */
};

struct bask_place {
    struct bask_place_options options;
    /* What bask_place_check made of them. */
    enum bask_place_stage drop_at;
    struct bask_priv priv;
    char *root; /* of --chroot, absolute; NULL: none */
    mode_t umask;
    struct bask_seccomp *seccomp;
};

/* The rows of these options; `values` is the struct they fill. */
struct bask_option_table bask_place_option_table(struct bask_place_options *values);

/* Finds what the options name and changes nothing. 0, or a bask_err with one sentence. */
int bask_place_check(struct bask_place *place, char *error, size_t error_size);
void bask_place_fini(struct bask_place *place);

/* At the start, with all privileges: environment, umask, standard input, limits, groups. */
int bask_place_begin(const struct bask_place *place, char *error, size_t error_size);

/* In the zygote of a later generation, whose options were read again: the environment of the start
 * and what the options make of it, the folder, hooks that have yet to run. What was done once with
 * all privileges stays. */
int bask_place_again(struct bask_place *place, char **env, char *error, size_t error_size);

/* Enters the root folder and drops privileges, if this is the stage for it, with the hooks around
 * both; and changes to the working directory if this is the last stage before the application is
 * loaded. After a failure the process has to end. */
int bask_place_settle(const struct bask_place *place, enum bask_place_stage stage, char *error,
                      size_t error_size);

/* Privileges are gone, or were not to be dropped. */
bool bask_place_is_settled(const struct bask_place *place, enum bask_place_stage stage);

/* The application is loaded: --chdir2. */
int bask_place_loaded(const struct bask_place *place, char *error, size_t error_size);

/* In a worker: the filter of system calls. */
int bask_place_confine(const struct bask_place *place);

/* Titles the calling process "Bask KIND" or "Bask KIND NUMBER", or as the options have it. */
void bask_place_title(const struct bask_place *place, const char *kind, unsigned number);
