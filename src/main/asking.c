/* One packet, one answer. What other servers say is shown without its control characters. */
#include "main/asking.h"

#include "base/err.h"
#include "proto/rpc.h"
#include "proto/uwsgi.h"
#include "svc/peer.h"
#include "sys/sock.h"

#include <bask/service_signal.h>

#include <limits.h>
#include <stdio.h>

enum { MODIFIER_PING = 100, WELL = 0, TEXT_MAX = 256 };

struct answer {
    unsigned char modifier1, modifier2;
    size_t len;
    char text[TEXT_MAX]; /* as much of it as there is room for */
};

static int
receive(struct bask_peer *peer, char *buffer, size_t size)
{
    for (size_t len = 0; len < size;) {
        ssize_t n = bask_peer_receive(peer, buffer + len, size - len);
        if (n == 0)
            snprintf(peer->error, peer->error_size, "it closed the connection");
        if (n <= 0)
            return n ? (int)n : BASK_E_CLOSED;
        len += (size_t)n;
    }
    return BASK_OK;
}

static int
receive_answer(struct bask_peer *peer, struct answer *ret_answer)
{
    unsigned char head[BASK_UWSGI_HEADER];
    int err = receive(peer, (char *)head, sizeof head);
    if (err)
        return err;
    size_t size = head[1] | (size_t)head[2] << 8;
    ret_answer->modifier1 = head[0];
    ret_answer->modifier2 = head[3];
    ret_answer->len = size < TEXT_MAX ? size : TEXT_MAX;
    err = receive(peer, ret_answer->text, ret_answer->len);
    for (size_t i = 0; !err && i < ret_answer->len; i++)
        if ((unsigned char)ret_answer->text[i] < ' ' || ret_answer->text[i] == 0x7f)
            ret_answer->text[i] = ' ';
    return err;
}

/* 0, or a bask_err with one sentence in `error`. */
static int
ask(bask_str node, unsigned modifier1, unsigned modifier2, int64_t timeout_ms,
    struct answer *ret_answer, char *error, size_t error_size)
{
    const char packet[BASK_UWSGI_HEADER] = {(char)modifier1, 0, 0, (char)modifier2};
    struct bask_peer peer = {.timeout_ms = timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms,
                             .error = error,
                             .error_size = error_size};
    snprintf(error, error_size, "it broke off");
    int err = bask_peer_open(&peer, node);
    if (err)
        return err;
    err = bask_peer_send(&peer, bask_str_n(packet, sizeof packet));
    if (!err)
        err = receive_answer(&peer, ret_answer);
    bask_peer_close(&peer);
    return err;
}

static int
ping(bask_str node, int64_t timeout_ms, struct answer *ret_answer, char *error, size_t error_size)
{
    int err = ask(node, MODIFIER_PING, 0, timeout_ms, ret_answer, error, error_size);
    if (!err && ret_answer->modifier1 != MODIFIER_PING) {
        snprintf(error, error_size, "what answers speaks another protocol");
        err = BASK_E_SYNTAX;
    }
    return err;
}

int
bask_asking_ping(bask_str node, int64_t timeout_ms)
{
    enum { NOBODY = 1, WARNS = 2 };
    char error[256];
    struct answer answer;
    fprintf(stderr, "PING %.*s (timeout: %g s)\n", BASK_FMT(node), (double)timeout_ms / 1000);
    if (ping(node, timeout_ms, &answer, error, sizeof error)) {
        fprintf(stderr, "bask: --ping %.*s: %s\n", BASK_FMT(node), error);
        return NOBODY;
    }
    if (!answer.len)
        return WELL;
    fprintf(stderr, "[WARNING] %.*s: %.*s\n", BASK_FMT(node), (int)answer.len, answer.text);
    return WARNS;
}

int
bask_asking_nagios(bask_str node, int64_t timeout_ms)
{
    enum { WARNING = 1, CRITICAL = 2, UNKNOWN = 3 };
    char error[256];
    struct bask_sockaddr addr;
    struct answer answer;
    if (!node.len) {
        printf("UWSGI UNKNOWN: there is no --socket to ask\n");
        return UNKNOWN;
    }
    if (bask_sock_parse(node, &addr, error, sizeof error)) {
        printf("UWSGI UNKNOWN: --socket %.*s: %s\n", BASK_FMT(node), error);
        return UNKNOWN;
    }
    if (ping(node, timeout_ms, &answer, error, sizeof error)) {
        printf("UWSGI CRITICAL: %.*s: %s\n", BASK_FMT(node), error);
        return CRITICAL;
    }
    if (answer.len) {
        printf("UWSGI WARNING: %.*s\n", (int)answer.len, answer.text);
        return WARNING;
    }
    printf("UWSGI OK: %.*s answers\n", BASK_FMT(node));
    return WELL;
}

int
bask_asking_signal(bask_str text, int64_t timeout_ms)
{
    enum { NOT_DELIVERED = 1, REFUSED = 2, NO_NUMBER = 3 };
    char error[256];
    struct answer answer;
    bask_str node, number;
    long long signal;
    if (!bask_str_cut(text, ',', &node, &number) || !node.len) {
        fprintf(stderr, "bask: --signal \"%.*s\": expected ADDRESS,NUMBER\n", BASK_FMT(text));
        return NOT_DELIVERED;
    }
    if (bask_str_to_i64(number, &signal) || signal >= BASK_SIGNALS) {
        fprintf(stderr, "bask: --signal \"%.*s\": a signal has a number from 0 to 255\n",
                BASK_FMT(text));
        return NO_NUMBER;
    }
    if (ask(node, BASK_MODIFIER_SIGNAL, (unsigned)signal, timeout_ms, &answer, error,
            sizeof error)) {
        fprintf(stderr, "bask: signal %lld was not delivered to %.*s: %s\n", signal, BASK_FMT(node),
                error);
        return NOT_DELIVERED;
    }
    if (answer.modifier1 == BASK_MODIFIER_RESPONSE && answer.modifier2 == 1) {
        fprintf(stderr, "signal %lld delivered to %.*s\n", signal, BASK_FMT(node));
        return WELL;
    }
    fprintf(stderr, "bask: %.*s refused signal %lld\n", BASK_FMT(node), signal);
    return REFUSED;
}
