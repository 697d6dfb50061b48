/* The service "signal": what an application says, checked, and put into the shared memory. */
#include "svc/private.h"

#include "base/err.h"
#include "proto/rpc.h"
#include "proto/uwsgi.h"
#include "svc/peer.h"

#include <stdarg.h>
#include <stdio.h>

static int
check(uint32_t number, struct bask_words words)
{
    if (number >= BASK_SIGNALS)
        return bask_complain(words, BASK_E_RANGE, "a signal has a number from 0 to 255");
    return svc.signals ? BASK_OK
                       : bask_complain(words, BASK_E_STATE, "signals need a master (--master)");
}

/* Words without a number behind them. */
static const struct {
    bask_str name;
    enum bask_signal_to to;
} targets[] = {
    {{"", 0}, BASK_SIGNAL_TO_ANY},
    {{"worker", 6}, BASK_SIGNAL_TO_ANY},
    {{"worker0", 7}, BASK_SIGNAL_TO_ANY},
    {{"workers", 7}, BASK_SIGNAL_TO_ALL},
    {{"active-workers", 14}, BASK_SIGNAL_TO_ALL},
    {{"mule", 4}, BASK_SIGNAL_TO_MULE},
    {{"mules", 5}, BASK_SIGNAL_TO_MULES},
    {{"spooler", 7}, BASK_SIGNAL_TO_SPOOLER},
};

/* And those with one; a farm has a name, too. */
static const struct {
    bask_str prefix;
    enum bask_signal_to to;
} numbered[] = {
    {{"worker", 6}, BASK_SIGNAL_TO_ONE},
    {{"mule", 4}, BASK_SIGNAL_TO_MULE},
    {{"farm", 4}, BASK_SIGNAL_TO_FARM},
};

static bool
parse_farm(bask_str text, struct bask_signal_target *ret_target)
{
    const bask_str prefix = BASK_STR("farm_");
    if (!svc.aides || !bask_str_starts(text, prefix))
        return false;
    bask_str name = bask_str_n(text.ptr + prefix.len, text.len - prefix.len);
    for (uint32_t i = 0; i < svc.aides->farm_count; i++)
        if (bask_str_eq(svc.aides->farms[i].name, name)) {
            *ret_target = (struct bask_signal_target){BASK_SIGNAL_TO_FARM, i};
            return true;
        }
    return false;
}

static bool
parse_numbered(bask_str text, struct bask_signal_target *ret_target)
{
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
        bask_str prefix = numbered[i].prefix;
        bool is_farm = numbered[i].to == BASK_SIGNAL_TO_FARM;
        long long id;
        if (!bask_str_starts(text, prefix) ||
            bask_str_to_i64(bask_str_n(text.ptr + prefix.len, text.len - prefix.len), &id) ||
            id < is_farm || id > UINT16_MAX)
            continue;
        *ret_target = (struct bask_signal_target){numbered[i].to, (uint32_t)id - is_farm};
        return true;
    }
    return false;
}

static int
parse_target(bask_str text, struct bask_signal_target *ret_target, struct bask_words words)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (bask_str_eq(text, targets[i].name)) {
            *ret_target = (struct bask_signal_target){.to = targets[i].to};
            return BASK_OK;
        }
    if (parse_farm(text, ret_target) || parse_numbered(text, ret_target))
        return BASK_OK;
    return bask_complain(
        words, BASK_E_SYNTAX,
        "signal target \"%.*s\": expected worker, workers, active-workers, workerN, "
        "mule, mules, muleN, farmN, the farm_NAME of --farm, or spooler",
        BASK_FMT(text));
}

/* A signal that nobody could ever get is a mistake. */
static int
check_target(bask_str text, struct bask_signal_target target, struct bask_words words)
{
    const struct bask_aides *aides = svc.aides;
    uint32_t mules = aides ? aides->mules : 0, farms = aides ? aides->farm_count : 0;
    if (target.to == BASK_SIGNAL_TO_ONE && target.id > svc.workers)
        return bask_complain(words, BASK_E_RANGE, "signal target \"%.*s\": there are %u workers",
                             BASK_FMT(text), svc.workers);
    if ((target.to == BASK_SIGNAL_TO_MULE || target.to == BASK_SIGNAL_TO_MULES) &&
        (!mules || target.id > mules))
        return bask_complain(words, BASK_E_RANGE,
                             "signal target \"%.*s\": there are %u mules (--mule)", BASK_FMT(text),
                             mules);
    if (target.to == BASK_SIGNAL_TO_FARM && target.id >= farms)
        return bask_complain(words, BASK_E_RANGE,
                             "signal target \"%.*s\": there are %u farms (--farm)", BASK_FMT(text),
                             farms);
    if (target.to == BASK_SIGNAL_TO_SPOOLER && (!aides || aides->count == mules))
        return bask_complain(words, BASK_E_RANGE,
                             "signal target \"%.*s\": there is none (--spooler)", BASK_FMT(text));
    return BASK_OK;
}

static int
explain(int err, struct bask_words words)
{
    if (err == BASK_E_LIMIT)
        return bask_complain(words, err, "there are %d timers, crons and monitors already",
                             BASK_SIGNAL_SOURCES);
    if (err)
        return bask_complain(words, err, "this process belongs to a version that was replaced");
    return err;
}

static int
define(uint32_t number, bask_str target, char *error, size_t error_size)
{
    struct bask_words words = {error, error_size};
    struct bask_signal_target parsed;
    int err = check(number, words);
    if (!err)
        err = parse_target(target, &parsed, words);
    if (!err)
        err = check_target(target, parsed, words);
    if (!err)
        err = explain(
            bask_signals_define(svc.signals, svc.generation, svc.worker_id, number, parsed), words);
    return err;
}

static int
raise_here(uint32_t number, char *error, size_t error_size)
{
    struct bask_words words = {error, error_size};
    int err = check(number, words);
    if (!err && (err = bask_signals_raise(svc.signals, number)))
        bask_complain(words, err, "%d signals %u wait already", BASK_SIGNAL_WAITING, number);
    return err;
}

/* A header of an answer, or what went wrong. */
static int
receive_answer(struct bask_peer *peer, unsigned char answer[BASK_UWSGI_HEADER])
{
    for (size_t len = 0; len < BASK_UWSGI_HEADER;) {
        ssize_t n = bask_peer_receive(peer, (char *)answer + len, BASK_UWSGI_HEADER - len);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return bask_complain((struct bask_words){peer->error, peer->error_size}, BASK_E_CLOSED,
                                 "the server closed the connection");
        len += (size_t)n;
    }
    return BASK_OK;
}

static int
raise_at(bask_str node, uint32_t number, char *error, size_t error_size)
{
    struct bask_words words = {error, error_size};
    struct bask_peer peer = {
        .timeout_ms = svc.timeout_ms, .error = error, .error_size = error_size};
    const char packet[BASK_UWSGI_HEADER] = {BASK_MODIFIER_SIGNAL, 0, 0, (char)number};
    unsigned char answer[BASK_UWSGI_HEADER];
    if (number >= BASK_SIGNALS)
        return check(number, words);
    int err = bask_peer_open(&peer, node);
    if (err)
        return err;
    err = bask_peer_send(&peer, bask_str_n(packet, sizeof packet));
    if (!err)
        err = receive_answer(&peer, answer);
    bask_peer_close(&peer);
    if (!err && (answer[0] != BASK_MODIFIER_RESPONSE || answer[3] != 1))
        err = bask_complain(words, BASK_E_STATE, "the server refused the signal");
    return err;
}

static int
add(struct bask_signal_source *source, struct bask_words words)
{
    int err = check(source->number, words);
    return err ? err : explain(bask_signals_add(svc.signals, svc.generation, source), words);
}

static int
add_timer(uint32_t number, int64_t interval_us, uint32_t times, char *error, size_t error_size)
{
    struct bask_words words = {error, error_size};
    if (interval_us < 1000 || interval_us > INT64_C(1000000) * 86400 * 366)
        return bask_complain(words, BASK_E_RANGE, "a timer is due every millisecond to every year");
    return add(&(struct bask_signal_source){.kind = BASK_SIGNAL_TIMER,
                                            .number = number,
                                            .interval_us = interval_us,
                                            .times = times},
               words);
}

static int
add_cron(uint32_t number, const int32_t fields[5], char *error, size_t error_size)
{
    struct bask_words words = {error, error_size};
    struct bask_signal_source source = {.kind = BASK_SIGNAL_CRON, .number = number};
    memcpy(source.cron.fields, fields, sizeof source.cron.fields);
    if (!bask_cron_is_valid(&source.cron))
        return bask_complain(
            words, BASK_E_RANGE,
            "expected minute, hour, day, month and weekday; -1 for any, -n for every n");
    return add(&source, words);
}

static int
add_monitor(uint32_t number, bask_str path, char *error, size_t error_size)
{
    struct bask_words words = {error, error_size};
    struct bask_signal_source source = {.kind = BASK_SIGNAL_FILES, .number = number};
    if (path.len == 0 || path.len >= sizeof source.path || memchr(path.ptr, '\0', path.len))
        return bask_complain(words, BASK_E_SYNTAX, "expected the path of a file or a folder");
    memcpy(source.path, path.ptr, path.len);
    return add(&source, words);
}

const struct bask_service_signal svc_signal = {
    .size = sizeof svc_signal,
    .define = define,
    .raise = raise_here,
    .raise_at = raise_at,
    .add_timer = add_timer,
    .add_cron = add_cron,
    .add_monitor = add_monitor,
};
