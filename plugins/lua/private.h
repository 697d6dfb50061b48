/*
 * What the files of the Lua plugin share: states of Lua, and who has which.
 *
 * A thread that calls a function has a state to itself until it returns. Nobody waits for one: if
 * all are taken another one is made, because whoever has one may be waiting for the caller.
 */
#pragma once

#include <bask/guest.h>
#include <bask/service_rpc.h>

/* As lua.h has it; where that is only those know who call Lua. */
typedef struct lua_State lua_State;

struct lua_options {
    struct bask_values load;
};
extern struct lua_options lua_options;

struct lua_place {
    lua_State *lua;
    lua_State *running; /* the coroutine of it that is running, or itself */
    struct lua_place *next;
    bool taken;
    bool loading; /* its files are being run */
    bool first;   /* the one whose definitions count while it is being loaded */
};

/* lua.c */
extern const struct bask_host *lua_host;
extern const struct bask_service_rpc *lua_rpc;
__attribute__((format(printf, 2, 3))) void lua_note(enum bask_log_level level, const char *format,
                                                    ...);
/* Calls the function below its `arguments` on the stack; leaves one result. 0; -1: the error is in
 * the log, after `what`. */
int lua_call_logged(lua_State *lua, int arguments, const char *what);

/* pool.c */
/* Makes `count` states, each of which has run the files. */
int lua_pool_start(uint32_t count);
/* The state that the calling thread has, or gets; NULL: none could be made. */
struct lua_place *lua_pool_take(bool *ret_outermost);
void lua_pool_give(struct lua_place *place, bool outermost);
/* The state that the calling thread is in; NULL: none. */
struct lua_place *lua_pool_mine(void);
/* Ends all that nobody is in. */
void lua_pool_end(void);

/* api.c */
extern const struct bask_rpc_language lua_language;
/* Gives a new state its table `uwsgi`. In a protected call. */
int lua_api_open(lua_State *lua);
