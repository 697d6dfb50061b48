/* States of Lua: made, lent to threads, ended. */
#include "private.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list and of `taken` */
static struct lua_place *places;
static _Thread_local struct lua_place *mine; /* while the thread is in it */
static _Thread_local struct lua_place *last; /* globals of Lua look a thread's own by this */

/* Whoever forks, in whatever language, must not fork amid a change of the list. */
static void
before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void
after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

struct lua_place *
lua_pool_mine(void)
{
    return mine;
}

static int
open_state(lua_State *lua)
{
    luaL_openlibs(lua);
    return lua_api_open(lua);
}

static int
run_files(lua_State *lua)
{
    for (size_t i = 0; i < lua_options.load.count; i++) {
        const struct bask_value *file = &lua_options.load.items[i];
        if (luaL_loadfile(lua, file->text.ptr)) {
            lua_note(BASK_LOG_ERROR, "%.*s: --lua-load: %s", BASK_FMT(file->origin),
                     lua_tostring(lua, -1));
            lua_pop(lua, 1);
            return -1;
        }
        if (lua_call_logged(lua, 0, file->text.ptr))
            return -1;
        lua_pop(lua, 1);
    }
    return 0;
}

/* The calling thread is in it while its files run: they may call functions of others. */
static int
fill(struct lua_place *place)
{
    struct lua_place *before = mine;
    mine = place;
    place->loading = true;
    lua_pushcfunction(place->lua, open_state);
    int err = lua_call_logged(place->lua, 0, "a new state of Lua");
    if (!err) {
        lua_pop(place->lua, 1);
        err = run_files(place->lua);
    }
    place->loading = false;
    mine = before;
    return err;
}

/* A state that has run the files, taken. */
static struct lua_place *
new_place(bool first)
{
    struct lua_place *place = calloc(1, sizeof *place);
    if (!place)
        return NULL;
    place->taken = true;
    place->first = first;
    place->lua = place->running = luaL_newstate();
    if (place->lua && !fill(place))
        return place;
    if (place->lua)
        lua_close(place->lua);
    free(place);
    return NULL;
}

static void
add(struct lua_place *place)
{
    pthread_mutex_lock(&lock);
    place->next = places;
    places = place;
    pthread_mutex_unlock(&lock);
}

int
lua_pool_start(uint32_t count)
{
    if (pthread_atfork(before_fork, after_fork, after_fork))
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        struct lua_place *place = new_place(i == 0);
        if (!place)
            return -1;
        place->taken = false;
        add(place);
    }
    return 0;
}

/* The one that the thread had before, or any. With the lock. */
static struct lua_place *
find_free(void)
{
    if (last && !last->taken)
        return last;
    struct lua_place *place = places;
    while (place && place->taken)
        place = place->next;
    return place;
}

struct lua_place *
lua_pool_take(bool *ret_outermost)
{
    *ret_outermost = !mine;
    if (mine)
        return mine;
    pthread_mutex_lock(&lock);
    struct lua_place *place = find_free();
    if (place)
        place->taken = true;
    pthread_mutex_unlock(&lock);
    if (!place && (place = new_place(false)))
        add(place);
    mine = place;
    if (place)
        last = place;
    return place;
}

void
lua_pool_give(struct lua_place *place, bool outermost)
{
    if (!outermost)
        return;
    mine = NULL;
    pthread_mutex_lock(&lock);
    place->taken = false;
    pthread_mutex_unlock(&lock);
}

void
lua_pool_end(void)
{
    pthread_mutex_lock(&lock);
    struct lua_place *place = places;
    places = NULL;
    pthread_mutex_unlock(&lock);
    while (place) {
        struct lua_place *next = place->next;
        if (!place->taken) {
            mine = place; /* finalizers run */
            lua_close(place->lua);
            free(place);
        }
        place = next;
    }
    mine = last = NULL;
}
