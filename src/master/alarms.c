/*
 * Alarms, as the master tells them: what any process has raised comes out of a socket
 * (svc/alarms.h), and goes to a command, a signal, the log or a UDP address.
 *
 * The same message of the same alarm is told once in a while. Nothing here waits, and what is
 * logged here raises no alarm.
 */
#include "master/alarms.h"

#include "base/err.h"
#include "base/hash.h"
#include "master/private.h"
#include "obs/log.h"
#include "svc/aides.h"
#include "svc/signals.h"
#include "sys/clock.h"
#include "sys/entropy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    AT_ONCE = 64, /* messages, before something else has its turn */
    REMEMBERED = 128,
    GATHER_US = 1000000, /* how long what was lost is counted before it is told of */
};

/* That an alarm was told something. */
struct told {
    uint64_t message; /* a hash */
    const struct bask_alarm *alarm;
    int64_t at_us;
};

/* Why an alarm was not told. */
enum loss { LOST_FULL, LOST_RUNNING, LOST_REFUSED, LOSSES };

struct alarms {
    struct bask_io io;
    struct master *master;
    const struct bask_alarms *all;
    struct alarm_commands *commands;
    struct alarm_sources *sources;
    int sockets[BASK_ALARMS]; /* of those that are told by UDP; -1 */
    struct bask_hash_seed seed;
    struct told told[REMEMBERED];
    uint32_t told_count;
    uint64_t lost[LOSSES];
    struct bask_timer complaint;
    char *buffer;
};

static bool
was_told(struct alarms *alarms, const struct bask_alarm *alarm, bask_str message)
{
    int64_t now = bask_clock_us(), since = now - alarms->all->options->freq_ms * 1000;
    /* The same line of the log has another date and process each time. */
    uint64_t hash = bask_hash(&alarms->seed, bask_log_behind_stamp(message));
    for (size_t i = 0; i < REMEMBERED; i++) {
        const struct told *told = &alarms->told[i];
        if (told->alarm == alarm && told->message == hash && told->at_us > since)
            return true;
    }
    alarms->told[alarms->told_count++ % REMEMBERED] = (struct told){hash, alarm, now};
    return false;
}

/* Ways of telling. LOSSES: it was told. */

static enum loss
tell_command(struct alarms *alarms, const struct bask_alarm *alarm, bask_str message)
{
    int err = alarm_commands_run(alarms->commands, alarm, message);
    return err == BASK_E_LIMIT ? LOST_RUNNING : LOSSES;
}

/* One line, whatever is in the message. */
static enum loss
tell_log(struct alarms *alarms, const struct bask_alarm *alarm, bask_str message)
{
    struct bask_buf line = {0};
    (void)alarms;
    if (bask_buf_reserve(&line, message.len * 4 + 1))
        return LOST_REFUSED;
    for (size_t i = 0; i < message.len; i++) {
        unsigned char c = (unsigned char)message.ptr[i];
        bool is_plain = (c >= ' ' && c != 0x7f) || c == '\t';
        line.end += (size_t)snprintf(line.data + line.end, 5, is_plain ? "%c" : "\\x%02x", c);
    }
    bask_log(BASK_LOG_INFO, "ALARM: %.*s%s%.*s", BASK_FMT(alarm->argument),
             alarm->argument.len ? " " : "", BASK_FMT(bask_buf_view(&line)));
    bask_buf_fini(&line);
    return LOSSES;
}

static enum loss
tell_signal(struct alarms *alarms, const struct bask_alarm *alarm, bask_str message)
{
    struct bask_signal_board *board = alarms->master->plan->signals;
    (void)message;
    return board && !bask_signals_raise(board, alarm->number) ? LOSSES : LOST_REFUSED;
}

static enum loss
tell_mule(struct alarms *alarms, const struct bask_alarm *alarm, bask_str message)
{
    const struct bask_aides *aides = alarms->master->plan->aides;
    size_t largest = (size_t)aides->options->message_size;
    if (message.len > largest)
        message.len = largest;
    return bask_box_put(alarm->number ? &aides->items[alarm->number - 1].box : &aides->any, message)
               ? LOST_REFUSED
               : LOSSES;
}

static enum loss
tell_udp(struct alarms *alarms, const struct bask_alarm *alarm, bask_str message)
{
    int fd = alarms->sockets[alarm - alarms->all->items];
    bool is_sent = send(fd, message.ptr, message.len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    return is_sent ? LOSSES : LOST_REFUSED;
}

static void
tell(struct alarms *alarms, const struct bask_alarm *alarm, bask_str message)
{
    static enum loss (*const ways[BASK_ALARM_WAYS])(struct alarms *, const struct bask_alarm *,
                                                    bask_str) = {
        [BASK_ALARM_CMD] = tell_command, [BASK_ALARM_LOG] = tell_log,
        [BASK_ALARM_MULE] = tell_mule,   [BASK_ALARM_SIGNAL] = tell_signal,
        [BASK_ALARM_UDP] = tell_udp,
    };
    if (was_told(alarms, alarm, message))
        return;
    enum loss loss = ways[alarm->way](alarms, alarm, message);
    if (loss != LOSSES)
        alarms->lost[loss]++;
}

/* A trailing newline is part of the line, not of the message. False: none waits. */
static bool
take_one(struct alarms *alarms)
{
    bask_str message;
    uint64_t whom;
    if (bask_alarms_take(alarms->all, alarms->buffer, &whom, &message))
        return false;
    if (bask_str_ends(message, BASK_STR("\n")))
        message.len--;
    for (uint32_t i = 0; i < alarms->all->count; i++)
        if (whom & UINT64_C(1) << i)
            tell(alarms, &alarms->all->items[i], message);
    return true;
}

static void
take_some(struct alarms *alarms)
{
    bask_alarms_hush(true);
    for (int i = 0; i < AT_ONCE && take_one(alarms); i++)
        continue;
    bask_alarms_hush(false);
    if (bask_list_is_unlinked(&alarms->complaint.link))
        bask_loop_timer_start(alarms->master->loop, &alarms->complaint, GATHER_US);
}

static void
on_inlet(struct bask_io *io, unsigned events)
{
    (void)events;
    take_some(BASK_CONTAINER(io, struct alarms, io));
}

static void
on_complaint(struct bask_timer *timer)
{
    static const char *const reasons[] = {
        [LOST_FULL] = "they came faster than the master takes them",
        [LOST_RUNNING] = "the commands of those before still run",
        [LOST_REFUSED] = "they could not be handed over",
    };
    struct alarms *alarms = BASK_CONTAINER(timer, struct alarms, complaint);
    alarms->lost[LOST_FULL] += bask_alarms_lost(alarms->all);
    bask_alarms_hush(true);
    for (unsigned i = 0; i < LOSSES; i++) {
        if (alarms->lost[i])
            bask_log(BASK_LOG_WARN, "%llu alarms were not told: %s",
                     (unsigned long long)alarms->lost[i], reasons[i]);
        alarms->lost[i] = 0;
    }
    bask_alarms_hush(false);
}

bool
alarms_ended(struct master *master, pid_t pid, int status)
{
    if (!master->alarms)
        return false;
    bask_alarms_hush(true);
    bool is_one = alarm_commands_ended(master->alarms->commands, pid, status);
    bask_alarms_hush(false);
    return is_one;
}

void
alarms_crashed(const struct master *master, const char *what, uint32_t id, pid_t pid, int status)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    const struct bask_alarms *all = master->plan->alarms;
    char message[128];
    if (!all || !all->segfault || !WIFSIGNALED(status))
        return;
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        if (WTERMSIG(status) != crashes[i])
            continue;
        int n = snprintf(message, sizeof message, "%s %u (pid: %d) crashed: %s", what, id, (int)pid,
                         strsignal(crashes[i]));
        bask_alarms_raise(all, all->segfault, bask_str_n(message, (size_t)n));
    }
}

bool
alarms_stop(struct master *master)
{
    if (!master->alarms)
        return true;
    take_some(master->alarms);
    return alarm_commands_stop(master->alarms->commands);
}

/* 0, or a bask_err that was logged. */
static int
check_mules(const struct master *master)
{
    const struct bask_alarms *all = master->plan->alarms;
    uint32_t mules = master->plan->aides ? master->plan->aides->mules : 0;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct bask_alarm *alarm = &all->items[i];
        if (alarm->way != BASK_ALARM_MULE || (mules && alarm->number <= mules))
            continue;
        bask_log(BASK_LOG_ERROR, "the alarm %.*s is for a mule that is not there: there are %u",
                 BASK_FMT(alarm->name), mules);
        return BASK_E_NOTFOUND;
    }
    return BASK_OK;
}

/* The same. */
static int
open_sockets(struct alarms *alarms)
{
    for (uint32_t i = 0; i < alarms->all->count; i++) {
        const struct bask_alarm *alarm = &alarms->all->items[i];
        if (alarm->way != BASK_ALARM_UDP)
            continue;
        int fd = socket(alarm->address.u.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        alarms->sockets[i] = fd;
        if (fd >= 0 && !connect(fd, &alarm->address.u.any, alarm->address.length))
            continue;
        bask_log(BASK_LOG_ERROR, "the alarm %.*s has no way to %.*s", BASK_FMT(alarm->name),
                 BASK_FMT(alarm->argument));
        return BASK_E_SYSTEM;
    }
    return BASK_OK;
}

int
alarms_init(struct master *master)
{
    const struct bask_alarms *all = master->plan->alarms;
    if (!all)
        return BASK_OK;
    struct alarms *alarms = calloc(1, sizeof *alarms);
    if (!alarms)
        return BASK_E_NOMEM;
    master->alarms = alarms;
    alarms->master = master;
    alarms->all = all;
    alarms->complaint.on_due = on_complaint;
    alarms->io = (struct bask_io){.fd = all->outlet, .on_event = on_inlet};
    bask_random(&alarms->seed, sizeof alarms->seed);
    for (size_t i = 0; i < BASK_ALARMS; i++)
        alarms->sockets[i] = -1;
    alarms->buffer = malloc(bask_alarms_buffer_size(all));
    alarms->commands = alarm_commands_new(master->loop, all->options->limit_ms * 1000);
    alarms->sources =
        alarm_sources_new(master->loop, all, master->plan->sockets, master->plan->socket_count);
    if (!alarms->buffer || !alarms->commands || !alarms->sources)
        return BASK_E_NOMEM;
    int err = check_mules(master);
    if (!err)
        err = open_sockets(alarms);
    return err ? err : bask_loop_add(master->loop, &alarms->io, BASK_IO_LEVEL);
}

void
alarms_forget(const struct master *master)
{
    struct alarms *alarms = master->alarms;
    if (!alarms)
        return;
    bask_alarms_leave(master->plan->alarms);
    for (size_t i = 0; i < BASK_ALARMS; i++)
        if (alarms->sockets[i] >= 0)
            close(alarms->sockets[i]);
}

void
alarms_free(struct alarms **alarms)
{
    struct alarms *all = *alarms;
    if (!all)
        return;
    bask_loop_timer_stop(&all->complaint);
    for (size_t i = 0; i < BASK_ALARMS; i++)
        if (all->sockets[i] >= 0)
            close(all->sockets[i]);
    alarm_sources_free(&all->sources);
    alarm_commands_free(&all->commands);
    free(all->buffer);
    free(all);
    *alarms = NULL;
}
