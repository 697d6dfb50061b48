/*
 * What a master hands to the one that shall take its place, a new program: listening sockets, and
 * ways to talk. The descriptors are inherited; an environment variable tells which is which, one
 * line each: its number, its kind and, for a listener, its name.
 */
#pragma once

#include "sys/sock.h"

#define BASK_SUCCESSION_VARIABLE "BASK_LISTENERS"

/* -1: there is none. */
struct bask_succession {
    int channel; /* ipc/channel.h; what it hears is that its successor serves */
    int words;   /* a file for what goes wrong before that */
    int control; /* the listening control socket */
    struct bask_sock_givens listeners;
    char *text; /* what their names are views into, if they were handed to this process */
};

/* "BASK_LISTENERS=...", for the successor's environment; NULL: out of memory, or a name that cannot
 * be handed on because it has a line break. The caller frees it. */
char *bask_succession_format(const struct bask_succession *succession);

/* Reads the value of the variable, whose bytes the names are views into. BASK_E_SYNTAX or NOMEM. */
int bask_succession_parse(bask_str text, struct bask_succession *ret_succession);

/* What this process was handed: removes the variable and takes the descriptors, so that nobody else
 * inherits them. BASK_E_NOTFOUND: nothing, as usual; SYNTAX, NOMEM; SYSTEM: one is not open. */
int bask_succession_take(struct bask_succession *ret_succession);
/* Closes what nobody took, and forgets the names. More than once does no harm. */
void bask_succession_fini(struct bask_succession *succession);
