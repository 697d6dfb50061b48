/*
 * The plugin ABI of Bask: all that an application host may see of the server.
 *
 * A plugin is a C11 struct bask_plugin. The server calls it in this order, in one process unless
 * said otherwise:
 *
 *   init       once; its options are set; load the runtime
 *   load       once; load the application(s)
 *   stage      before and after requests of the server's own making, and before the first fork
 *   fork       in a zygote, once for each worker, by the runtime's own means
 *   post_fork  in each worker (and in a server without workers), before the first request
 *   run        in each application thread: loop over host->next() until it says stop
 *   fini       in each process that ran post_fork, after its threads are done; the last call
 *
 * The server pulls nothing and pushes nothing: an idle thread asks for a request with next() and
 * hands the answer back. All functions of the host may be called from any thread that is inside
 * run(), with the struct bask_thread or request that belongs to it, and none of them longjmps.
 *
 * ABI log (new slots only at the end of a struct). The number is BASK_ABI_MINOR:
 *   0  first version; rows of options may imply others and have flags (option.h)
 *   1  bask_host.warmup_info, bask_plugin.stage
 *   2  bask_worker_info.harakiris; bask_host.recycle, set_user_harakiri, watch_idle, is_idle;
 *      bask_plugin.log_threads
 *   3  bask_app_info; bask_host.add_app, serve_app, app_info
 *   4  bask_plugin.attach, text; bask_host.is_stopping, occupied, current;
 *      bask_server_info.is_reload, memory_limit; rows of options that name files of options, too
 *      (option.h)
 *   5  bask_worker_info.signals, vsz_bytes, paused
 *   6  bask_host.service, job, end_job; bask_plugin.jobs (service.h)
 *   7  bask_request.body_fd
 *   8  struct bask_guest (guest.h); bask_service_rpc.define, find, call_here,
 *      call_at, name
 *   9  bask_plugin.aide (service_aide.h)
 *   10 bask_server_info.buffer_size; bask_service_request.log_this, add_variable, wait_signal;
 *      bask_service_aide.wait_signal; bask_service_process.set_warning; bask_service_rpc.send
 *   11 bask_plugin and bask_guest (guest.h) are declared, visible outside of a shared object
 *   12 bask_plugin.abi_minor, bask_guest.abi_minor
 *   13 bask_service_request.note
 *
 * A plugin that sets abi_minor is refused by a server that is older than that, and need not look at
 * the size of anything before it uses it. One that does not set it does so itself.
 */
#pragma once

#include <bask/option.h>
#include <bask/request.h>
#include <bask/service.h>

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BASK_ABI_MAJOR 1
#define BASK_ABI_MINOR 13

/* An application thread of the server; opaque. */
struct bask_thread;

enum bask_log_level { BASK_LOG_ERROR, BASK_LOG_WARN, BASK_LOG_INFO, BASK_LOG_DEBUG };

/* What is known of one worker. Read from shared memory; numbers may be a moment apart. */
struct bask_worker_info {
    uint32_t size;         /* of this struct, set by the caller: the host fills what it holds */
    uint32_t id;           /* from 1 */
    int32_t pid;           /* 0: not running */
    uint64_t requests;     /* answered by all who had this id */
    uint64_t exceptions;   /* requests whose application raised */
    uint64_t respawns;     /* how often it was replaced after dying */
    uint64_t tx_bytes;     /* bytes of responses */
    uint64_t busy_us;      /* microseconds that requests spent in the application */
    uint64_t rss_bytes;    /* resident memory when last asked, 0 if not known */
    int64_t started_at;    /* Unix time, seconds */
    uint32_t threads_busy; /* application threads inside a request now */
    uint32_t accepting;    /* 1 once it takes requests */
    uint64_t harakiris;    /* requests whose time was up */
    uint64_t signals;      /* that it has dealt with (service_signal.h) */
    uint64_t vsz_bytes;    /* its address space when last asked, 0 if not known */
    uint32_t paused;       /* 1: the server is paused, it accepts nothing */
};

/* What is the same for the whole server. */
struct bask_server_info {
    uint32_t size;       /* of this struct, as the host was built */
    const char *version; /* "0.1.0" */
    const char *hostname;
    const char *binary_path;
    uint32_t workers;   /* processes */
    uint32_t threads;   /* application threads a worker */
    int32_t master_pid; /* 0: no master */
    int64_t started_at; /* Unix time, seconds */
    uint32_t listeners;
    int32_t crash_fd;      /* where a crash of this process is to be reported; -1: standard error */
    int32_t is_reload;     /* 1: this version follows another one */
    uint64_t memory_limit; /* bytes that the container grants all processes together; 0: no limit */
    uint64_t buffer_size;  /* bytes that the head of a request may have */
};

/* What the last warm-up did. Zero where there was none. */
struct bask_warmup_info {
    uint32_t size; /* of this struct, set by the caller: the host fills what it holds */
    uint32_t generation;
    uint32_t settled; /* 1: the cost has settled; 0: the budget was spent */
    uint32_t reserved;
    uint64_t requests;
    uint64_t elapsed_us;
    uint64_t first_ns;    /* processor time of a request, in the first window */
    uint64_t last_ns;     /* and in the last one */
    int64_t traces;       /* pieces of machine code that the runtime made; -1: not known */
    uint64_t statuses[6]; /* requests by the hundreds of their status; [0]: none */
    uint64_t failures;    /* requests whose application raised */
};

/* One application of a process that has several, or only one. Texts end in NUL. */
enum { BASK_APP_TEXT = 128 };
struct bask_app_info {
    uint32_t size;                  /* of this struct, set by the caller */
    uint32_t id;                    /* from 0 */
    uint64_t requests;              /* answered */
    uint64_t exceptions;            /* of these, those in which it raised */
    int64_t loaded_at;              /* Unix time, seconds */
    int64_t load_ms;                /* how long that took */
    char mountpoint[BASK_APP_TEXT]; /* how requests find it, cut off */
    char folder[BASK_APP_TEXT];     /* where it runs, cut off; empty: where the server runs */
};

/* What an application host is told of the life of its process; see bask_plugin.stage. */
enum bask_stage {
    BASK_STAGE_TRYING = 1, /* requests come that no client sent */
    BASK_STAGE_WARMING,    /* the same, and many: compile as eagerly as can be */
    BASK_STAGE_CALM,       /* they are over: be as for serving */
    BASK_STAGE_FORKING,    /* workers will be forked from this process now */
};

struct bask_host {
    uint32_t abi_major;
    uint32_t size;

    /* Waits for a request. NULL: stop, the thread shall leave run(). The request stays the thread's
     * until it calls respond, respond_file, finish or abort. */
    const struct bask_request *(*next)(struct bask_thread *thread);

    /* A whole response at once. `head` is "200 OK\r\n" and then header_count lines "Name: value",
     * each with its CRLF; the version and the empty line are the server's. Bytes are taken before
     * the call returns. 0; BASK_E_SYNTAX if the head is not well formed (nothing was sent, the
     * request is still open); BASK_E_CLOSED if the client has left. */
    int (*respond)(const struct bask_request *request, bask_str head, uint32_t header_count,
                   bask_str body);

    /* A whole response whose body is `length` bytes of the regular file `fd` from `offset`. The
     * server duplicates fd and returns at once. Errors as in respond. */
    int (*respond_file)(const struct bask_request *request, bask_str head, uint32_t header_count,
                        int fd, int64_t offset, int64_t length);

    /* The same in pieces: begin once, then write as often as wanted, then finish. Nothing is held
     * back: a piece is on its way when write returns. write waits while the client is slower than
     * the application; it returns 0, BASK_E_CLOSED or BASK_E_TIMEOUT. begin sends nothing: the head
     * goes out with the first write or with finish. */
    int (*begin)(const struct bask_request *request, bask_str head, uint32_t header_count);
    int (*write)(const struct bask_request *request, bask_str data);
    int (*finish)(const struct bask_request *request);

    /* The application failed. Before begin's first byte: `head` and `body` are sent as in respond.
     * Later: the connection is closed, so that the client sees a broken response as broken. An
     * absent head: not the application failed but the client; only the connection is closed. Of a
     * request that is answered already: nothing happens. */
    void (*abort)(const struct bask_request *request, bask_str head, uint32_t header_count,
                  bask_str body);

    /* 1 once a byte of the response has been handed to the network. */
    int (*headers_sent)(const struct bask_request *request);

    /* Reads the body beyond request->body: as many bytes as there are, at least one, at most size.
     * 0: the end; BASK_E_CLOSED: the client left before the end; BASK_E_TIMEOUT; BASK_E_SYNTAX: a
     * chunk was malformed; BASK_E_LIMIT: over a limit. */
    ssize_t (*read_body)(const struct bask_request *request, char *buffer, size_t size);

    /* A line for the server's log; no newline needed. Usable from any thread, at any time. */
    void (*log)(enum bask_log_level level, bask_str line);

    /* Index of an application thread, from 0; 0 is the thread that called init. */
    uint32_t (*thread_index)(const struct bask_thread *thread);

    const struct bask_server_info *(*server_info)(void);
    /* Worker `id` (from 1), BASK_E_NOTFOUND if there is none; ret_info->size is set. */
    int (*worker_info)(uint32_t id, struct bask_worker_info *ret_info);
    /* The id of the calling process: 1.. in a worker, 0 in a zygote. */
    uint32_t (*worker_id)(void);
    /* The listening socket `id` (from 0): its name as the user wrote it and its descriptor. */
    int (*listener_info)(uint32_t id, bask_str *ret_name, bask_str *ret_server_port, int *ret_fd);
    /* The value of a bask_str or bask_values option by name, as the command line has it;
     * BASK_E_NOTFOUND. `index` counts the values of a repeatable option. */
    int (*option)(const char *name, size_t index, bask_str *ret_value);
    /* The name of the n-th option that the user has set; BASK_E_NOTFOUND at the end. */
    int (*option_given)(size_t n, bask_str *ret_name);
    /* Ends this worker when its requests are done. Its master, if it has one, starts another. */
    void (*stop_worker)(void);
    /* BASK_E_NOTFOUND if there was no warm-up; ret_info->size is set. */
    int (*warmup_info)(struct bask_warmup_info *ret_info);
    /* The same without a gap: the master starts a successor first, and not before this worker is as
     * old as the user wants it to get. `why` is for the log. */
    void (*recycle)(bask_str why);
    /* The request of the calling application thread is cut off in `ms` milliseconds unless it is
     * answered; 0: no longer than any other request may take. BASK_E_STATE: the thread has none. */
    int (*set_user_harakiri)(int64_t ms);
    /* Asks for one idle moment: when at least `requests` more requests were taken and then none is
     * inside or waits for `after_ms`, next() returns NULL although the thread shall not stop, and
     * is_idle says so. The thread may then do what must not happen within a request, briefly,
     * because it serves nobody meanwhile, and calls next() again. */
    void (*watch_idle)(uint32_t after_ms, uint64_t requests);
    /* 1 where the last NULL of next() meant an idle moment; asked once. */
    int (*is_idle)(struct bask_thread *thread);

    /* Tells of an application that was loaded, in load() or later; id and counters are not looked
     * at. Its id; BASK_E_LIMIT: there are as many as --max-apps. Not by two threads at once. */
    int (*add_app)(const struct bask_app_info *app);
    /* Which application the request of the calling thread is for: it is application 0 unless this
     * says otherwise. -1: none. Nobody else's request is meant where the thread has none. */
    void (*serve_app)(int id);
    /* Application `id` of worker `worker_id`; ret_info->size is set. BASK_E_NOTFOUND. */
    int (*app_info)(uint32_t worker_id, uint32_t id, struct bask_app_info *ret_info);
    /* 1 once the whole server, not only this process, was told to end. */
    int (*is_stopping)(void);
    /* In post_fork, which will take its time: this worker counts as one that serves, so that it can
     * be replaced meanwhile, although it takes no requests. */
    void (*occupied)(void);
    /* The request that next() gave the thread last, if it is not answered yet; else NULL. For a
     * runtime that can be interrupted between next() and what it would do with the request. */
    const struct bask_request *(*current)(struct bask_thread *thread);
    /* What the server offers beyond requests, by name; NULL: it has no such service. */
    const void *(*service)(const char *name);
    /* The job that the last NULL of next() meant, once; else NULL. The thread has it until it calls
     * end_job, with the next call of next() at the latest. */
    const struct bask_job *(*job)(struct bask_thread *thread);
    /* `failed`: it raised, which is counted. `answer`: of a CALL. */
    void (*end_job)(const struct bask_job *job, int failed, bask_str answer);
};

struct bask_plugin {
    uint32_t abi_major;
    uint32_t size;
    const char *name;
    const char *summary;                     /* one line for --help */
    const struct bask_option_table *options; /* NULL: none */

    /* True if a bare argument of the command line ("app:application", "x.py") names an application
     * of this plugin; the plugin remembers it. */
    bool (*claims)(bask_str argument);
    /* True if the options name an application for this plugin. */
    bool (*wanted)(void);
    /* 0 or a bask_err; the plugin has logged one clear line. */
    int (*init)(const struct bask_host *host);
    /* How many applications were loaded; 0 if none was named; a bask_err if one failed to load.
     * Those that requests may bring later count as one. */
    int (*load)(void);
    /* As fork(2), -1 on failure. */
    pid_t (*fork)(void);
    void (*post_fork)(void);
    /* Returns when next() said stop; called in each application thread at the same time. */
    void (*run)(struct bask_thread *thread);
    void (*fini)(void);
    /* Called outside run, in the thread that called init. CALM: how many pieces of machine code
     * were made since the stage before, -1 if that is not known; else 0. NULL: nothing to do. */
    int64_t (*stage)(enum bask_stage stage);

    /* The slots below may be missing (see size) or NULL. */

    /* Logs what each thread of the application is doing. `urgent` 0: called in a thread of its own,
     * may wait as long as the runtime is busy. 1: that took too long; return at once and do without
     * what the runtime has locked. */
    void (*log_threads)(int urgent);

    /* Before anything else, and only where the server is a library: whoever called it may have the
     * runtime running in this process. 1: it does, and `fork` works from now on, also in the
     * master, which never calls anything else; 0: it does not; a bask_err: it does and cannot be
     * used, and the plugin has logged why. */
    int (*attach)(const struct bask_host *host);

    /* The n-th text that is embedded in the plugin, and its name; an absent one at the end. Called
     * at any time, for --print-sym. */
    bask_str (*text)(size_t n, bask_str *ret_name);
    /* The kinds of jobs that its threads take: BASK_JOBS(...) | ... */
    uint32_t jobs;
    /* Instead of post_fork and run, in a process that is a mule or a spooler (service_aide.h):
     * returns when it shall end, with its exit status. NULL: the plugin knows neither. */
    int (*aide)(void);
    /* What of the ABI log it needs: BASK_ABI_MINOR, or less if it knows better; 0: it looks at
     * sizes itself. */
    uint32_t abi_minor;
};

/* The size of the struct without the slots that may be missing. */
#define BASK_PLUGIN_SIZE (offsetof(struct bask_plugin, log_threads))
/* The size of a struct that has this slot. */
#define BASK_PLUGIN_HAS(slot)                                                                      \
    (offsetof(struct bask_plugin, slot) + sizeof(((struct bask_plugin *)0)->slot))

/* What a plugin in a shared object exports: define it, and nothing else need be visible. */
#define BASK_PLUGIN_SYMBOL "bask_plugin"

#ifdef __cplusplus
extern "C" {
#endif
extern const struct bask_plugin bask_plugin __attribute__((visibility("default")));
#ifdef __cplusplus
}
#endif
