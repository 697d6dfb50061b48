/*
 * What a daemon is to be, out of the words of its option.
 */
#pragma once

#include "base/str.h"
#include "sys/priv.h"

#include <stddef.h>
#include <stdint.h>

enum daemon_form {
    DAEMON_PLAIN,     /* COMMAND */
    DAEMON_CONTROL,   /* the same; the server stops when it ends */
    DAEMON_SMART,     /* PIDFILE COMMAND, which goes to the background and writes the file */
    DAEMON_SMART2,    /* the same for a command that does neither */
    DAEMON_DESCRIBED, /* key=value,... */
};

struct daemon_spec {
    char *words; /* the memory behind the others */
    const char *command;
    const char *pidfile;                /* NULL: none. With one it outlives the server */
    const char *touch;                  /* NULL: none */
    const char *folder;                 /* NULL: none */
    int64_t freq_s;                     /* how often a pidfile is looked at */
    int64_t stop_signal, reload_signal; /* 0: no signal at a reload, a new process */
    int64_t max_throttle_s;
    bool control, writes_pidfile, keep_stdin, tell_pid;
    const char *user, *group; /* as whom it runs; NULL: as the server */
    bool new_pids;            /* in a namespace of processes of its own */
};

/* 0; BASK_E_NOMEM; BASK_E_SYNTAX with one sentence in `error`. */
int daemon_spec_parse(enum daemon_form form, bask_str text, struct daemon_spec *ret_spec,
                      char *error, size_t error_size);
/* As whom it runs, once the words are looked up; the caller frees the groups. `change_gid` is false
 * if that is as the server. 0, or a bask_err with one sentence. */
int daemon_spec_priv(const struct daemon_spec *spec, struct bask_priv *ret_priv, char *error,
                     size_t error_size);
void daemon_spec_fini(struct daemon_spec *spec);
