/*
 * The server while it is put together: what all of main/ works on. Nobody else sees it.
 */
#pragma once

#include "logs/logs.h"
#include "main/accepted.h"
#include "main/options.h"
#include "main/pidfile.h"
#include "main/start.h"
#include "master/master.h"
#include "plugin/objects.h"
#include "proc/warmup.h"
#include "sys/activation.h"

/* Where the short form (`bask app:application`) serves. */
#define DEFAULT_ADDRESS "127.0.0.1:8000"

struct server {
    struct bask_start start;
    struct bask_conf *conf;
    struct bask_conf *before; /* in a later generation, that of the start: listeners refer to it */
    struct bask_main_options options;
    struct bask_net_options net;
    struct bask_warmup_options warmup;
    struct bask_limits_options limits;
    struct bask_static_options files;
    struct bask_svc_options services;
    struct bask_shared_options shared_options;
    struct bask_aide_options aides;
    struct bask_alarm_options alarms;
    struct bask_logs_options loggers;
    struct bask_logs *logs; /* NULL: there are no loggers */
    pid_t keeper;           /* the process of the log; 0: there is none (yet) */
    struct bask_accepted_options accepted;
    struct bask_objects objects;
    struct bask_heritage heritage;
    struct bask_pidfiles pidfiles;
    struct bask_value default_address;
    struct bask_sock_givens activated; /* by a service manager */
    struct bask_value *inherited;      /* the names of sockets that no option names */
    struct bask_succession handed;     /* what was handed to this process */
    bool succeeds;                     /* something was */
    int *sockets;                      /* the listening ones, of heritage.listeners */
    bool shared;                       /* at the end: another master has the sockets, too */
    struct bask_master_handover handover;
    bool hosted;         /* another program called this server: process and names are its own */
    pid_t (*fork)(void); /* how this process is forked */
};

/* main.c */
/* From the command line to the end of the server; its exit status. */
int run_server(struct server *server, int argc, char **argv);
/* Takes back what was made, as far as run_server got. */
void leave_server(struct server *server);

/* library.c */
/* The end of a server that cannot or need not go on: the caller of the library gets `code`; where
 * there is none the process ends with it. */
__attribute__((noreturn)) void end(int code);
/* In a child: it is not the caller's process, and ends by itself. */
void forget_caller(void);
/* Who has an interpreter in the process forks by its means. */
void choose_fork(struct server *server);

/* complain.c */
/* One clear line, and the end. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
/* The line is for the log from now on: somebody waits for what it says. */
void die_in_log(void);
/* A master that started this process looks here, too, for what goes wrong. */
void die_also_to(int fd);

/* logging.c */
/* Dies if they cannot be understood. */
void check_loggers(struct server *server);
/* Lines are for them from now on. */
void begin_loggers(struct server *server);
/* Somebody is there to give them out, as whom the server runs. 0, or something else with one
 * sentence. */
int start_loggers(struct server *server, char *error, size_t error_size);
/* Becomes that process. */
__attribute__((noreturn)) void keep_log(void *context);
/* In other children. */
void forget_loggers(void);
/* The server has said its last line, whatever became of it. */
void finish_loggers(void);

/* inherited.c */
/* No option names a socket: whether there are some to listen on all the same, which are now as if
 * --socket had named them. */
bool find_inherited(struct server *server);

/* loading.c */
/* Plugins that are part of this server, under uWSGI's names, too. */
bool is_built_in(bask_str name);
/* The same, and what was opened. */
bool has_plugin(const struct server *server, bask_str name);
/* Opens what the command line names. */
void open_plugins(struct server *server);
/* The same for options in files and in the environment, as bask_conf_facts.at_once. */
int on_plugin_option(void *context, const struct bask_option *row, bask_str text, bask_str origin,
                     struct bask_conf_error *ret_error);

/* reading.c */
/* Dies if it does not fit to those that are there. */
void add_table(struct server *server, struct bask_option_table table);
/* Reads every source of options. `before`: they are read again, and this is what they were. */
void read_options(struct server *server, const struct bask_conf *before);
void log_warnings(const struct bask_conf *conf);
/* --help and its like: does it and ends the process. Returns if none was asked for. */
void run_action(const struct server *server);

/* choosing.c */
/* The plugin that was asked for: by name, by an argument it claims, by its options. */
void choose_plugin(struct server *server);
