/*
 * The socket for probes (--health-socket): a desk (desk.h) that answers from the scoreboard,
 * without asking anyone.
 */
#include "master/health.h"

#include "base/err.h"
#include "master/desk.h"
#include "master/private.h"
#include "master/probe.h"
#include "sys/clock.h"

#include <stdlib.h>

struct health {
    struct desk desk;
    struct master *master;
};

#define AT(member) offsetof(struct bask_health_options, member)

static const struct bask_option rows[] = {
    {"health-socket", NULL, 0, BASK_OPT_STRING, AT(socket), 0, 0, NULL, "ADDRESS",
     "answer probes here: GET /ready and GET /live, by the master itself", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"health-stuck", NULL, 0, BASK_OPT_DURATION, AT(stuck_ms), 1, 86400000, "30", "SECONDS",
     "not ready when all threads have been in one request for so long", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_health_option_table(struct bask_health_options *values)
{
    return (struct bask_option_table){
        .group = "Service and probes",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

static enum desk_verdict
on_question(struct desk *desk, bask_str question, size_t seen, struct bask_buf *out)
{
    const struct master *master = BASK_CONTAINER(desk, struct health, desk)->master;
    char answer[PROBE_ANSWER_MAX];
    struct vitals vitals =
        vitals_take(master, bask_clock_us(), master->plan->options->health.stuck_ms * 1000);
    size_t length = probe_answer(question, seen, &vitals, answer);
    if (!length)
        return DESK_WAITS;
    return bask_buf_append(out, bask_str_n(answer, length)) ? DESK_REFUSED : DESK_ANSWERED;
}

int
health_init(struct master *master)
{
    bask_str name = master->plan->options->health.socket;
    if (!name.ptr)
        return BASK_OK;
    struct health *health = calloc(1, sizeof *health);
    if (!health)
        return BASK_E_NOMEM;
    health->master = master;
    health->desk.loop = master->loop;
    health->desk.option = "--health-socket";
    health->desk.what = "probes";
    health->desk.name = name;
    health->desk.asks = true;
    health->desk.answer = on_question;
    master->health = health;
    return desk_open(&health->desk, master->heir);
}

void
health_close(struct health *health)
{
    if (health)
        desk_forget(&health->desk);
}

void
health_free(struct health **health)
{
    if (!*health)
        return;
    desk_close(&(*health)->desk, true);
    free(*health);
    *health = NULL;
}
