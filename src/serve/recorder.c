/* The kinds that were seen, in shared memory, and the file. */
#include "serve/recorder.h"

#include "base/err.h"
#include "obs/log.h"
#include "proto/names.h"
#include "req/replay.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_MAX = 32768, KNOWN_MAX = 256 << 20 };

struct seen {
    _Atomic uint32_t count;
    _Atomic uint64_t kinds[]; /* hashes, 0: free; a power of two of them */
};

struct bask_recorder {
    int fd;
    uint32_t max, mask;
    bool all;
    struct seen *seen; /* shared */
};

/* A record in the making; `full` once it does not fit. */
struct record {
    size_t len;
    bool full;
    char text[RECORD_MAX];
};

/* What may not be written down, wherever its name holds one of these; '_' counts as '-'. */
static const char *const secret_parts[] = {
    "cookie", "authoriz", "x-auth", "oauth", "auth-", "-auth", "token", "secret", "apikey",
    "api-key", "password", "passwd", "csrf", "xsrf", "credential", "jwt", "signat", "session",
    "private", "access-k",
    /* clients, and where they come from */
    "forwarded", "client-ip", "connecting-ip", "real-ip", "referer", NULL};
static const char *const secret_words[] = {"key", "sig", "pwd", "pass", "auth", "code", NULL};

/* Fields of one connection, and of a body that is written as it was decoded. */
static const char *const left_out[] = {
    "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect", "host",
    "proxy",      NULL};

static char
plain(char c)
{
    return c == '_' ? '-' : bask_lower(c);
}

static bool
starts_with_word(bask_str text, const char *word)
{
    size_t i = 0;
    while (word[i] && i < text.len && plain(text.ptr[i]) == word[i])
        i++;
    return !word[i];
}

static bool
is_one_of(bask_str name, const char *const *words)
{
    for (; *words; words++)
        if (name.len == strlen(*words) && starts_with_word(name, *words))
            return true;
    return false;
}

static bool
is_secret(bask_str name)
{
    for (size_t i = 0; secret_parts[i]; i++)
        for (bask_str rest = name; rest.len; rest.ptr++, rest.len--)
            if (starts_with_word(rest, secret_parts[i]))
                return true;
    return is_one_of(name, secret_words);
}

static uint64_t
hash_more(uint64_t hash, bask_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* "ab" "c" is not "a" "bc" */
}

/* The next "name=value" of a query; false at its end. */
static bool
next_parameter(bask_str *rest, bask_str *ret_whole, bask_str *ret_name)
{
    bask_str value;
    if (!rest->len)
        return false;
    if (!bask_str_cut(*rest, '&', ret_whole, rest)) {
        *ret_whole = *rest;
        *rest = (bask_str){0};
    }
    if (!bask_str_cut(*ret_whole, '=', ret_name, &value))
        *ret_name = *ret_whole;
    return true;
}

/* Never 0. */
static uint64_t
kind_of(bask_str method, bask_str target)
{
    bask_str path, query = {0}, whole, name;
    if (!bask_str_cut(target, '?', &path, &query))
        path = target;
    uint64_t hash = hash_more(hash_more(UINT64_C(0xcbf29ce484222325), method), path);
    while (next_parameter(&query, &whole, &name))
        hash = hash_more(hash, name);
    return hash ? hash : 1;
}

/* True for the first who asks, of all processes; false for all others, and when enough is known. */
static bool
is_new(struct bask_recorder *recorder, uint64_t kind)
{
    struct seen *seen = recorder->seen;
    for (uint64_t at = kind;; at++) {
        _Atomic uint64_t *slot = &seen->kinds[at & recorder->mask];
        uint64_t there = atomic_load_explicit(slot, memory_order_relaxed);
        if (there == kind)
            return false;
        if (there)
            continue;
        if (atomic_load_explicit(&seen->count, memory_order_relaxed) >= recorder->max)
            return false;
        if (atomic_compare_exchange_strong(slot, &there, kind)) {
            atomic_fetch_add(&seen->count, 1);
            return true;
        }
        if (there == kind)
            return false;
    }
}

static void
put(struct record *record, bask_str text)
{
    if (text.len > sizeof record->text - record->len) {
        record->full = true;
        return;
    }
    if (text.len)
        memcpy(record->text + record->len, text.ptr, text.len);
    record->len += text.len;
}

static void
put_target(struct record *record, bask_str target, bool all)
{
    bask_str path, query, whole, name, separator = BASK_STR("?");
    if (all || !bask_str_cut(target, '?', &path, &query)) {
        put(record, target);
        return;
    }
    put(record, path);
    while (next_parameter(&query, &whole, &name)) {
        bool hidden = name.len < whole.len && is_secret(name);
        put(record, separator);
        put(record, hidden ? bask_str_n(whole.ptr, name.len + 1) : whole);
        separator = BASK_STR("&");
    }
}

static void
put_field(struct record *record, bask_str name, bask_str value)
{
    put(record, name);
    put(record, BASK_STR(": "));
    put(record, value);
    put(record, BASK_STR("\r\n"));
}

static bool
has_control_byte(bask_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] < ' ' && value.ptr[i] != '\t')
            return true;
    return false;
}

/* A variable, if it was a field of the request: "HTTP_USER_AGENT" is "user-agent". */
static void
put_pair(struct record *record, const struct bask_pair *pair, bool all)
{
    char text[128];
    bask_str key = pair->key_id >= 0 ? bask_names_key(pair->key_id) : pair->key;
    size_t prefix = sizeof "HTTP_" - 1;
    if (!bask_str_starts(key, BASK_STR("HTTP_")) || key.len == prefix ||
        key.len - prefix > sizeof text)
        return;
    bask_str name = bask_str_n(text, key.len - prefix);
    for (size_t i = 0; i < name.len; i++)
        text[i] = plain(key.ptr[prefix + i]);
    if (is_one_of(name, left_out) || (!all && is_secret(name)) || has_control_byte(pair->value))
        return;
    put_field(record, name, pair->value);
}

static void
put_body(struct record *record, const struct bask_request *pub)
{
    char length[24];
    int n = snprintf(length, sizeof length, "%zu", pub->body.len);
    if (pub->content_type.ptr && !has_control_byte(pub->content_type))
        put_field(record, BASK_STR("content-type"), pub->content_type);
    put_field(record, BASK_STR("content-length"), bask_str_n(length, (size_t)n));
    put(record, BASK_STR("\r\n"));
    put(record, pub->body);
}

/* What cannot be read again must not spoil the file: a gateway may say anything. */
static bool
is_readable(const struct record *record)
{
    struct bask_replay replay = {0};
    struct bask_replay_error wrong;
    char *copy = malloc(record->len);
    bool good = copy && !record->full;
    if (good) {
        memcpy(copy, record->text, record->len);
        good = !bask_replay_read(&replay, copy, record->len, &wrong) && replay.count == 1;
    }
    bask_replay_fini(&replay);
    free(copy);
    return good;
}

static void
make_record(struct record *record, const struct bask_request *pub, bool all)
{
    put(record, pub->method);
    put(record, BASK_STR(" "));
    put_target(record, pub->uri, all);
    put(record, BASK_STR(" HTTP/1.1\r\n"));
    bool named = pub->host.len && !has_control_byte(pub->host);
    put_field(record, BASK_STR("host"), named ? pub->host : BASK_STR("localhost"));
    for (uint32_t i = 0; i < pub->pair_count; i++)
        put_pair(record, &pub->pairs[i], all);
    if (all && pub->body.len && pub->body_left == 0)
        put_body(record, pub);
    else
        put(record, BASK_STR("\r\n"));
    put(record, BASK_STR("\r\n"));
}

void
bask_recorder_note(struct bask_recorder *recorder, const struct bask_req *req)
{
    const struct bask_request *pub = &req->pub;
    if (recorder->fd < 0 || pub->method_id < 0 || !pub->uri.len || pub->uri.ptr[0] != '/' ||
        !is_new(recorder, kind_of(pub->method, pub->uri)))
        return;
    struct record record = {.len = 0};
    make_record(&record, pub, recorder->all);
    if (!is_readable(&record))
        return;
    /* In one piece and at the end: several workers write. */
    ssize_t n = write(recorder->fd, record.text, record.len);
    if (n != (ssize_t)record.len) {
        bask_log(BASK_LOG_WARN, "--warmup-record: %s; recording ends",
                 n < 0 ? strerror(errno) : "the disk is full");
        close(recorder->fd);
        recorder->fd = -1;
    }
}

/* What earlier runs recorded. A file that is no recording is not written to. */
static int
learn(struct bask_recorder *recorder, char *error, size_t size)
{
    struct bask_replay_error wrong = {"it is too large"};
    struct bask_replay replay = {0};
    struct stat status;
    char *text = NULL;
    int err = fstat(recorder->fd, &status) ? BASK_E_SYSTEM : BASK_OK;
    if (!err && (!S_ISREG(status.st_mode) || status.st_size > KNOWN_MAX))
        err = BASK_E_SYNTAX;
    if (!err && !(text = malloc((size_t)status.st_size + 1)))
        err = BASK_E_NOMEM;
    ssize_t len = err ? 0 : pread(recorder->fd, text, (size_t)status.st_size, 0);
    if (!err)
        err = len < 0 ? BASK_E_SYSTEM : bask_replay_read(&replay, text, (size_t)len, &wrong);
    for (size_t i = 0; i < replay.count && !err; i++)
        is_new(recorder, kind_of(replay.items[i].method, replay.items[i].target));
    if (err)
        snprintf(error, size, "it is no recording: %s",
                 err == BASK_E_SYNTAX ? wrong.text : bask_err_text(err));
    bask_replay_fini(&replay);
    free(text);
    return err;
}

struct bask_recorder *
bask_recorder_open(const struct bask_recorder_options *options, char *error, size_t error_size)
{
    struct bask_recorder *recorder = calloc(1, sizeof *recorder);
    uint32_t slots = 64;
    while (slots < 2 * options->max)
        slots *= 2;
    if (recorder)
        recorder->seen =
            bask_proc_shared_memory(sizeof *recorder->seen + slots * sizeof *recorder->seen->kinds);
    if (!recorder || !recorder->seen) {
        snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
        free(recorder);
        return NULL;
    }
    recorder->max = options->max;
    recorder->mask = slots - 1;
    recorder->all = options->all;
    recorder->fd =
        open(options->path.ptr, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (recorder->fd < 0)
        snprintf(error, error_size, "%s", strerror(errno));
    if (recorder->fd < 0 || learn(recorder, error, error_size))
        bask_recorder_close(&recorder);
    return recorder;
}

/* The shared memory stays: it is a server's for as long as one of its processes lives. */
void
bask_recorder_close(struct bask_recorder **recorder)
{
    if (*recorder && (*recorder)->fd >= 0)
        close((*recorder)->fd);
    free(*recorder);
    *recorder = NULL;
}
