/*
 * A doubly linked list whose links live in the objects. An empty list points at itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bask_link {
    struct bask_link *prev, *next;
};

/* The object around a link. */
#define BASK_CONTAINER(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

static inline void
bask_list_init(struct bask_link *list)
{
    list->prev = list->next = list;
}

static inline bool
bask_list_empty(const struct bask_link *list)
{
    return list->next == list;
}

/* True of a link that is in no list, and of one that was never initialised (all zero). */
static inline bool
bask_list_is_unlinked(const struct bask_link *link)
{
    return !link->next || link->next == link;
}

static inline void
bask_list_append(struct bask_link *list, struct bask_link *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* The link may be removed again: it points at itself afterwards. */
static inline void
bask_list_remove(struct bask_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = link;
}

/* The first link, removed; NULL if the list is empty. */
static inline struct bask_link *
bask_list_take(struct bask_link *list)
{
    struct bask_link *first = list->next;
    if (first == list)
        return NULL;
    bask_list_remove(first);
    return first;
}
