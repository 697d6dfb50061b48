/*
 * A guest: a language beside the application's. It serves no requests; it has functions that others
 * call by name and calls those of others (service_rpc.h), in the same process.
 *
 * A plugin (plugin.h) hosts the application, and there is one; there may be several guests. The
 * server calls a guest in this order, always in the process's first thread:
 *
 *   load       once, in the process that loads the application, before that: what may be forked
 *   post_fork  in each worker, mule and spooler (and in a server without workers), before the
 *              plugin's: what may not
 *   fini       in each process that ran post_fork, after its threads are done and the plugin's fini
 *
 * Functions are told to the service "rpc" with define(), from load() on and at any time. They are
 * called in whatever thread the caller is in, one that the guest never saw too: it attaches threads
 * to its runtime by itself. No function here or there longjmps, or throws, past its caller.
 *
 * The rules of plugin.h hold: `abi_major` is BASK_ABI_MAJOR, slots are added at the end only and
 * may be missing.
 */
#pragma once

#include <bask/option.h>
#include <bask/plugin.h>

struct bask_guest {
    uint32_t abi_major;
    uint32_t size;
    const char *name;
    const char *summary;                     /* one line */
    const struct bask_option_table *options; /* NULL: none */

    /* True if the options name something to load; else it is loaded only if --plugin names it. */
    bool (*wanted)(void);
    /* 0 or a bask_err; the guest has logged one clear line, and the server does not start. */
    int (*load)(const struct bask_host *host);
    int (*post_fork)(void);
    void (*fini)(void);

    /* The slots below may be missing (see size). */

    uint32_t abi_minor; /* as in struct bask_plugin */
};

/* The size of the struct without the slots that may be missing. */
#define BASK_GUEST_SIZE (offsetof(struct bask_guest, abi_minor))

/* What a guest in a shared object exports. */
#define BASK_GUEST_SYMBOL "bask_guest"

#ifdef __cplusplus
extern "C" {
#endif
extern const struct bask_guest bask_guest __attribute__((visibility("default")));
#ifdef __cplusplus
}
#endif
