/*
 * Bask as a library, libbask.so: a whole server behind one call. docs/guide/library-mode.md.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Runs a server by a command line: argv[0] is any name, the rest are options. Returns when the
 * server has ended, with what the program `bask` would exit with: 0 after a stop, 1 if it could not
 * start, 22 without an application; without a master 30 after a stop and 17 after a reload. A start
 * that fails prints one line to standard error.
 *
 * The calling thread is the server's until then. `envs` is not used; it is uWSGI's third argument.
 * One call in the life of a process: a second one is refused with 1.
 */
__attribute__((visibility("default"))) int bask_init(int argc, char **argv, char **envs);

/* The same, by the name that uWSGI's library has for it. */
__attribute__((visibility("default"))) int uwsgi_init(int argc, char **argv, char **envs);

#ifdef __cplusplus
}
#endif
