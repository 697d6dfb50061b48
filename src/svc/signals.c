/* The shared memory of signals: see signals.h. */
#include "svc/signals.h"

#include "base/err.h"
#include "sys/bell.h"
#include "sys/proc.h"
#include "sys/robust.h"

/* No more than three generations are there at a time. */
enum { TABLES = BASK_SIGNAL_GENERATIONS + 1, TO_BITS = 8 };

struct table {
    pthread_mutex_t lock; /* a process may die with it */
    _Atomic uint32_t generation;
    _Atomic uint32_t targets[BASK_SIGNALS]; /* id << TO_BITS | enum bask_signal_to */
    _Atomic uint32_t count;                 /* of sources that are complete */
    struct bask_signal_source sources[BASK_SIGNAL_SOURCES];
};

struct bask_signal_board {
    int bell;
    _Atomic uint32_t owners[TABLES]; /* generations, 0: none; said by the master */
    struct table tables[TABLES];
    struct bask_signal_box raised;
    struct bask_signal_box boxes[]; /* by bask_board_index */
};

int
bask_signal_put(struct bask_signal_box *box, uint32_t number)
{
    if (atomic_fetch_add(&box->waiting[number], 1) >= BASK_SIGNAL_WAITING) {
        atomic_fetch_sub(&box->waiting[number], 1);
        return BASK_E_LIMIT;
    }
    atomic_fetch_or(&box->set[number / 64], UINT64_C(1) << number % 64);
    return BASK_OK;
}

uint32_t
bask_signal_waiting(const struct bask_signal_box *box, uint32_t number)
{
    return atomic_load(&box->waiting[number]);
}

/* The bit goes only when nothing is counted, and comes back if something is after all: whoever puts
 * counts first. Threads of a mule take at once, so the last one counted is one taker's only. */
bool
bask_signal_take(struct bask_signal_box *box, uint32_t number)
{
    _Atomic uint64_t *set = &box->set[number / 64];
    uint64_t bit = UINT64_C(1) << number % 64;
    uint32_t count = atomic_load(&box->waiting[number]);
    if (!count) {
        atomic_fetch_and(set, ~bit);
        count = atomic_load(&box->waiting[number]);
        if (!count)
            return false;
        atomic_fetch_or(set, bit);
    }
    while (count && !atomic_compare_exchange_weak(&box->waiting[number], &count, count - 1))
        continue;
    return count > 0;
}

uint32_t
bask_signal_next(const struct bask_signal_box *box, uint32_t from)
{
    for (uint32_t number = from; number < BASK_SIGNALS; number++) {
        uint64_t rest = atomic_load(&box->set[number / 64]) >> number % 64;
        if (!rest)
            number |= 63; /* the next word */
        else if (rest & 1)
            return number;
    }
    return BASK_SIGNALS;
}

uint64_t
bask_signal_waiting_all(const struct bask_signal_box *box)
{
    uint64_t sum = 0;
    for (uint32_t n = bask_signal_next(box, 0); n < BASK_SIGNALS; n = bask_signal_next(box, n + 1))
        sum += bask_signal_waiting(box, n);
    return sum;
}

struct bask_signal_board *
bask_signals_new(uint32_t places, int bell)
{
    struct bask_signal_board *board =
        bask_proc_shared_memory(sizeof *board + places * sizeof *board->boxes);
    if (!board)
        return NULL;
    board->bell = bell;
    for (uint32_t i = 0; i < TABLES; i++)
        bask_robust_init(&board->tables[i].lock, false);
    return board;
}

struct bask_signal_box *
bask_signals_raised(struct bask_signal_board *board)
{
    return &board->raised;
}

struct bask_signal_box *
bask_signals_box(struct bask_signal_board *board, uint32_t place)
{
    return &board->boxes[place];
}

int
bask_signals_raise(struct bask_signal_board *board, uint32_t number)
{
    if (number >= BASK_SIGNALS)
        return BASK_E_RANGE;
    int err = bask_signal_put(&board->raised, number);
    if (!err)
        bask_bell_ring(board->bell);
    return err;
}

/* NULL: the generation has none any more. */
static struct table *
table_of(const struct bask_signal_board *board, uint32_t generation)
{
    for (uint32_t i = 0; i < TABLES; i++)
        if (atomic_load(&board->owners[i]) == generation)
            return (struct table *)&board->tables[i];
    return NULL;
}

void
bask_signals_reserve(struct bask_signal_board *board, uint32_t generation,
                     const uint32_t others[BASK_SIGNAL_GENERATIONS])
{
    for (uint32_t i = 0; i < TABLES; i++) {
        bool is_free = true;
        for (uint32_t k = 0; k < BASK_SIGNAL_GENERATIONS; k++)
            is_free &= !others[k] || atomic_load(&board->owners[i]) != others[k];
        if (is_free) {
            atomic_store(&board->owners[i], generation);
            return;
        }
    }
}

/* Locks the table of a generation, which may have become another's meanwhile; NULL: it has. */
static struct table *
lock_own(const struct bask_signal_board *board, uint32_t generation)
{
    struct table *table = table_of(board, generation);
    if (!table)
        return NULL;
    bask_robust_lock(&table->lock); /* who died with it had not counted what was not complete */
    if (atomic_load(&table->generation) == generation)
        return table;
    bask_robust_unlock(&table->lock);
    return NULL;
}

void
bask_signals_begin(struct bask_signal_board *board, uint32_t generation)
{
    struct table *table = table_of(board, generation);
    if (!table)
        return;
    bask_robust_lock(&table->lock);
    atomic_store(&table->generation, 0);
    for (uint32_t i = 0; i < BASK_SIGNALS; i++)
        atomic_store(&table->targets[i], 0);
    atomic_store(&table->count, 0);
    atomic_store(&table->generation, generation);
    bask_robust_unlock(&table->lock);
}

int
bask_signals_define(struct bask_signal_board *board, uint32_t generation, uint32_t worker_id,
                    uint32_t number, struct bask_signal_target target)
{
    struct table *table = lock_own(board, generation);
    if (!table)
        return BASK_E_STATE;
    if (target.to == BASK_SIGNAL_TO_ANY || target.to == BASK_SIGNAL_TO_ALL) {
        uint32_t before = atomic_load(&table->targets[number]);
        bool is_first = !before || before >> TO_BITS == worker_id;
        target.id = is_first ? worker_id : 0;
    }
    atomic_store(&table->targets[number], target.id << TO_BITS | target.to);
    bask_robust_unlock(&table->lock);
    return BASK_OK;
}

static bool
is_same(const struct bask_signal_source *a, const struct bask_signal_source *b)
{
    return a->kind == b->kind && a->number == b->number && a->interval_us == b->interval_us &&
           a->times == b->times && memcmp(&a->cron, &b->cron, sizeof a->cron) == 0 &&
           strcmp(a->path, b->path) == 0;
}

/* Where each worker loads the application, each of them says the same. */
static int
add(struct table *table, const struct bask_signal_source *source)
{
    uint32_t count = atomic_load(&table->count);
    for (uint32_t i = 0; i < count; i++)
        if (is_same(&table->sources[i], source))
            return BASK_OK;
    if (count == BASK_SIGNAL_SOURCES)
        return BASK_E_LIMIT;
    table->sources[count] = *source;
    atomic_store(&table->count, count + 1);
    return BASK_OK;
}

int
bask_signals_add(struct bask_signal_board *board, uint32_t generation,
                 const struct bask_signal_source *source)
{
    struct table *table = lock_own(board, generation);
    if (!table)
        return BASK_E_STATE;
    int err = add(table, source);
    bask_robust_unlock(&table->lock);
    if (!err)
        bask_bell_ring(board->bell);
    return err;
}

/* NULL: the generation's zygote has not begun. */
static const struct table *
begun(const struct bask_signal_board *board, uint32_t generation)
{
    const struct table *table = table_of(board, generation);
    return table && atomic_load(&table->generation) == generation ? table : NULL;
}

struct bask_signal_target
bask_signals_target(const struct bask_signal_board *board, uint32_t generation, uint32_t number)
{
    const struct table *table = begun(board, generation);
    uint32_t target = table ? atomic_load(&table->targets[number]) : 0;
    return (struct bask_signal_target){target & ((1u << TO_BITS) - 1), target >> TO_BITS};
}

const struct bask_signal_source *
bask_signals_source(const struct bask_signal_board *board, uint32_t generation, uint32_t index)
{
    const struct table *table = begun(board, generation);
    return table && index < atomic_load(&table->count) ? &table->sources[index] : NULL;
}
