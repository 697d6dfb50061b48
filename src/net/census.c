/* Addresses and how many connections they have: a table of lists, whose places nobody can guess. */
#include "net/census.h"

#include "base/hash.h"
#include "sys/entropy.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct bask_census {
    struct bask_hash_seed seed;
    struct bask_link buckets[BUCKETS];
};

struct bask_census *
bask_census_new(void)
{
    struct bask_census *census = malloc(sizeof *census);
    if (!census)
        return NULL;
    bask_random(&census->seed, sizeof census->seed);
    for (size_t i = 0; i < BUCKETS; i++)
        bask_list_init(&census->buckets[i]);
    return census;
}

void
bask_census_free(struct bask_census **census)
{
    struct bask_link *link;
    if (!*census)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while ((link = bask_list_take(&(*census)->buckets[i])))
            free(BASK_CONTAINER(link, struct bask_census_entry, link));
    free(*census);
    *census = NULL;
}

static struct bask_census_entry *
find(const struct bask_link *bucket, const struct bask_ip *ip)
{
    for (struct bask_link *link = bucket->next; link != bucket; link = link->next) {
        struct bask_census_entry *entry = BASK_CONTAINER(link, struct bask_census_entry, link);
        if (memcmp(&entry->ip, ip, sizeof *ip) == 0)
            return entry;
    }
    return NULL;
}

struct bask_census_entry *
bask_census_enter(struct bask_census *census, const struct bask_ip *ip, int64_t most)
{
    struct bask_ip who = *ip;
    if (!bask_ip_is_v4(ip))
        memset(who.bytes + 8, 0, 8);
    bask_str bytes = bask_str_n((const char *)who.bytes, sizeof who.bytes);
    struct bask_link *bucket = &census->buckets[bask_hash(&census->seed, bytes) % BUCKETS];
    struct bask_census_entry *entry = find(bucket, &who);
    if (!entry) {
        if (!(entry = malloc(sizeof *entry)))
            return NULL;
        *entry = (struct bask_census_entry){.ip = who};
        bask_list_init(&entry->link);
        bask_list_append(bucket, &entry->link);
    }
    if (entry->count >= most)
        return NULL;
    entry->count++;
    return entry;
}

void
bask_census_leave(struct bask_census_entry *entry)
{
    if (--entry->count)
        return;
    bask_list_remove(&entry->link);
    free(entry);
}
