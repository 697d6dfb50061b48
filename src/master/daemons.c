/*
 * Programs that run beside the server. One without a pidfile is a child of the master: started when
 * the sockets are bound, started again when it ends, replaced by a reload, stopped when the workers
 * are gone. One with a pidfile is looked after by that file, and outlives the server.
 */
#include "base/err.h"
#include "master/daemon_spec.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECOND_US = 1000000, SHORT_LIFE_US = 3000000, HEIR_US = 200000 };

enum daemon_state {
    DAEMON_WAITING, /* to be started, at due_us */
    DAEMON_RUNNING, /* a child */
    DAEMON_ENDING,  /* told to; killed at due_us */
    DAEMON_AWAY,    /* its pidfile names somebody who is alive; looked at again at due_us */
};

struct daemon {
    struct daemon_spec spec;
    struct bask_priv priv;
    enum daemon_state state;
    pid_t pid; /* of the child, or out of the pidfile */
    int64_t started_us, due_us;
    int64_t failures; /* short lives in a row */
    uint64_t starts;
    struct timespec touched;
};

struct daemons {
    struct master *master;
    struct bask_timer look;
    struct daemon *items;
    size_t count;
};

static bool
is_smart(const struct daemon *daemon)
{
    return daemon->spec.pidfile != NULL;
}

/* Who is alive according to the pidfile; 0: nobody. */
static pid_t
read_pidfile(const char *path)
{
    char text[32];
    long long pid;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    if (n <= 0)
        return 0;
    bask_str line = bask_str_n(text, (size_t)n), rest;
    bask_str_cut(line, '\n', &line, &rest);
    if (bask_str_to_i64(bask_str_trim(line), &pid) || pid < 2 || pid > INT32_MAX)
        return 0;
    return kill((pid_t)pid, 0) && errno != EPERM ? 0 : (pid_t)pid;
}

static void
write_pidfile(const struct daemon *daemon)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%d\n", (int)daemon->pid);
    int fd =
        open(daemon->spec.pidfile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || write(fd, text, (size_t)length) != length)
        bask_log(BASK_LOG_ERROR, "daemon \"%s\": cannot write %s: %s", daemon->spec.command,
                 daemon->spec.pidfile, strerror(errno));
    if (fd >= 0)
        close(fd);
}

/* Who ends soon after the start is given longer and longer pauses. */
static int64_t
throttle_us(const struct daemon *daemon)
{
    int64_t seconds = daemon->failures < daemon->spec.max_throttle_s ? daemon->failures
                                                                     : daemon->spec.max_throttle_s;
    return seconds * SECOND_US;
}

static void
start(struct daemons *daemons, struct daemon *daemon, int64_t now)
{
    const struct daemon_spec *spec = &daemon->spec;
    char error[256];
    const struct bask_shell_command how = {
        .command = spec->command,
        .folder = spec->folder,
        .keep_stdin = spec->keep_stdin || daemons->master->plan->options->daemons.honour_stdin,
        .priv = daemon->priv.change_gid ? &daemon->priv : NULL,
        .new_pids = spec->new_pids,
    };
    daemon->started_us = now;
    if (bask_shell_start(&how, &daemon->pid, error, sizeof error)) {
        bask_log(BASK_LOG_ERROR, "cannot start daemon \"%s\": %s", spec->command, error);
        daemon->failures++;
        daemon->due_us = now + throttle_us(daemon);
        return;
    }
    bask_log(BASK_LOG_INFO, "daemon \"%s\" started (pid: %d)", spec->command, (int)daemon->pid);
    daemon->state = DAEMON_RUNNING;
    daemon->starts++;
    if (spec->writes_pidfile && spec->pidfile)
        write_pidfile(daemon);
}

static void
tell_to_end(struct daemons *daemons, struct daemon *daemon)
{
    bask_log(BASK_LOG_INFO, "stopping daemon \"%s\" (pid: %d)", daemon->spec.command,
             (int)daemon->pid);
    daemon->state = DAEMON_ENDING;
    daemon->due_us = bask_clock_us() + daemons->master->plan->options->daemons.mercy_ms * 1000;
    kill(-daemon->pid, (int)daemon->spec.stop_signal);
}

/* One that its pidfile says is there needs nothing but another look later. */
static void
start_if_missing(struct daemons *daemons, struct daemon *daemon, int64_t now)
{
    pid_t there = is_smart(daemon) ? read_pidfile(daemon->spec.pidfile) : 0;
    if (!there) {
        start(daemons, daemon, now);
        return;
    }
    daemon->state = DAEMON_AWAY;
    daemon->pid = there;
    daemon->due_us = now + daemon->spec.freq_s * SECOND_US;
}

static bool
was_touched(struct daemon *daemon)
{
    struct stat status;
    if (!daemon->spec.touch || stat(daemon->spec.touch, &status))
        return false;
    bool changed = daemon->touched.tv_sec && (daemon->touched.tv_sec != status.st_mtim.tv_sec ||
                                              daemon->touched.tv_nsec != status.st_mtim.tv_nsec);
    daemon->touched = status.st_mtim;
    return changed;
}

static void
look_at(struct daemons *daemons, struct daemon *daemon, int64_t now)
{
    if (was_touched(daemon) && daemon->state == DAEMON_RUNNING)
        tell_to_end(daemons, daemon);
    if (daemon->state == DAEMON_RUNNING || daemon->due_us > now)
        return;
    if (daemon->state == DAEMON_ENDING) {
        bask_log(BASK_LOG_WARN, "daemon \"%s\" (pid: %d) does not end; it is killed",
                 daemon->spec.command, (int)daemon->pid);
        kill(-daemon->pid, SIGKILL);
        daemon->due_us = now + SECOND_US;
    } else if (daemons->master->heir) {
        daemon->due_us = now + HEIR_US; /* those of the predecessor still run */
    } else if (!daemons->master->stopping) {
        start_if_missing(daemons, daemon, now);
    }
}

/* When something has to be looked at again: a touched file each second, else what is due. */
static int64_t
next_look_us(const struct daemons *daemons, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < daemons->count; i++) {
        const struct daemon *daemon = &daemons->items[i];
        int64_t due = daemon->state == DAEMON_RUNNING ? INT64_MAX : daemon->due_us;
        if (daemon->spec.touch && now + SECOND_US < due)
            due = now + SECOND_US;
        next = due < next ? due : next;
    }
    return next;
}

static void
look(struct daemons *daemons)
{
    int64_t now = bask_clock_us();
    for (size_t i = 0; i < daemons->count; i++)
        look_at(daemons, &daemons->items[i], now);
    int64_t next = next_look_us(daemons, now);
    if (next != INT64_MAX)
        bask_loop_timer_start(daemons->master->loop, &daemons->look,
                              next > now ? next - now : 1000);
}

static void
on_look(struct bask_timer *timer)
{
    look(BASK_CONTAINER(timer, struct daemons, look));
}

/* One that goes to the background has done so when its child ends well. */
static void
on_end(struct daemons *daemons, struct daemon *daemon, int status)
{
    int64_t now = bask_clock_us();
    bool was_told = daemon->state == DAEMON_ENDING;
    bool into_background = is_smart(daemon) && !daemon->spec.writes_pidfile && WIFEXITED(status) &&
                           !WEXITSTATUS(status);
    daemon->failures =
        was_told || now - daemon->started_us > SHORT_LIFE_US ? 0 : daemon->failures + 1;
    daemon->state = into_background ? DAEMON_AWAY : DAEMON_WAITING;
    daemon->due_us =
        now + (into_background ? daemon->spec.freq_s * SECOND_US : throttle_us(daemon));
    daemon->pid = 0;
    if (into_background || daemons->master->stopping)
        return;
    bask_log(was_told ? BASK_LOG_INFO : BASK_LOG_WARN, "daemon \"%s\" ended (%s %d)%s",
             daemon->spec.command, WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
             daemon->spec.control ? ": so does the server" : "");
    if (daemon->spec.control && !was_told)
        master_obey(daemons->master, MASTER_STOP);
}

bool
daemons_ended(struct master *master, pid_t pid, int status)
{
    struct daemons *daemons = master->daemons;
    for (size_t i = 0; daemons && i < daemons->count; i++) {
        struct daemon *daemon = &daemons->items[i];
        if (daemon->pid != pid || daemon->state == DAEMON_AWAY || daemon->state == DAEMON_WAITING)
            continue;
        on_end(daemons, daemon, status);
        look(daemons);
        return true;
    }
    return false;
}

void
daemons_reloaded(struct master *master)
{
    struct daemons *daemons = master->daemons;
    for (size_t i = 0; daemons && i < daemons->count; i++) {
        struct daemon *daemon = &daemons->items[i];
        bool there = daemon->state == DAEMON_RUNNING || daemon->state == DAEMON_AWAY;
        if (there && daemon->pid > 1 && daemon->spec.reload_signal)
            kill(daemon->pid, (int)daemon->spec.reload_signal);
        else if (daemon->state == DAEMON_RUNNING && !is_smart(daemon))
            tell_to_end(daemons, daemon);
    }
    if (daemons)
        look(daemons);
}

bool
daemons_stop(struct master *master)
{
    struct daemons *daemons = master->daemons;
    bool left = false;
    for (size_t i = 0; daemons && i < daemons->count; i++) {
        struct daemon *daemon = &daemons->items[i];
        if (is_smart(daemon)) {
            if (daemon->spec.tell_pid && daemon->pid > 1 && !master->replaced)
                kill(daemon->pid, (int)daemon->spec.stop_signal);
            daemon->pid = 0;
            continue;
        }
        if (daemon->state == DAEMON_RUNNING)
            tell_to_end(daemons, daemon);
        left = left || daemon->state == DAEMON_ENDING;
    }
    if (left)
        look(daemons);
    return !left;
}

static int
add(const struct bask_value *value, enum daemon_form form, void *context)
{
    struct daemons *daemons = context;
    char error[256] = "out of memory";
    struct daemon *items = realloc(daemons->items, (daemons->count + 1) * sizeof *items);
    if (!items)
        return BASK_E_NOMEM;
    daemons->items = items;
    struct daemon *daemon = &items[daemons->count];
    *daemon = (struct daemon){.state = DAEMON_WAITING};
    int err = daemon_spec_parse(form, value->text, &daemon->spec, error, sizeof error);
    if (!err) {
        daemons->count++;
        err = daemon_spec_priv(&daemon->spec, &daemon->priv, error, sizeof error);
    }
    if (err)
        bask_log(BASK_LOG_ERROR, "daemon \"%.*s\": %s", BASK_FMT(value->text), error);
    return err;
}

int
daemons_init(struct master *master)
{
    const struct bask_daemon_options *options = &master->plan->options->daemons;
    if (!bask_daemons_are_on(options))
        return BASK_OK;
    master->daemons = calloc(1, sizeof *master->daemons);
    if (!master->daemons)
        return BASK_E_NOMEM;
    master->daemons->master = master;
    master->daemons->look.on_due = on_look;
    int err = daemons_each(options, add, master->daemons);
    if (!err) /* once the master runs */
        bask_loop_timer_start(master->loop, &master->daemons->look, 0);
    return err;
}

void
daemons_free(struct daemons **daemons)
{
    if (!*daemons)
        return;
    for (size_t i = 0; i < (*daemons)->count; i++) {
        free((*daemons)->items[i].priv.groups);
        daemon_spec_fini(&(*daemons)->items[i].spec);
    }
    free((*daemons)->items);
    free(*daemons);
    *daemons = NULL;
}

bool
daemons_report(const struct master *master, uint32_t index, struct daemon_report *ret_report)
{
    const struct daemons *daemons = master->daemons;
    if (!daemons || index >= daemons->count)
        return false;
    const struct daemon *daemon = &daemons->items[index];
    *ret_report = (struct daemon_report){
        .command = daemon->spec.command,
        .pid = daemon->state == DAEMON_WAITING ? 0 : daemon->pid,
        .respawns = daemon->starts ? daemon->starts - 1 : 0,
    };
    return true;
}
