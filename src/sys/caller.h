/*
 * The program whose process this server runs in when it is used as a library: what it lends, and
 * how it was started.
 */
#pragma once

#include <signal.h>

enum { BASK_CALLER_SIGNALS = 65 };

/* What a server changes in its process and no server needs afterwards. */
struct bask_caller_state {
    struct sigaction actions[BASK_CALLER_SIGNALS]; /* by number */
    sigset_t mask;
    int adopts_orphans;
};

/* Remembers it, and lets all signals through to the calling thread. */
void bask_caller_take(struct bask_caller_state *ret_state);
void bask_caller_give_back(const struct bask_caller_state *state);

/* In a child of the server: what the caller does on a signal is not for this process, as it would
 * not be after execve(2). Handlers of crashes stay. */
void bask_caller_drop_signals(void);

/* The words by which the calling program was started, ended by NULL; NULL if they are not known. */
char **bask_caller_command_line(void);
void bask_caller_command_line_free(char ***words);
