/* See aides.h. What is made here is made before the first fork, and every process inherits it. */
#include "svc/aides.h"

#include "base/err.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/proc.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUSPECT_MAX_US = 300000000, FOLDER_MODE = 0750 };

static int
no_memory(struct bask_words words)
{
    return bask_complain(words, BASK_E_NOMEM, "mules and spoolers: %s",
                         bask_err_text(BASK_E_NOMEM));
}

/* Room for at least one message; the system may have a limit of its own. */
static int
open_box(struct bask_box *box, int64_t size, struct bask_words words)
{
    int have = 0, wanted = (int)size * 2;
    socklen_t len = sizeof have;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, box->ends)) {
        box->ends[0] = box->ends[1] = -1;
        return bask_complain(words, BASK_E_SYSTEM, "mules and spoolers: a socket: %s",
                             strerror(errno));
    }
    getsockopt(box->ends[1], SOL_SOCKET, SO_SNDBUF, &have, &len);
    if (have >= wanted)
        return BASK_OK;
    setsockopt(box->ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted);
    setsockopt(box->ends[1], SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
    getsockopt(box->ends[1], SOL_SOCKET, SO_SNDBUF, &have, &len);
    if (have < (int)size + 1024)
        return bask_complain(words, BASK_E_LIMIT,
                             "--mule-msg-size %lld: the system grants %d bytes (net.core.wmem_max)",
                             (long long)size, have);
    return BASK_OK;
}

static void
close_box(struct bask_box *box)
{
    for (int i = 0; i < 2; i++)
        if (box->ends[i] >= 0)
            close(box->ends[i]);
}

static int
add_mules(struct bask_aides *aides, struct bask_words words)
{
    const struct bask_aide_options *options = aides->options;
    for (uint32_t i = 0; i < aides->mules; i++) {
        struct bask_aide *mule = &aides->items[i];
        mule->kind = BASK_AIDE_MULE;
        mule->id = i + 1;
        if (i < options->mules.count)
            mule->work = options->mules.items[i].text;
        int err = open_box(&mule->box, options->message_size, words);
        if (err)
            return err;
    }
    return BASK_OK;
}

/* "1,2,5" */
static int
add_members(const struct bask_aides *aides, struct bask_farm *farm, bask_str list)
{
    while (list.len) {
        bask_str word = list, rest = {0};
        long long id;
        bask_str_cut(list, ',', &word, &rest);
        if (bask_str_to_i64(bask_str_trim(word), &id) || id < 1 || id > aides->mules)
            return BASK_E_SYNTAX;
        farm->members[id - 1] = true;
        list = rest;
    }
    return BASK_OK;
}

static int
add_farm(struct bask_aides *aides, const struct bask_value *value, struct bask_words words)
{
    struct bask_farm *farm = &aides->farms[aides->farm_count++];
    bask_str members;
    farm->box = (struct bask_box){{-1, -1}};
    farm->members = calloc(aides->mules + 1, sizeof *farm->members);
    if (!farm->members)
        return no_memory(words);
    if (!bask_str_cut(value->text, ':', &farm->name, &members) || !farm->name.len || !members.len ||
        add_members(aides, farm, members))
        return bask_complain(words, BASK_E_SYNTAX,
                             "%.*s: --farm %.*s: expected NAME:ID,ID with the numbers of mules, of "
                             "which there are %u",
                             BASK_FMT(value->origin), BASK_FMT(value->text), aides->mules);
    return open_box(&farm->box, aides->options->message_size, words);
}

static int
add_farms(struct bask_aides *aides, struct bask_words words)
{
    const struct bask_values *farms = &aides->options->farms;
    int err = BASK_OK;
    aides->farms = calloc(farms->count + 1, sizeof *aides->farms);
    if (!aides->farms)
        return no_memory(words);
    for (size_t i = 0; i < farms->count && !err; i++)
        err = add_farm(aides, &farms->items[i], words);
    return err;
}

static int
add_folder(struct bask_aides *aides, const struct bask_value *value, bool is_ours,
           struct bask_words words)
{
    const char *option = is_ours ? "spooler" : "spooler-external";
    struct bask_spool_folder *folder = &aides->folders[aides->folder_count];
    if (is_ours && mkdir(value->text.ptr, FOLDER_MODE) && errno != EEXIST)
        return bask_complain(words, BASK_E_SYSTEM, "%.*s: --%s %.*s: cannot make it: %s",
                             BASK_FMT(value->origin), option, BASK_FMT(value->text),
                             strerror(errno));
    folder->path = realpath(value->text.ptr, NULL);
    if (!folder->path)
        return bask_complain(words, BASK_E_NOTFOUND, "%.*s: --%s %.*s: %s", BASK_FMT(value->origin),
                             option, BASK_FMT(value->text), strerror(errno));
    folder->is_ours = is_ours;
    aides->folder_count++;
    struct stat about;
    if (stat(folder->path, &about) || !S_ISDIR(about.st_mode))
        return bask_complain(words, BASK_E_STATE, "%.*s: --%s %.*s: it is no folder",
                             BASK_FMT(value->origin), option, BASK_FMT(value->text));
    return BASK_OK;
}

static int
add_folders(struct bask_aides *aides, struct bask_words words)
{
    const struct bask_values *ours = &aides->options->spoolers;
    const struct bask_values *others = &aides->options->outside_spoolers;
    int err = BASK_OK;
    aides->folders = calloc(ours->count + others->count + 1, sizeof *aides->folders);
    if (!aides->folders)
        return no_memory(words);
    for (size_t i = 0; i < ours->count && !err; i++)
        err = add_folder(aides, &ours->items[i], true, words);
    for (size_t i = 0; i < others->count && !err; i++)
        err = add_folder(aides, &others->items[i], false, words);
    return err;
}

static int
add_spoolers(struct bask_aides *aides, struct bask_words words)
{
    for (uint32_t i = aides->mules; i < aides->count; i++) {
        struct bask_aide *spooler = &aides->items[i];
        uint32_t number = i - aides->mules;
        const char *path = aides->folders[number / aides->options->spooler_processes].path;
        spooler->kind = BASK_AIDE_SPOOLER;
        spooler->id = number + 1;
        spooler->work = bask_str_of(path);
        int err = open_box(&spooler->box, 1024, words);
        if (err)
            return err;
    }
    return BASK_OK;
}

static int
count_aides(struct bask_aides *aides, struct bask_words words)
{
    const struct bask_aide_options *options = aides->options;
    uint64_t mules = options->mules.count + (uint64_t)options->more_mules;
    uint64_t spoolers = options->spoolers.count * (uint64_t)options->spooler_processes;
    if (mules + spoolers > BASK_AIDES_MAX)
        return bask_complain(words, BASK_E_RANGE, "there are more than %d mules and spoolers",
                             BASK_AIDES_MAX);
    aides->mules = (uint32_t)mules;
    aides->count = (uint32_t)(mules + spoolers);
    return BASK_OK;
}

static size_t
shared_size(const struct bask_aides *aides)
{
    return sizeof *aides->shared + aides->count * BASK_AIDE_SIDES * sizeof *aides->shared->places;
}

static int
make(struct bask_aides *aides, struct bask_words words)
{
    const struct bask_aide_options *options = aides->options;
    aides->items = calloc(aides->count + 1, sizeof *aides->items);
    aides->shared = bask_proc_shared_memory(shared_size(aides));
    if (!aides->items || !aides->shared)
        return no_memory(words);
    for (uint32_t i = 0; i < aides->count; i++)
        aides->items[i].box = (struct bask_box){{-1, -1}};
    atomic_store(&aides->shared->frequency_ms, options->spooler_frequency_ms);
    int err = aides->mules ? open_box(&aides->any, options->message_size, words) : BASK_OK;
    if (!err)
        err = add_mules(aides, words);
    if (!err)
        err = add_farms(aides, words);
    if (!err)
        err = add_folders(aides, words);
    return err ? err : add_spoolers(aides, words);
}

int
bask_aides_init(struct bask_aides *aides, const struct bask_aide_options *options, int bell,
                char *error, size_t error_size)
{
    struct bask_words words = {error, error_size};
    *aides = (struct bask_aides){.options = options, .bell = bell, .any = {{-1, -1}}};
    int err = count_aides(aides, words);
    if (!err && (aides->count || options->farms.count || options->outside_spoolers.count))
        err = make(aides, words);
    if (err)
        bask_aides_fini(aides);
    return err;
}

void
bask_aides_fini(struct bask_aides *aides)
{
    for (uint32_t i = 0; aides->items && i < aides->count; i++)
        close_box(&aides->items[i].box);
    for (uint32_t i = 0; i < aides->farm_count; i++) {
        close_box(&aides->farms[i].box);
        free(aides->farms[i].members);
    }
    for (uint32_t i = 0; i < aides->folder_count; i++)
        free(aides->folders[i].path);
    if (aides->options)
        close_box(&aides->any);
    if (aides->shared)
        bask_proc_unshare_memory(aides->shared, shared_size(aides));
    free(aides->items);
    free(aides->farms);
    free(aides->folders);
    *aides = (struct bask_aides){0};
}

void
bask_aides_give_to(const struct bask_aides *aides, uint32_t uid, uint32_t gid)
{
    for (uint32_t i = 0; i < aides->folder_count; i++)
        if (aides->folders[i].is_ours && chown(aides->folders[i].path, uid, gid))
            return; /* then it is somebody's whose word counts more, and putting tasks fails */
}

void
bask_aides_enter_root(struct bask_aides *aides, const char *root)
{
    for (uint32_t i = 0; i < aides->folder_count; i++) {
        char *path = aides->folders[i].path;
        const char *inside = bask_file_inside(root, path);
        if (inside)
            memmove(path, inside, strlen(inside) + 1);
    }
    for (uint32_t i = aides->mules; i < aides->count; i++)
        aides->items[i].work = bask_str_of(aides->items[i].work.ptr);
}

struct bask_aide_place *
bask_aide_place(const struct bask_aides *aides, uint32_t aide, uint32_t side)
{
    return &aides->shared->places[aide * BASK_AIDE_SIDES + side];
}

const char *
bask_aide_kind_name(enum bask_aide_kind kind)
{
    return kind == BASK_AIDE_MULE ? "mule" : "spooler";
}

int64_t
bask_aide_mercy_ms(const struct bask_aides *aides, const struct bask_aide *aide)
{
    return aide->kind == BASK_AIDE_MULE ? aides->options->mule_mercy_ms
                                        : aides->options->spooler_mercy_ms;
}

int64_t
bask_aide_harakiri_ms(const struct bask_aides *aides, const struct bask_aide *aide)
{
    return aide->kind == BASK_AIDE_MULE ? aides->options->mule_harakiri_ms
                                        : aides->options->spooler_harakiri_ms;
}

int
bask_box_put(const struct bask_box *box, bask_str message)
{
    ssize_t n;
    do
        n = send(box->ends[1], message.ptr, message.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return BASK_OK;
    if (errno == EMSGSIZE)
        return BASK_E_LIMIT;
    return errno == EAGAIN || errno == ENOBUFS ? BASK_E_AGAIN : BASK_E_SYSTEM;
}

void
bask_aides_wake_spoolers(const struct bask_aides *aides, bask_str folder)
{
    for (uint32_t i = aides->mules; i < aides->count; i++)
        if (!folder.len || bask_str_eq(aides->items[i].work, folder))
            bask_box_put(&aides->items[i].box, BASK_STR("!")); /* a full box wakes, too */
}

/* FNV-1a: a name that is as good as the path, and fits into one atomic. */
uint64_t
bask_suspect_name(bask_str path)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < path.len; i++)
        hash = (hash ^ (unsigned char)path.ptr[i]) * UINT64_C(1099511628211);
    return hash ? hash : 1;
}

static struct bask_suspect *
find_suspect(const struct bask_aides *aides, uint64_t task)
{
    for (uint32_t i = 0; i < BASK_SUSPECTS; i++)
        if (atomic_load(&aides->shared->suspects[i].task) == task)
            return &aides->shared->suspects[i];
    return NULL;
}

/* Where there is no place left the one that has waited longest is forgotten. */
static struct bask_suspect *
claim_suspect(const struct bask_aides *aides, uint64_t task)
{
    struct bask_suspect *oldest = &aides->shared->suspects[0];
    for (uint32_t i = 0; i < BASK_SUSPECTS; i++) {
        struct bask_suspect *suspect = &aides->shared->suspects[i];
        uint64_t none = 0;
        if (atomic_compare_exchange_strong(&suspect->task, &none, task))
            return suspect;
        if (atomic_load(&suspect->not_before_us) < atomic_load(&oldest->not_before_us))
            oldest = suspect;
    }
    atomic_store(&oldest->task, task);
    atomic_store(&oldest->times, 0);
    return oldest;
}

uint32_t
bask_suspect_add(const struct bask_aides *aides, uint64_t task, int64_t delay_us)
{
    struct bask_suspect *suspect = find_suspect(aides, task);
    if (!suspect)
        suspect = claim_suspect(aides, task);
    uint32_t times = atomic_fetch_add(&suspect->times, 1);
    for (uint32_t i = 0; i < times && delay_us < SUSPECT_MAX_US; i++)
        delay_us *= 2;
    if (delay_us > SUSPECT_MAX_US)
        delay_us = SUSPECT_MAX_US;
    atomic_store(&suspect->not_before_us, bask_clock_us() + delay_us);
    return times + 1;
}

void
bask_suspect_clear(const struct bask_aides *aides, uint64_t task)
{
    struct bask_suspect *suspect = find_suspect(aides, task);
    if (!suspect)
        return;
    atomic_store(&suspect->times, 0);
    atomic_store(&suspect->not_before_us, 0);
    atomic_store(&suspect->task, 0);
}

int64_t
bask_suspect_not_before_us(const struct bask_aides *aides, uint64_t task)
{
    const struct bask_suspect *suspect = find_suspect(aides, task);
    return suspect ? atomic_load(&suspect->not_before_us) : 0;
}
