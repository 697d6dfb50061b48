/*
 * Plugins and guests in shared objects: where one is found by its name, what is checked before it
 * is used, and which ones were opened. What was opened stays so for as long as the process lives.
 */
#pragma once

#include "plugin/guests.h"

#include <bask/plugin.h>

enum { BASK_OBJECTS_MAX = 64 };

/* A plugin or a guest; neither: it was asked for and is not found yet. */
struct bask_object {
    bask_str asked; /* as the user wrote it: "hello", "./hello_plugin.so" */
    const struct bask_plugin *plugin;
    const struct bask_guest *guest;
    bool is_part; /* the server has what uWSGI means by the name: only the user's folders count */
    bool again;   /* it has the name of one that was there before: that one is meant */
};

/* All texts live as long as the options that they come from. */
struct bask_objects {
    struct bask_object items[BASK_OBJECTS_MAX];
    size_t count;
    bask_str folders[BASK_OBJECTS_MAX]; /* where names are looked for, before all other places */
    size_t folder_count;
};

/* "0:hello" without the number, which means something to uWSGI's protocol alone. */
bask_str bask_object_name(bask_str asked);
bool bask_object_is_path(bask_str name);
bool bask_object_is_open(const struct bask_object *object);
/* Of one that is open: what it calls itself, and its options, NULL if it has none. */
const char *bask_object_own_name(const struct bask_object *object);
const struct bask_option_table *bask_object_options(const struct bask_object *object);

/* One more place to look for names in. BASK_E_LIMIT. */
int bask_objects_look_in(struct bask_objects *objects, bask_str folder);
/* The object of this name, which is asked for from now on; NULL: there are too many. */
struct bask_object *bask_objects_want(struct bask_objects *objects, bask_str name);
/* The same if it was asked for. */
const struct bask_object *bask_objects_find(const struct bask_objects *objects, bask_str name);

/* Finds and opens what was asked for, an item of `objects`. BASK_E_NOTFOUND: it is in none of the
 * folders. BASK_E_STATE: one sentence is in `error`. */
int bask_object_open(const struct bask_objects *objects, struct bask_object *object, char *error,
                     size_t error_size);
/* The folders that a name is looked for in, for a sentence. */
void bask_objects_places(const struct bask_objects *objects, char *text, size_t size);

/* The n-th plugin of this server, whether built in or opened; NULL at the end. */
const struct bask_plugin *bask_plugin_at(const struct bask_objects *objects, size_t n);
