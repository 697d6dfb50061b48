/* The layout and the reading of the scoreboard. */
#include "obs/board.h"

#include "base/err.h"
#include "sys/bell.h"
#include "sys/proc.h"

const char *const bask_bound_names[] = {
#define X(symbol, name) name,
    BASK_BOUNDS(X)
#undef X
};

int
bask_board_init(struct bask_board *board, uint32_t workers, uint32_t threads)
{
    size_t places = (size_t)workers * BASK_PLACES;
    size_t worker_bytes = workers * sizeof *board->workers;
    size_t place_bytes = places * sizeof *board->places;
    int bell = bask_bell_open();
    if (bell < 0)
        return bell;
    size_t server_bytes = sizeof *board->server;
    size_t thread_bytes = places * threads * sizeof *board->threads;
    size_t warning_at =
        server_bytes + worker_bytes + place_bytes + thread_bytes + sizeof *board->warmup;
    char *memory = bask_proc_shared_memory(warning_at + sizeof *board->warning);
    if (!memory) {
        bask_bell_close(bell);
        return BASK_E_NOMEM;
    }
    *board = (struct bask_board){
        .worker_count = workers,
        .thread_count = threads,
        .bell = bell,
        .server = (struct bask_board_server *)memory,
        .workers = (struct bask_board_worker *)(memory + server_bytes),
        .places = (struct bask_board_place *)(memory + server_bytes + worker_bytes),
        .threads = (struct bask_board_thread *)(memory + server_bytes + worker_bytes + place_bytes),
        .warmup = (struct bask_board_warmup *)(memory + server_bytes + worker_bytes + place_bytes +
                                               thread_bytes),
        .warning = (struct bask_warning *)(memory + warning_at),
    };
    return bask_warning_init(board->warning);
}

bool
bask_board_has(const struct bask_board *board, struct bask_seat seat)
{
    return seat.worker_id >= 1 && seat.worker_id <= board->worker_count && seat.side < BASK_PLACES;
}

uint32_t
bask_board_index(struct bask_seat seat)
{
    return (seat.worker_id - 1) * BASK_PLACES + seat.side;
}

struct bask_board_worker *
bask_board_worker(const struct bask_board *board, uint32_t worker_id)
{
    return &board->workers[worker_id - 1];
}

struct bask_board_place *
bask_board_place(const struct bask_board *board, struct bask_seat seat)
{
    return &board->places[bask_board_index(seat)];
}

struct bask_board_thread *
bask_board_thread(const struct bask_board *board, struct bask_seat seat, uint32_t thread)
{
    return &board->threads[bask_board_index(seat) * board->thread_count + thread];
}

static void
add_place(const struct bask_board *board, struct bask_seat seat, struct bask_worker_info *info)
{
    const struct bask_board_place *place = bask_board_place(board, seat);
    info->harakiris += atomic_load(&place->harakiris);
    info->requests += atomic_load(&place->files);
    info->tx_bytes += atomic_load(&place->file_bytes);
    for (uint32_t i = 0; i < board->thread_count; i++) {
        const struct bask_board_thread *thread = bask_board_thread(board, seat, i);
        info->requests += atomic_load(&thread->requests);
        info->exceptions += atomic_load(&thread->exceptions);
        info->tx_bytes += atomic_load(&thread->tx_bytes);
        info->busy_us += atomic_load(&thread->busy_us);
        info->signals += atomic_load(&thread->signals);
        info->threads_busy += atomic_load(&thread->busy_since_us) != 0;
    }
}

int
bask_board_read(const struct bask_board *board, uint32_t worker_id,
                struct bask_worker_info *ret_info)
{
    if (worker_id < 1 || worker_id > board->worker_count)
        return BASK_E_NOTFOUND;
    const struct bask_board_worker *worker = bask_board_worker(board, worker_id);
    struct bask_seat serving = {worker_id, atomic_load(&worker->side)};
    const struct bask_board_place *place = bask_board_place(board, serving);
    struct bask_worker_info info = {
        .id = worker_id,
        .pid = atomic_load(&place->pid),
        .respawns = atomic_load(&worker->respawns),
        .started_at = atomic_load(&place->started_at),
        .accepting = atomic_load(&place->accepting),
        .paused = atomic_load(&board->server->paused),
    };
    for (uint32_t side = 0; side < BASK_PLACES; side++)
        add_place(board, (struct bask_seat){worker_id, side}, &info);
    info.rss_bytes = info.pid ? bask_proc_rss(info.pid) : 0;
    info.vsz_bytes = info.pid ? bask_proc_address_space(info.pid) : 0;
    *ret_info = info;
    return BASK_OK;
}

static uint64_t
answered_in(const struct bask_board *board, struct bask_seat seat)
{
    uint64_t sum = atomic_load(&bask_board_place(board, seat)->files);
    for (uint32_t i = 0; i < board->thread_count; i++)
        sum += atomic_load(&bask_board_thread(board, seat, i)->requests);
    return sum;
}

void
bask_board_begin(const struct bask_board *board, struct bask_seat seat)
{
    atomic_store(&bask_board_place(board, seat)->before, answered_in(board, seat));
}

uint64_t
bask_board_since_begin(const struct bask_board *board, uint32_t worker_id)
{
    struct bask_seat seat = {worker_id, atomic_load(&bask_board_worker(board, worker_id)->side)};
    return answered_in(board, seat) - atomic_load(&bask_board_place(board, seat)->before);
}

/* Its writer waits for nobody: two looks that show the same, in the same request, are taken for a
 * whole line. */
static void
read_line(const struct bask_board_thread *thread, int64_t since, char line[BASK_BOARD_LINE])
{
    char again[BASK_BOARD_LINE];
    memcpy(line, thread->line, BASK_BOARD_LINE);
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(again, thread->line, BASK_BOARD_LINE);
    bool same =
        atomic_load(&thread->busy_since_us) == since && memcmp(line, again, BASK_BOARD_LINE) == 0;
    line[same ? BASK_BOARD_LINE - 1 : 0] = '\0';
}

void
bask_board_read_core(const struct bask_board *board, uint32_t worker_id, uint32_t index,
                     struct bask_board_core *ret_core)
{
    struct bask_board_core core = {0};
    uint32_t serving = atomic_load(&bask_board_worker(board, worker_id)->side);
    for (uint32_t i = 0; i < BASK_PLACES; i++) {
        struct bask_seat seat = {worker_id, (serving + i) % BASK_PLACES};
        const struct bask_board_thread *thread = bask_board_thread(board, seat, index);
        core.requests += atomic_load(&thread->requests);
        core.exceptions += atomic_load(&thread->exceptions);
        core.write_errors += atomic_load(&thread->write_errors);
        core.read_errors += atomic_load(&thread->read_errors);
        if (index == 0)
            core.files += atomic_load(&bask_board_place(board, seat)->files);
        int64_t since = atomic_load(&thread->busy_since_us);
        if (!since || core.busy_since_us)
            continue;
        core.busy_since_us = since;
        core.signal = atomic_load(&thread->signal);
        read_line(thread, since, core.line);
    }
    core.requests += core.files;
    *ret_core = core;
}

uint64_t
bask_board_bound(const struct bask_board *board, uint32_t worker_id, enum bask_bound bound)
{
    uint64_t sum = 0;
    if (worker_id < 1 || worker_id > board->worker_count)
        return 0;
    for (uint32_t side = 0; side < BASK_PLACES; side++) {
        const struct bask_seat seat = {worker_id, side};
        sum += atomic_load(&bask_board_place(board, seat)->bounds[bound]);
    }
    return sum;
}

void
bask_board_write_warmup(const struct bask_board *board, const struct bask_warmup_info *info)
{
    struct bask_board_warmup *warmup = board->warmup;
    atomic_store(&warmup->generation, info->generation);
    atomic_store(&warmup->settled, info->settled);
    atomic_store(&warmup->requests, info->requests);
    atomic_store(&warmup->elapsed_us, info->elapsed_us);
    atomic_store(&warmup->first_ns, info->first_ns);
    atomic_store(&warmup->last_ns, info->last_ns);
    atomic_store(&warmup->traces, info->traces);
    atomic_store(&warmup->failures, info->failures);
    for (size_t i = 0; i < sizeof info->statuses / sizeof *info->statuses; i++)
        atomic_store(&warmup->statuses[i], info->statuses[i]);
    atomic_store(&warmup->done, 1);
}

int
bask_board_read_warmup(const struct bask_board *board, struct bask_warmup_info *ret_info)
{
    const struct bask_board_warmup *warmup = board->warmup;
    if (!atomic_load(&warmup->done))
        return BASK_E_NOTFOUND;
    struct bask_warmup_info info = {
        .generation = atomic_load(&warmup->generation),
        .settled = atomic_load(&warmup->settled),
        .requests = atomic_load(&warmup->requests),
        .elapsed_us = atomic_load(&warmup->elapsed_us),
        .first_ns = atomic_load(&warmup->first_ns),
        .last_ns = atomic_load(&warmup->last_ns),
        .traces = atomic_load(&warmup->traces),
        .failures = atomic_load(&warmup->failures),
    };
    for (size_t i = 0; i < sizeof info.statuses / sizeof *info.statuses; i++)
        info.statuses[i] = atomic_load(&warmup->statuses[i]);
    *ret_info = info;
    return BASK_OK;
}
