/*
 * The name of a process as ps and top show it.
 */
#pragma once

/* Takes over the memory that holds the command line; the arguments are the returned copy from now
 * on, and the environment moves too. NULL: out of memory, nothing has changed. */
char **bask_title_init(int argc, char **argv);

/* Names the calling process, and for the short form (15 bytes) its main thread. What is longer than
 * command line and environment were at the start is cut. Nothing without bask_title_init. */
void bask_title_set(const char *title);
