/*
 * The languages beside the application's (bask/guest.h): those built in, and those that this server
 * was asked for.
 */
#pragma once

#include <bask/guest.h>

enum { BASK_GUESTS_MAX = 8 };

struct bask_guests {
    const struct bask_guest *items[BASK_GUESTS_MAX];
    size_t count;
};

/* The guests built in, ended by NULL; defined by the composition root. */
extern const struct bask_guest *const bask_embedded_guests[];

/* An embedded guest; NULL if none has this name. */
const struct bask_guest *bask_guest_find(bask_str name);

/* One more is asked for; twice is once. BASK_E_LIMIT. */
int bask_guests_add(struct bask_guests *guests, const struct bask_guest *guest);
/* 0, or the error of the one that failed; those before it stay. */
int bask_guests_load(const struct bask_guests *guests, const struct bask_host *host);
int bask_guests_post_fork(const struct bask_guests *guests);
void bask_guests_fini(const struct bask_guests *guests);
