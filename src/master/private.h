/*
 * The master's parts: generations of zygotes, the roster of workers, the reload under way. Private
 * to master/.
 */
#pragma once

#include "base/buf.h"
#include "base/list.h"
#include "ipc/channel.h"
#include "loop/loop.h"
#include "master/commands.h"
#include "master/cron_spec.h"
#include "master/daemon_spec.h"
#include "master/master.h"
#include "master/raise_spec.h"

#include <sys/types.h>

/* A zygote and what came of it. */
struct generation {
    struct bask_io io; /* the channel to it */
    struct master *master;
    unsigned number;
    pid_t pid; /* 0: it has ended */
    bool ready;
    bool substitute; /* for one that died: the workers of that one stay */
    bool warming;    /* it said so: a crash may be the fault of what warming asks of the runtime */
    bool cautious;   /* it was told to warm with care, because its predecessor crashed */
    bool proven;     /* a worker of it has accepted */
    bool aborted;    /* it was told to say where it hangs */
    int words;       /* a file with what it said while it loaded */
    int crash;       /* a file with the traceback of a crash while it, or its worker, loaded */
    int code;        /* of a FAILED message */
    int64_t ready_us;
    int64_t late_at_us; /* it has to be ready, or after its dismissal gone, by then; 0: no limit */
};

enum process_state {
    PROCESS_NONE,
    PROCESS_FORKING,  /* the zygote was asked */
    PROCESS_STARTING, /* not accepting yet */
    PROCESS_SERVING,
    PROCESS_ENDING, /* told to end; killed at `late_at_us` */
};

/* Tells of a process that has ended, also where its parent, the zygote, does not. */
struct eye {
    struct bask_io io; /* fd < 0: nothing is watched */
    struct master *master;
    int64_t ended_us; /* 0: it runs */
};

/* What is in one place of a worker. */
struct process {
    enum process_state state;
    pid_t pid;
    unsigned generation;
    int64_t asked_us;   /* when the zygote was asked for it */
    int64_t started_us; /* when it was there */
    int64_t late_at_us; /* when patience ends; 0: never */
    bool aborted;       /* it was told to say where it hangs */
};

/* Serves under one id, by one process and, for a while, by that one's successor too. */
struct worker {
    struct process places[BASK_PLACES];
    bool wanted;      /* false: there shall be no process */
    int64_t renew_us; /* a process that was asked for before shall be replaced; 0: none */
    bool respawned;   /* it had a process before */
    int64_t not_before_us;
};

/* Someone who waits for the end of a reload. */
struct reload_watcher {
    struct bask_link link;
    unsigned number; /* of the reload */
    /* `words`: how it ended, one sentence, or a traceback. */
    void (*on_end)(struct reload_watcher *watcher, bool done, bask_str words);
};

enum reload_kind {
    RELOAD_NONE,
    RELOAD_WORKERS, /* the same version in new processes */
    RELOAD_WORKERS_BRUTAL,
    RELOAD_GRACEFUL, /* a new generation, requests end */
    RELOAD_BRUTAL,   /* a new generation, requests are cut off */
    RELOAD_UPGRADE,  /* a new program; this master ends */
};

enum { WORDS_MAX = 65536 };

struct reload {
    enum reload_kind kind;   /* under way */
    enum reload_kind wanted; /* to follow it */
    unsigned number;         /* of the one under way, or the last one */
    unsigned stumbles;       /* failures since a worker of the new version last got to serve */
    int64_t moved_us;        /* when that was, or when it began */
    struct bask_link watchers;
    bool done; /* how the last one ended */
    size_t words_len;
    char words[WORDS_MAX];
};

struct scaling;
struct daemons;
struct crons;
struct service;
struct health;
struct stats;
struct pushers;
struct metering;
struct signals;
struct raisers;
struct aides;
struct tending;
struct alarms;
struct logfile;
struct keeper;

struct master {
    const struct bask_master_plan *plan;
    struct bask_loop *loop;
    /* `next` is being loaded, `old` waits for its last worker to end. All may be NULL. */
    struct generation *current, *next, *old;
    struct worker *workers; /* [plan->board->worker_count] */
    struct eye *eyes;       /* by bask_board_index */
    struct reload reload;
    struct scaling *scaling;
    struct service *service;
    struct daemons *daemons;   /* NULL: there are none */
    struct crons *crons;       /* NULL: there are none */
    struct health *health;     /* NULL: nobody probes */
    struct stats *stats;       /* NULL: nobody asks */
    struct pushers *pushers;   /* NULL: there are none */
    struct metering *metering; /* NULL: nobody wants it */
    struct signals *signals;   /* NULL: applications have none */
    struct raisers *raisers;   /* NULL: no option raises signals */
    struct aides *aides;       /* NULL: there are no mules and no spoolers */
    struct tending *tending;   /* NULL: nothing needs it */
    struct alarms *alarms;     /* NULL: there are none */
    struct keeper *keeper;     /* NULL: everybody writes to the log */
    struct logfile *logfile;   /* NULL: nobody looks at its size */
    struct bask_timer tick, deadline;
    struct bask_io bell;
    unsigned generations;
    int64_t retry_us;    /* delay before a zygote is tried again */
    int64_t retry_at_us; /* 0: no zygote has to be tried again */
    bool stopping;
    bool brutal; /* the stop cuts requests off */
    bool paused;
    int code;           /* the exit status */
    int64_t started_at; /* Unix time */
    /* The ways to be told something, each its file's own; NULL: not in use. */
    struct fifo *fifo;
    struct control *control;
    struct touch *touch;
    struct watch *watch;
    struct fd_reload *fd_reload;
    struct upgrade *upgrade; /* under way, to a new program */
    struct bask_io before;   /* of an heir: the channel to the other master */
    bool heir;               /* another master serves, and shall end when this one does */
    bool replaced;           /* a successor has taken over */
    pid_t successor;         /* the one that has, as long as it lives; 0: there is none */
    struct bask_io former;   /* the master that this one took over from, as long as it lives */
};

/* generation.c */
/* Starts loading a generation as master->next. */
void generation_start(struct master *master, bool cautious);
/* The process `pid` has ended: true if it was a zygote. */
bool generation_ended(struct master *master, pid_t pid, int status);
/* Closes the channel to a zygote: without workers it ends at once. */
void generation_dismiss(struct master *master, struct generation *generation);
/* Asks the current zygote for a process: a FORK message. */
int generation_fork(struct master *master, const struct bask_message *message);
/* The zygotes look at the board. */
void generation_look(const struct master *master);
/* The current generation is not fit to serve: the one before takes over again, and replaces those
 * workers that serve already. False if there is none. */
bool generation_roll_back(struct master *master);
/* The zygote of this generation is there. */
bool generation_is_alive(const struct master *master, unsigned number);
/* This zygote does not do what it is there for: it is killed. */
void generation_give_up(struct master *master, unsigned number);
/* Logs what the runtime said when a process of this generation crashed before it served. */
void generation_log_crash(struct master *master, unsigned number);
/* Looks after those that take too long to load, and tries again what failed. */
void generation_advance(struct master *master, int64_t now);
/* Kills the zygotes that are still loading and dismisses the others. */
void generation_stop_all(struct master *master);
bool generation_none_left(const struct master *master);

/* roster.c */
/* How many workers shall run, those with the lowest numbers first. One too many ends when its
 * requests are done. */
void roster_want(struct master *master, uint32_t count);
uint32_t roster_wanted(const struct master *master);
bool roster_wants(const struct master *master, uint32_t worker_id);
/* How many of them serve. */
uint32_t roster_serving(const struct master *master);
/* The process in this place serves. */
bool roster_serves(const struct master *master, struct bask_seat seat);
/* A process takes connections, or is about to. */
bool roster_takes_requests(const struct master *master);
void roster_forked(struct master *master, struct bask_seat seat, pid_t pid, unsigned generation);
void roster_ended(struct master *master, pid_t pid, int status);
/* Tells every process to end: at once, or when its requests are done. */
void roster_stop(struct master *master);
/* Every worker gets a new process of the current generation. */
void roster_renew(struct master *master, bool brutal);
/* Every process looks at the board for what it should do. */
void roster_signal(struct master *master, int number);
/* Moves on what can be: takes note of who accepts, forks who is missing, replaces who is old, kills
 * who does not end. */
void roster_advance(struct master *master, int64_t now);
/* Every wanted worker is served by the current generation, none is to be renewed. */
bool roster_is_current(const struct master *master);
/* A process of this generation is there, or asked for. */
bool roster_has(const struct master *master, unsigned generation);
/* Nothing will have to be done at a certain time. */
bool roster_is_settled(const struct master *master);
/* The process of a worker that a report is about: the one that serves if there is one. */
const struct process *roster_process(const struct master *master, uint32_t worker_id);
/* A successor of that one is on its way. */
bool roster_is_replacing(const struct master *master, uint32_t worker_id);
/* No process of a worker is left. */
bool roster_is_empty(const struct master *master);
/* A zygote died and its workers need not: those of `from` count as `to`'s from now on. */
void roster_adopt(struct master *master, unsigned from, unsigned to);
/* This zygote will not answer: what it was asked for is asked for again. */
void roster_forget_forks(struct master *master, unsigned generation);
/* Its workers that do not serve yet shall not. */
void roster_drop_starting(struct master *master, unsigned generation);

/* eye.c */
void eye_init(struct master *master);
void eye_close_in_child(struct master *master);
void eye_start(struct master *master, struct bask_seat seat, pid_t pid);
void eye_stop(struct master *master, struct bask_seat seat);
/* When it ended, if nobody has told of that yet; 0: it runs, or is not watched. */
int64_t eye_ended_us(const struct master *master, struct bask_seat seat);

/* limits.c */
/* Kills workers that do not see to their own deadlines any more, and comes back when one may be
 * due.
 */
void limits_advance(struct master *master, int64_t now);

/* scaling.c */
/* 0 or BASK_E_NOMEM. */
int scaling_init(struct master *master);
void scaling_free(struct scaling **scaling);
/* Watches for a connection where nobody else does. */
void scaling_advance(struct master *master);
/* Workers more, or less, as far as there may be. */
void scaling_change(struct master *master, int change);
/* No workers until a connection comes. */
void scaling_go_cheap(struct master *master);
bool scaling_is_cheap(const struct master *master);

/* service.c */
/* 0 or BASK_E_NOMEM. */
int service_init(struct master *master);
/* Tells the service manager what has changed. */
void service_advance(struct master *master);
/* For a successor that is about to be started: what the manager asked for is in the environment. */
void service_lend(const struct master *master);
void service_take_back(void);
/* The successor speaks from now on. */
void service_hand_over(struct master *master, pid_t successor);

/* daemons.c */
/* They are started when the loop runs. 0, also if there are none; else a bask_err. */
int daemons_init(struct master *master);
void daemons_free(struct daemons **daemons);
/* The process `pid` has ended: true if it was a daemon. */
bool daemons_ended(struct master *master, pid_t pid, int status);
/* A new version serves: they are replaced, or told by the signal that they want. */
void daemons_reloaded(struct master *master);
/* Tells those to end that do not outlive the server; true when none is left. */
bool daemons_stop(struct master *master);

/* For reports: what is known of one, from 0; false at the end. */
struct daemon_report {
    const char *command;
    pid_t pid; /* 0: it does not run */
    uint64_t respawns;
};
bool daemons_report(const struct master *master, uint32_t index, struct daemon_report *ret_report);

/* daemons_options.c */
typedef int daemon_option_f(const struct bask_value *value, enum daemon_form form, void *context);
/* Every daemon that was asked for, until `visit` returns an error, which is returned. */
int daemons_each(const struct bask_daemon_options *options, daemon_option_f *visit, void *context);

/* crons.c */
/* 0, also if there are none; else a bask_err. */
int crons_init(struct master *master);
void crons_free(struct crons **crons);
/* The process `pid` has ended: true if it was the command of a cron. */
bool crons_ended(struct master *master, pid_t pid, int status);
/* This master takes over: the minutes from the next one on are its own. */
void crons_take(struct master *master, int64_t minute);
/* Another one has taken over in this minute, which is the last one of this master. 0: unknown. */
void crons_hand_over(struct master *master, int64_t minute);
/* Tells those to end that run, but lets them be while a successor serves; true when none is left.
 */
bool crons_stop(struct master *master);
/* For reports: what is known of one, from 0; NULL at the end. */
struct cron_report {
    const struct cron_spec *spec;
    pid_t pid;          /* of the command that was started last; 0: it does not run */
    int64_t started_at; /* Unix time, when that was; 0: never */
    uint32_t running;   /* how many of them do */
    uint64_t times;     /* that it was started */
    bool has_ended;
    int status; /* of the one that ended last, as waitpid(2) gives it */
};
const struct cron_report *crons_report(const struct master *master, size_t index);

/* crons_options.c */
typedef int cron_option_f(const struct bask_value *value, enum cron_form form, void *context);
/* Every cron that was asked for, until `visit` returns an error, which is returned. */
int crons_each(const struct bask_cron_options *options, cron_option_f *visit, void *context);

/* tending.c */
/* 0, or BASK_E_NOMEM. */
int tending_init(struct master *master);
void tending_free(struct tending **tending);

/* alarms.c */
/* 0, also if there are none; else a bask_err. */
int alarms_init(struct master *master);
void alarms_free(struct alarms **alarms);
/* For a child: its descriptors only. */
void alarms_forget(const struct master *master);
/* The process `pid` has ended: true if it was the command of an alarm. */
bool alarms_ended(struct master *master, pid_t pid, int status);
/* A process of the server has ended: that is an alarm if it crashed. `what` it was: "worker". */
void alarms_crashed(const struct master *master, const char *what, uint32_t id, pid_t pid,
                    int status);
/* Tells what waits yet; true when no command runs. */
bool alarms_stop(struct master *master);

/* signals.c */
/* 0, also if there are none; BASK_E_NOMEM. */
int signals_init(struct master *master);
void signals_free(struct signals **signals);
/* For a child: its descriptors only. */
void signals_forget(const struct master *master);
/* What is raised again while it still waits is raised once. */
void signals_raise(struct master *master, uint32_t number);
/* A generation is about to begin. */
void signals_begin(const struct master *master, unsigned generation);
/* Hands over what was raised, and arms what was defined. */
void signals_advance(struct master *master);
/* The process of this place has ended. */
void signals_place_left(struct master *master, struct bask_seat seat);
/* The same for a box. */
void signals_take_back(struct master *master, struct bask_signal_box *box);
/* More of this number are lost; says so now and then. */
void signals_complain(const struct master *master, const char *kind, uint32_t id, uint32_t number);

/* raisers.c */
/* 0, also if there are none; else a bask_err that was logged, or BASK_E_NOMEM. */
int raisers_init(struct master *master);
/* This master takes over from another one: timers begin. */
void raisers_take(struct master *master);
void raisers_free(struct raisers **raisers);
/* For a child: its descriptors only. */
void raisers_forget(const struct master *master);

/* raisers_options.c */
typedef int raise_option_f(const struct bask_value *value, enum raise_kind kind, const char *name,
                           void *context);
/* Every one that was asked for, until `visit` returns an error, which is returned. */
int raise_each(const struct bask_raise_options *options, raise_option_f *visit, void *context);

/* aide_signals.c */
/* To one that waits for whatever comes, if there is one. */
void signals_to_waiting_aide(struct master *master, unsigned generation, uint32_t number);
/* False if the number has to wait. */
bool signals_to_aides(struct master *master, unsigned generation, struct bask_signal_target target,
                      uint32_t number);

/* aides.c: mules and spoolers */
/* 0, also if there are none; BASK_E_NOMEM. */
int aides_init(struct master *master);
void aides_free(struct aides **aides);
/* A message of a zygote that is about one of them. */
void aides_forked(struct master *master, const struct bask_message *message, unsigned generation);
/* The process `pid` has ended: true if it was one of them. */
bool aides_ended(struct master *master, pid_t pid, int status);
/* As roster_adopt, roster_forget_forks, roster_signal. */
void aides_adopt(struct master *master, unsigned from, unsigned to);
void aides_forget_forks(struct master *master, unsigned generation);
void aides_signal(struct master *master, int number);
/* All of this kind get new processes. */
void aides_renew(struct master *master, enum bask_aide_kind kind);
void aides_advance(struct master *master, int64_t now);
/* This generation has one. */
bool aides_have(const struct master *master, unsigned generation);
bool aides_are_settled(const struct master *master);
bool aides_are_gone(const struct master *master);
/* For reports: what is known of one, from 0; false at the end. */
struct aide_report {
    const struct bask_aide *aide;
    const struct process *process;
    const struct bask_aide_place *place; /* of that process */
    uint64_t done;                       /* messages or tasks */
    uint64_t respawns;
};
/* The process of this generation that serves as aide `index`; 0: none does now. */
pid_t aides_serving(const struct master *master, uint32_t index, unsigned generation,
                    struct bask_aide_place **ret_place);
bool aides_report(const struct master *master, uint32_t index, struct aide_report *ret_report);

/* health.c */
/* 0, also if nobody asked for it; else a bask_err, and the log has the reason. */
int health_init(struct master *master);
/* For a child: its descriptors only. */
void health_close(struct health *health);
/* `*health` may be NULL. */
void health_free(struct health **health);

/* stats.c: uWSGI's stats server */
/* 0, also if nobody asked for it; else a bask_err, and the log has the reason. */
int stats_init(struct master *master);
/* For a child: its descriptors only. */
void stats_forget(const struct stats *stats);
/* `*stats` may be NULL. `remove`: the socket's name goes, too. */
void stats_free(struct stats **stats, bool remove);

/* pushers.c: statistics that are sent unasked */
/* 0, also if there are none; else a bask_err that was logged. */
int pushers_init(struct master *master);
/* For a child: its descriptors only. */
void pushers_forget(const struct pushers *pushers);
/* `*pushers` may be NULL. */
void pushers_free(struct pushers **pushers);

/* metering.c: metrics in files, and what they may come to */
/* 0, also if nobody asked for it; else a bask_err that was logged. */
int metering_init(struct master *master);
/* For a child: its descriptors only. */
void metering_forget(const struct metering *metering);
/* `*metering` may be NULL. */
void metering_free(struct metering **metering);

/* stats_document.c */
/* The document. 0 or BASK_E_NOMEM. */
int stats_write(const struct master *master, struct bask_buf *out);

/* stats_workers.c */
struct bask_json;
void stats_put_workers(const struct master *master, struct bask_json *json);

/* reload.c */
/* Begins a reload, or remembers that one shall follow. The number by which it can be watched. */
unsigned reload_ask(struct master *master, enum reload_kind kind);
/* The new version is not fit to serve. */
void reload_failed(struct master *master, const struct generation *failed);
/* A new version is taking the place of the one before. */
bool reload_is_changing(const struct master *master);
/* A worker has come to serve. */
void reload_goes_on(struct master *master);
/* One did not, though another one of its generation does. After some in a row, or when the time for
 * getting ready is over, the new version is given up. */
void reload_stumbled(struct master *master);
/* Ends a reload that is done, begins one that was asked for meanwhile. */
void reload_advance(struct master *master);
/* The reload under way is over. */
void reload_end(struct master *master, bool done, bask_str words);
/* Tells the watcher of the end of the reload `number`, which may have come already. */
void reload_watch(struct master *master, struct reload_watcher *watcher, unsigned number);

/* report.c */
/* For people, and as JSON: the server and a line for each worker. 0 or BASK_E_NOMEM. */
int report_table(const struct master *master, struct bask_buf *text);
int report_json(const struct master *master, struct bask_buf *text);

/* ways.c */
/* Opens what the options ask for. 0, or a bask_err that was logged. */
int ways_open(struct master *master);
/* Opens what a master that serves already holds until now. */
void ways_take(struct master *master);
/* Gives up what a successor has taken. */
void ways_hand_over(struct master *master);
void ways_close(struct master *master);
/* In a new process that is not the master: closes the descriptors, nothing else. */
void ways_forget(const struct master *master);

/* fifo.c: uWSGI's master FIFO */
int fifo_open(struct master *master);
/* `remove`: the pipe's name, too. */
void fifo_close(struct master *master, bool remove);
void fifo_forget(const struct master *master);

/* control.c: the control socket */
int control_open(struct master *master);
/* Obeys from now on. */
void control_listen(struct master *master);
/* Takes no new clients; those that wait are answered yet. */
void control_hand_over(struct master *master);
void control_close(struct master *master, bool remove);
void control_forget(const struct master *master);
/* The listening socket; -1: none. */
int control_socket(const struct master *master);

/* touch.c: files that are looked at each second */
int touch_open(struct master *master);
/* In an heir: what was new at its files, the master that serves has done. */
void touch_follow(struct master *master);
void touch_close(struct master *master);

/* keeper.c: the process that keeps the log */
/* 0 or BASK_E_NOMEM. */
int keeper_init(struct master *master);
void keeper_free(struct keeper **keeper);
/* The process `pid` has ended: true if it was the keeper. */
bool keeper_ended(struct master *master, pid_t pid, int status);
/* It opens its files again; `move`: they get other names before. */
void keeper_turn(struct master *master, bool move);

/* logfile.c: the file that the log goes to */
/* Looks at its size from time to time, if that has a limit. 0 or BASK_E_NOMEM. */
int logfile_watch(struct master *master);
void logfile_free(struct logfile **logfile);
/* Every process opens it again. */
void logfile_reopen(struct master *master);
/* It gets another name, and a new one begins. */
void logfile_rotate(struct master *master);

/* watch.c: files whose changes the system tells */
int watch_open(struct master *master);
void watch_close(struct master *master);
void watch_forget(const struct master *master);

/* fd_reload.c: descriptors whose being readable means a reload */
int fd_reload_open(struct master *master);
void fd_reload_close(struct master *master);

/* former.c: the master before */
/* In an heir: who has made the channel to it. */
void former_watch(struct master *master, int channel);
/* It has to go first. */
bool former_is_awaited(const struct master *master);
void former_close(struct master *master);
void former_forget(const struct master *master);

/* upgrade.c: another program takes the place of this one */
/* The reload under way is one. */
void upgrade_begin(struct master *master);
/* The process `pid` has ended: true if it was the successor, or was to be it. */
bool upgrade_ended(struct master *master, pid_t pid, int status);
/* This server stops, and so does a successor that does not serve yet. */
void upgrade_abandon(struct master *master);
void upgrade_close(struct master *master);
void upgrade_forget(const struct master *master);
/* What a successor that is under way has to know, if there is one. */
void upgrade_tell(const struct master *master, enum bask_message_kind kind, int32_t code);
/* In a successor: hears what the master before has to say. 0 or a bask_err. */
int upgrade_listen(struct master *master);
/* In a successor: tells the master before once all workers serve. */
void upgrade_advance(struct master *master);
/* The same, if it comes to nothing: what this generation said. */
void upgrade_failed(struct master *master, const struct generation *failed);
