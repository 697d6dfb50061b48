/*
 * master/: a real master with zygotes that are made up. They speak the channel's protocol, fork
 * workers that do nothing, and die where the test tells them to. Whatever happens, the workers that
 * should run do, and no process is left behind.
 *
 * All that the processes share is in `shared`. The test itself adopts orphans, so that nothing that
 * a master leaves behind can hide.
 */
#include "test.h"

#include "base/err.h"
#include "ipc/channel.h"
#include "master/master.h"
#include "sys/bell.h"
#include "sys/clock.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, GENERATIONS = 8, PATIENCE_US = 30000000 };

enum behaviour {
    GOOD,
    DIES_LOADING,    /* exits with 5 before it says anything */
    FAILS,           /* says that it failed, with code 22 */
    LOADS_FOR_EVER,  /* never says anything */
    DIES_READY,      /* says that it is ready, and dies */
    DIES_ASKED,      /* dies when it is asked for a worker */
    CANNOT_FORK,     /* says once that fork failed, then is good */
    BREAKS_OFF,      /* sends half a message */
    NEVER_FORKS,     /* does not answer when it is asked for a worker */
    NEVER_ACCEPTS,   /* its workers die before they accept */
    NEVER_LEAVES,    /* does not end when it is dismissed */
    CRASHES_WARMING, /* unless it is told to be careful */
};

static struct shared {
    enum behaviour of[GENERATIONS + 1]; /* by generation, from 1 */
    _Atomic int zygotes[GENERATIONS + 1], started;
    _Atomic int worker_generation[WORKERS + 1]; /* of the last one that accepted */
    _Atomic int cautious;                       /* zygotes that were told to be */
    _Atomic int overlaps;                       /* workers that found their predecessor accepting */
    _Atomic bool stubborn;                      /* workers do not listen */
    _Atomic bool slow;                          /* a zygote loads as long as this is set */
} * shared;

static struct bask_board board;
static struct bask_master_options options;
static int64_t load_limit_ms;
static pid_t master;

/* The worker: ends as it is told to, with the exit status of a real one. */
static void
on_stop(int number)
{
    _exit(number == SIGHUP ? 17 : 30);
}

static void
accept_requests(struct bask_seat seat, int generation)
{
    struct bask_board_place *place = bask_board_place(&board, seat);
    struct bask_seat other = {seat.worker_id, 1 - seat.side};
    atomic_store(&place->pid, getpid());
    shared->overlaps += bask_board_place(&board, other)->accepting;
    atomic_store(&place->accepting, 1);
    shared->worker_generation[seat.worker_id] = generation;
    bask_bell_ring(board.bell);
}

static void
be_worker(struct bask_seat seat, int generation)
{
    sigset_t none;
    bool deaf = shared->stubborn;
    signal(SIGINT, deaf ? SIG_IGN : on_stop);
    signal(SIGHUP, deaf ? SIG_IGN : on_stop);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (shared->of[generation] == NEVER_ACCEPTS)
        _exit(1);
    accept_requests(seat, generation);
    for (;;)
        pause();
}

/* The worker itself tells the master of its birth: a test that sees it knows that the master will.
 */
static void
make_worker(int channel, struct bask_seat seat, int generation)
{
    struct bask_message message = {
        .kind = BASK_MESSAGE_FORKED, .worker_id = seat.worker_id, .side = seat.side};
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    if (fork() == 0) {
        message.pid = getpid();
        if (bask_channel_send(channel, &message))
            _exit(30);
        close(channel);
        be_worker(seat, generation);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void
be_asked(int channel, struct bask_seat seat, int generation)
{
    if (shared->of[generation] == DIES_ASKED)
        _exit(6);
    if (shared->of[generation] == NEVER_FORKS)
        return;
    if (shared->of[generation] == CANNOT_FORK) {
        shared->of[generation] = GOOD;
        bask_channel_send(channel, &(struct bask_message){.kind = BASK_MESSAGE_FORKED,
                                                          .worker_id = seat.worker_id,
                                                          .side = seat.side,
                                                          .pid = -1});
        return;
    }
    make_worker(channel, seat, generation);
}

/* Serves until the master closes the channel; workers that are left are told to end. */
static void
serve(int channel, int generation)
{
    struct bask_message message;
    int err = BASK_OK, status;
    while (err != BASK_E_CLOSED) {
        struct pollfd poller = {.fd = channel, .events = POLLIN};
        poll(&poller, 1, 5);
        while (!(err = bask_channel_receive(channel, &message)))
            be_asked(channel, (struct bask_seat){message.worker_id, message.side}, generation);
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            bask_channel_send(
                channel,
                &(struct bask_message){.kind = BASK_MESSAGE_EXITED, .pid = pid, .code = status});
    }
    while (shared->of[generation] == NEVER_LEAVES)
        pause();
    _exit(0);
}

static void
run_zygote(void *context, const struct bask_zygote_orders *orders)
{
    int channel = orders->channel;
    unsigned number = orders->generation;
    int generation = number < GENERATIONS ? (int)number : GENERATIONS;
    (void)context;
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    shared->zygotes[generation] = getpid();
    shared->started = (int)number;
    shared->cautious += orders->cautious;
    while (shared->slow && number > 1)
        usleep(1000);
    switch (shared->of[generation]) {
    case DIES_LOADING:
        _exit(5);
    case FAILS:
        bask_channel_send(channel, &(struct bask_message){.kind = BASK_MESSAGE_FAILED, .code = 22});
        _exit(22);
    case LOADS_FOR_EVER:
        for (;;)
            pause();
    case CRASHES_WARMING:
        bask_channel_send(channel, &(struct bask_message){.kind = BASK_MESSAGE_WARMING});
        if (!orders->cautious)
            raise(SIGKILL);
        break;
    case BREAKS_OFF:
        if (write(channel, "half", 4) == 4)
            for (;;)
                pause();
        _exit(1);
    default:
        break;
    }
    bask_channel_send(channel, &(struct bask_message){.kind = BASK_MESSAGE_READY});
    if (shared->of[generation] == DIES_READY)
        _exit(7);
    serve(channel, generation);
}

static int
set_up(void **state)
{
    (void)state;
    shared = bask_proc_shared_memory(sizeof *shared);
    options =
        (struct bask_master_options){.worker_reload_mercy_ms = 60000, .forkbomb_delay_ms = 1000};
    load_limit_ms = 0;
    return shared && !bask_board_init(&board, WORKERS, 1) && !bask_proc_adopt_orphans() ? 0 : -1;
}

static void
start_master(bool die_on_term)
{
    fflush(NULL);
    master = fork();
    assert_true(master >= 0);
    if (master)
        return;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    options.die_on_term = die_on_term;
    const struct bask_master_plan plan = {.board = &board,
                                          .options = &options,
                                          .load_limit_ms = load_limit_ms,
                                          .fork = fork,
                                          .run_zygote = run_zygote};
    _exit(bask_master_run(&plan));
}

static pid_t
worker(uint32_t id)
{
    struct bask_seat seat = {id, bask_board_worker(&board, id)->side};
    return atomic_load(&bask_board_place(&board, seat)->pid);
}

/* Waits for `condition`; the test fails if it does not come true. */
#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        bool came_ = false;                                                                        \
        for (int64_t end_ = bask_clock_us() + PATIENCE_US; !came_ && bask_clock_us() < end_;) {    \
            came_ = (condition);                                                                   \
            if (!came_)                                                                            \
                usleep(2000);                                                                      \
        }                                                                                          \
        if (!came_)                                                                                \
            fail_msg("it never came: %s", #condition);                                             \
    } while (0)

static bool
all_of(int generation)
{
    for (uint32_t id = 1; id <= WORKERS; id++)
        if (worker(id) <= 0 || kill(worker(id), 0) || shared->worker_generation[id] != generation)
            return false;
    return true;
}

static int
exit_status(void)
{
    int status = 0;
    UNTIL(waitpid(master, &status, WNOHANG) == master);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool
no_child_left(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void
stop_master(void)
{
    kill(master, SIGINT);
    assert_int_equal(exit_status(), 0);
    assert_true(no_child_left());
}

/* A master that a failed test left behind, and all that belongs to it. */
static int
tear_down(void **state)
{
    (void)state;
    pid_t of_shared[WORKERS + GENERATIONS];
    size_t count = 0;
    if (no_child_left())
        return 0;
    kill(master, SIGKILL);
    for (uint32_t id = 1; id <= WORKERS; id++)
        of_shared[count++] = worker(id);
    for (int i = 1; i < GENERATIONS; i++)
        of_shared[count++] = shared->zygotes[i];
    while (count-- > 0)
        if (of_shared[count] > 0)
            kill(of_shared[count], SIGKILL);
    return 0;
}

static void
starts_and_stops(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < COUNT(signals); i++) {
        start_master(true);
        UNTIL(all_of(1));
        kill(master, signals[i]);
        assert_int_equal(exit_status(), 0);
        assert_true(no_child_left());
        assert_int_equal(worker(1) + worker(2), 0);
    }
}

/* A first version that does not load ends the server, and its exit status says why. */
static void
first_does_not_load(void **state)
{
    (void)state;
    static const struct {
        enum behaviour behaviour;
        int code;
    } rows[] = {{DIES_LOADING, 1}, {FAILS, 22}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        shared->of[1] = rows[i].behaviour;
        start_master(false);
        assert_int_equal(exit_status(), rows[i].code);
        assert_true(no_child_left());
        assert_int_equal(shared->started, 1);
    }
}

static void
stopped_while_loading(void **state)
{
    (void)state;
    shared->of[1] = LOADS_FOR_EVER;
    start_master(false);
    UNTIL(shared->zygotes[1] > 0);
    stop_master();
}

static void
workers_are_replaced(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1), second = worker(2);
    kill(first, SIGKILL);
    UNTIL(worker(1) != first && all_of(1));
    assert_int_equal(worker(2), second);
    assert_int_equal(bask_board_worker(&board, 1)->respawns, 1);
    assert_int_equal(bask_board_worker(&board, 2)->respawns, 0);
    kill(worker(2), SIGHUP); /* by its own wish */
    UNTIL(worker(2) != second && all_of(1));
    stop_master();
}

static void
zygote_dies_idle(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1), second = worker(2);
    kill(shared->zygotes[1], SIGKILL);
    UNTIL(shared->started == 2);
    assert_int_equal(worker(1), first); /* nobody was told to go */
    kill(first, SIGKILL);               /* the master's own child by now */
    UNTIL(worker(1) != first && worker(1) > 0 && shared->worker_generation[1] == 2);
    assert_int_equal(worker(2), second);
    assert_int_equal(shared->worker_generation[2], 1);
    stop_master();
}

static void
zygote_dies_when_asked(void **state)
{
    (void)state;
    static const enum behaviour behaviours[] = {DIES_ASKED, DIES_READY};
    for (size_t i = 0; i < COUNT(behaviours); i++) {
        shared->of[1] = shared->of[2] = behaviours[i];
        start_master(false);
        UNTIL(all_of(3));
        stop_master();
    }
}

static void
fork_fails_once(void **state)
{
    (void)state;
    shared->of[1] = CANNOT_FORK;
    start_master(false);
    UNTIL(all_of(1));
    stop_master();
}

/* A substitute that does not load is tried again; the workers stay. */
static void
substitute_does_not_load(void **state)
{
    (void)state;
    shared->of[2] = FAILS;
    shared->of[3] = DIES_LOADING;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1);
    kill(shared->zygotes[1], SIGKILL);
    UNTIL(shared->started == 4);
    assert_int_equal(worker(1), first);
    kill(first, SIGKILL);
    UNTIL(worker(1) != first && shared->worker_generation[1] == 4);
    stop_master();
}

static void
reload(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    kill(master, SIGHUP);
    UNTIL(all_of(2));
    UNTIL(kill(shared->zygotes[1], 0) && errno == ESRCH);
    assert_int_equal(bask_board_worker(&board, 1)->respawns, 0);
    assert_int_equal(shared->overlaps, WORKERS); /* nobody left before his successor was there */
    kill(master, SIGTERM);                       /* the same, not gently */
    UNTIL(all_of(3));
    stop_master();
}

/* Workers that were told to go do not hold up what follows. */
static void
old_worker_takes_its_time(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1), second = worker(2);
    kill(first, SIGSTOP);
    kill(second, SIGSTOP);
    kill(master, SIGHUP);
    UNTIL(all_of(2));
    assert_true(!kill(first, 0) && !kill(second, 0));
    kill(first, SIGCONT);
    kill(second, SIGCONT);
    UNTIL(kill(shared->zygotes[1], 0) && errno == ESRCH);
    stop_master();
}

/* A version that loads, but whose workers never accept: the one before goes on. */
static void
new_workers_never_accept(void **state)
{
    (void)state;
    shared->of[2] = NEVER_ACCEPTS;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1), second = worker(2);
    kill(master, SIGHUP);
    UNTIL(shared->zygotes[2] > 0);
    UNTIL(kill(shared->zygotes[2], 0) && errno == ESRCH);
    assert_true(worker(1) == first && worker(2) == second);
    kill(first, SIGKILL); /* the zygote of the first version is still there */
    UNTIL(worker(1) != first && all_of(1));
    kill(master, SIGHUP);
    UNTIL(all_of(3));
    stop_master();
}

/* A version that loads, but does not get a worker made: the one before goes on. */
static void
new_version_does_not_fork(void **state)
{
    (void)state;
    shared->of[2] = DIES_ASKED;
    shared->of[3] = CANNOT_FORK;
    shared->of[4] = NEVER_FORKS;
    load_limit_ms = 300;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1), second = worker(2);
    for (int generation = 2; generation <= 4; generation++) {
        kill(master, SIGHUP);
        UNTIL(shared->zygotes[generation] > 0);
        UNTIL(kill(shared->zygotes[generation], 0) && errno == ESRCH);
    }
    assert_true(worker(1) == first && worker(2) == second);
    kill(master, SIGHUP);
    UNTIL(all_of(5));
    stop_master();
}

/* A zygote that stands still does not tell of the end of its worker. */
static void
zygote_does_not_tell(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1), second = worker(2);
    kill(shared->zygotes[1], SIGSTOP);
    kill(first, SIGKILL);
    UNTIL(worker(1) != first && worker(1) > 0 && shared->worker_generation[1] == 2);
    assert_int_equal(worker(2), second);
    UNTIL(kill(shared->zygotes[1], 0) && errno == ESRCH);
    stop_master();
}

/* One that does not end is ended: after a reload, and when the server stops. */
static void
zygote_does_not_leave(void **state)
{
    (void)state;
    shared->of[1] = shared->of[2] = NEVER_LEAVES;
    start_master(false);
    UNTIL(all_of(1));
    kill(master, SIGHUP);
    UNTIL(all_of(2));
    UNTIL(kill(shared->zygotes[1], 0) && errno == ESRCH);
    stop_master();
}

static void
takes_too_long_to_load(void **state)
{
    (void)state;
    shared->of[2] = LOADS_FOR_EVER;
    load_limit_ms = 300;
    start_master(false);
    UNTIL(all_of(1));
    kill(master, SIGHUP);
    UNTIL(shared->zygotes[2] > 0);
    UNTIL(kill(shared->zygotes[2], 0) && errno == ESRCH);
    assert_true(all_of(1));
    stop_master();
}

/* What was asked too much of is asked less the second time. */
static void
crashes_while_warming(void **state)
{
    (void)state;
    shared->of[1] = shared->of[2] = CRASHES_WARMING;
    start_master(false);
    UNTIL(all_of(2));
    assert_int_equal(shared->cautious, 1);
    stop_master();
}

static void
stopped_while_forking(void **state)
{
    (void)state;
    shared->of[1] = NEVER_FORKS;
    start_master(false);
    UNTIL(shared->zygotes[1] > 0);
    usleep(20000);
    stop_master();
}

static void
renews_workers(void **state)
{
    (void)state;
    options.lazy = true;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1), second = worker(2);
    kill(master, SIGHUP);
    UNTIL(worker(1) != first && worker(2) != second && all_of(1));
    assert_int_equal(shared->started, 1);
    UNTIL(kill(first, 0) && kill(second, 0));
    bask_board_place(&board, (struct bask_seat){1, bask_board_worker(&board, 1)->side})->wish =
        BASK_WISH_SUCCESSOR;
    first = worker(1);
    second = worker(2);
    bask_bell_ring(board.bell);
    UNTIL(worker(1) != first && all_of(1));
    assert_int_equal(worker(2), second);
    stop_master();
}

static void
stops_gracefully(void **state)
{
    (void)state;
    options.graceful_on_term = true;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1);
    kill(first, SIGSTOP); /* it has something to do */
    kill(master, SIGTERM);
    UNTIL(!worker(2));
    assert_int_equal(waitpid(master, NULL, WNOHANG), 0);
    kill(first, SIGCONT);
    assert_int_equal(exit_status(), 0);
    assert_true(no_child_left());
}

static void
pauses(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    for (uint32_t paused = 1; paused < 2; paused--) {
        kill(master, SIGTSTP);
        UNTIL(board.server->paused == paused);
    }
    stop_master();
}

static void
exits_instead_of_reloading(void **state)
{
    (void)state;
    options.exit_on_reload = true;
    start_master(false);
    UNTIL(all_of(1));
    kill(master, SIGHUP);
    assert_int_equal(exit_status(), 0);
    assert_int_equal(shared->started, 1);
}

/* The old zygote dies while its workers are being replaced: those that are left are replaced too.
 */
static void
old_zygote_dies(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    pid_t second = worker(2);
    kill(second, SIGSTOP); /* it holds the reload up */
    kill(master, SIGHUP);
    UNTIL(shared->worker_generation[1] == 2 || shared->worker_generation[2] == 2);
    kill(shared->zygotes[1], SIGKILL);
    UNTIL(kill(shared->zygotes[1], 0) && errno == ESRCH);
    kill(second, SIGCONT);
    UNTIL(all_of(2));
    stop_master();
}

/* The present zygote dies while the next version loads: the workers are of the old version, and are
 * replaced all the same. */
static void
zygote_dies_while_reloading(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    shared->slow = true;
    kill(master, SIGHUP);
    UNTIL(shared->started == 2);
    kill(shared->zygotes[1], SIGKILL);
    UNTIL(kill(shared->zygotes[1], 0) && errno == ESRCH);
    shared->slow = false;
    UNTIL(all_of(2));
    stop_master();
}

/* A new version that does not load changes nothing, and the next one is tried when asked for. */
static void
reload_does_not_load(void **state)
{
    (void)state;
    shared->of[2] = FAILS;
    shared->of[3] = DIES_LOADING;
    start_master(false);
    UNTIL(all_of(1));
    pid_t first = worker(1), second = worker(2);
    for (int generation = 2; generation <= 3; generation++) {
        kill(master, SIGHUP);
        UNTIL(shared->started == generation);
        UNTIL(kill(shared->zygotes[generation], 0) && errno == ESRCH);
    }
    assert_true(worker(1) == first && worker(2) == second);
    kill(master, SIGHUP);
    UNTIL(all_of(4));
    stop_master();
}

static void
many_reloads(void **state)
{
    (void)state;
    start_master(false);
    UNTIL(all_of(1));
    for (int i = 0; i < 50; i++) {
        kill(master, SIGHUP);
        usleep(500);
    }
    UNTIL(shared->started >= 2 &&
          all_of(shared->started < GENERATIONS ? shared->started : GENERATIONS));
    stop_master();
}

static void
stopped_while_reloading(void **state)
{
    (void)state;
    shared->of[2] = LOADS_FOR_EVER;
    start_master(false);
    UNTIL(all_of(1));
    kill(master, SIGHUP);
    UNTIL(shared->zygotes[2] > 0);
    stop_master();
}

static void
broken_channel(void **state)
{
    (void)state;
    shared->of[1] = BREAKS_OFF;
    start_master(false);
    UNTIL(shared->zygotes[1] > 0);
    usleep(20000);
    stop_master();
}

/* Workers that do not listen are killed in the end. */
static void
no_mercy(void **state)
{
    (void)state;
    shared->stubborn = true;
    start_master(false);
    UNTIL(all_of(1));
    stop_master();
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(starts_and_stops),
        TEST(first_does_not_load),
        TEST(stopped_while_loading),
        TEST(workers_are_replaced),
        TEST(zygote_dies_idle),
        TEST(zygote_dies_when_asked),
        TEST(fork_fails_once),
        TEST(substitute_does_not_load),
        TEST(reload),
        TEST(old_worker_takes_its_time),
        TEST(new_workers_never_accept),
        TEST(new_version_does_not_fork),
        TEST(zygote_does_not_tell),
        TEST(zygote_does_not_leave),
        TEST(takes_too_long_to_load),
        TEST(crashes_while_warming),
        TEST(stopped_while_forking),
        TEST(renews_workers),
        TEST(stops_gracefully),
        TEST(pauses),
        TEST(exits_instead_of_reloading),
        TEST(old_zygote_dies),
        TEST(zygote_dies_while_reloading),
        TEST(reload_does_not_load),
        TEST(many_reloads),
        TEST(stopped_while_reloading),
        TEST(broken_channel),
        TEST(no_mercy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
