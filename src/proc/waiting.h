/*
 * What the server waits for before it goes on: files, folders, mountpoints and interfaces before it
 * opens its sockets, sockets of others before it loads the application.
 */
#pragma once

#include <bask/option.h>

#include <stddef.h>

enum bask_waiting_kind {
    BASK_WAITING_ANY, /* a file, a folder, whatever has the name */
    BASK_WAITING_FILE,
    BASK_WAITING_FOLDER,
    BASK_WAITING_MOUNTPOINT,
    BASK_WAITING_INTERFACE,
    BASK_WAITING_SOCKET, /* somebody accepts connections */
};

struct bask_waiting_options {
    struct bask_values any, files, folders, mountpoints, interfaces, sockets;
    int64_t fs_ms, interface_ms, socket_ms; /* 0: 60 s */
};

/* The table of these options; `values` is the struct they fill. */
struct bask_option_table bask_waiting_option_table(struct bask_waiting_options *values);
/* Until it is there. 0; BASK_E_TIMEOUT, or BASK_E_SYNTAX for what is no address, with one sentence.
 */
int bask_waiting_for(enum bask_waiting_kind kind, const char *name, int64_t limit_ms, char *error,
                     size_t error_size);
/* For all that the options name but sockets; for the sockets. 0, or a bask_err with one sentence.
 */
int bask_waiting_begin(const struct bask_waiting_options *options, char *error, size_t error_size);
int bask_waiting_load(const struct bask_waiting_options *options, char *error, size_t error_size);
