/*
 * The table `uwsgi` of Lua, and calls of functions in Lua. Whatever of Lua can raise runs in a
 * protected call, for want of memory too: nothing here unwinds the frames of another language.
 */
#include "private.h"

#include <bask/service_process.h>
#include <bask/service_request.h>
#include <bask/service_signal.h>
#include <bask/stack.h>

#include <lauxlib.h>
#include <lua.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Less stack than that is too little to go into Lua, which looks at the depth of its own calls
 * alone, and LuaJIT not at those of C. */
enum { ERROR_SIZE = 512, STACK_MIN = 96 << 10 };

/* In the registry: name -> function, of this state. */
static const char functions_key[] = "bask.functions";

/* One call on its way into Lua. */
struct call {
    bask_str name;
    const bask_str *arguments;
    uint32_t count;
    bask_str result;
};

static void
push(lua_State *lua, bask_str text)
{
    lua_pushlstring(lua, text.len ? text.ptr : "", text.len);
}

static bask_str
check(lua_State *lua, int index)
{
    bask_str text;
    text.ptr = luaL_checklstring(lua, index, &text.len);
    return text;
}

/* nil and a sentence, as Lua's own functions have it. */
static int
fail(lua_State *lua, const char *why)
{
    lua_pushnil(lua);
    lua_pushstring(lua, why);
    return 2;
}

/* Text or a number is a result; nil is none. */
static void
keep_result(lua_State *lua, struct call *call)
{
    size_t len = 0;
    const char *text = lua_isstring(lua, -1) ? lua_tolstring(lua, -1, &len) : NULL;
    if (!text && !lua_isnil(lua, -1))
        lua_note(BASK_LOG_WARN, "the RPC function %.*s returned a %s, not a string",
                 BASK_FMT(call->name), luaL_typename(lua, -1));
    char *copy = len ? malloc(len) : NULL;
    if (len && !copy)
        luaL_error(lua, "out of memory");
    if (len)
        call->result = (bask_str){memcpy(copy, text, len), len};
}

static int
make_call(lua_State *lua)
{
    struct call *call = lua_touserdata(lua, 1);
    luaL_checkstack(lua, (int)call->count + 8, "arguments");
    lua_getfield(lua, LUA_REGISTRYINDEX, functions_key);
    push(lua, call->name);
    lua_rawget(lua, -2);
    if (!lua_isfunction(lua, -1))
        return luaL_error(lua, "this thread's Lua does not have it: it was not registered by a "
                               "file of --lua-load");
    for (uint32_t i = 0; i < call->count; i++)
        push(lua, call->arguments[i]);
    lua_call(lua, (int)call->count, 1);
    keep_result(lua, call);
    return 0;
}

static int
call_function(void *function, bask_str name, const bask_str *arguments, uint32_t count,
              bask_str *ret_result)
{
    (void)function;
    bool outermost;
    char what[BASK_RPC_NAME + 32];
    struct call call = {.name = name, .arguments = arguments, .count = count};
    if (bask_stack_left() < STACK_MIN) {
        lua_note(BASK_LOG_ERROR, "the RPC function %.*s: calls lead too deep", BASK_FMT(name));
        return -1;
    }
    struct lua_place *place = lua_pool_take(&outermost);
    if (!place)
        return -1;
    lua_State *lua = place->running;
    snprintf(what, sizeof what, "the RPC function %.*s", BASK_FMT(name));
    int err = -1;
    if (lua_checkstack(lua, 4)) {
        lua_pushcfunction(lua, make_call);
        lua_pushlightuserdata(lua, &call);
        err = lua_call_logged(lua, 1, what);
        if (!err)
            lua_pop(lua, 1);
    }
    lua_pool_give(place, outermost);
    if (err)
        return -1;
    *ret_result = call.result;
    return 0;
}

const struct bask_rpc_language lua_language = {
    .size = sizeof lua_language,
    .name = "Lua",
    .call = call_function,
};

/* register_rpc(name, function): true; nil and why not. While the files run once more, for another
 * thread, names are taken already, and may have become another language's. */
static int
register_rpc(lua_State *lua)
{
    const struct lua_place *place = lua_pool_mine();
    bask_str name = check(lua, 1);
    luaL_checktype(lua, 2, LUA_TFUNCTION);
    if (!place->loading || place->first) {
        int err = lua_rpc->define(name, &lua_language, NULL);
        if (err) {
            char why[128];
            snprintf(why, sizeof why,
                     name.len < 1 || name.len > BASK_RPC_NAME
                         ? "the name of a function has 1 to 254 bytes"
                         : "there are %u functions already (--rpc-max)",
                     lua_rpc->max);
            lua_note(BASK_LOG_WARN, "register_rpc: %s", why);
            return fail(lua, why);
        }
    }
    lua_getfield(lua, LUA_REGISTRYINDEX, functions_key);
    lua_pushvalue(lua, 1);
    lua_pushvalue(lua, 2);
    lua_rawset(lua, -3);
    lua_pushboolean(lua, 1);
    return 1;
}

/* The arguments from `first` on. Views of Lua's strings, which its stack keeps. */
static uint32_t
take_arguments(lua_State *lua, int first, bask_str *out)
{
    int count = lua_gettop(lua) - first + 1;
    luaL_argcheck(lua, count <= BASK_RPC_ARGUMENTS, BASK_RPC_ARGUMENTS,
                  "a function has at most 254 arguments");
    for (int i = 0; i < count; i++)
        out[i] = check(lua, first + i);
    return count < 0 ? 0 : (uint32_t)count;
}

/* Calls a function of this process, or of the server at `node`; pushes what it gave. */
static int
call_out(lua_State *lua, bask_str node, bask_str name, int first)
{
    bask_str arguments[BASK_RPC_ARGUMENTS], result = {0};
    uint32_t count = take_arguments(lua, first, arguments);
    struct lua_place *place = lua_pool_mine();
    lua_State *before = place->running;
    place->running = lua; /* whoever comes back into this state goes on from here */
    int err = lua_rpc->call_at(node, name, arguments, count, &result);
    place->running = before;
    if (err || !result.len)
        lua_pushnil(lua);
    else
        push(lua, result);
    if (!err && result.ptr)
        lua_rpc->release(result);
    return 1;
}

/* rpc(node, name, ...); node nil or "": here */
static int
rpc(lua_State *lua)
{
    bask_str node = lua_isnoneornil(lua, 1) ? (bask_str){"", 0} : check(lua, 1);
    return call_out(lua, node, check(lua, 2), 3);
}

/* call("name", ...), call("name@host:port", ...) */
static int
call(lua_State *lua)
{
    bask_str name = check(lua, 1), node = {"", 0};
    const char *at = name.len ? memchr(name.ptr, '@', name.len) : NULL;
    if (at) {
        node = (bask_str){at + 1, name.len - (size_t)(at - name.ptr) - 1};
        name.len = (size_t)(at - name.ptr);
    }
    return call_out(lua, node, name, 2);
}

static int
rpc_list(lua_State *lua)
{
    bask_str name;
    lua_newtable(lua);
    for (uint32_t n = 0; !lua_rpc->name(n, &name); n++) {
        push(lua, name);
        lua_rawseti(lua, -2, (int)n + 1);
    }
    return 1;
}

static int
write_log(lua_State *lua)
{
    lua_host->log(BASK_LOG_INFO, check(lua, 1));
    lua_pushboolean(lua, 1);
    return 1;
}

static int
pid(lua_State *lua)
{
    lua_pushinteger(lua, getpid());
    return 1;
}

static int
masterpid(lua_State *lua)
{
    lua_pushinteger(lua, lua_host->server_info()->master_pid);
    return 1;
}

static int
worker_id(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)lua_host->worker_id());
    return 1;
}

static int
micros(lua_State *lua)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    lua_pushinteger(lua, (lua_Integer)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    return 1;
}

/* signal(number [, node]): true; nil and why not */
static int
raise_signal(lua_State *lua)
{
    const struct bask_service_signal *signals = lua_host->service("signal");
    char error[ERROR_SIZE];
    lua_Integer number = luaL_checkinteger(lua, 1);
    luaL_argcheck(lua, number >= 0 && number < BASK_SIGNALS, 1, "a signal is 0 to 255");
    int err = lua_isnoneornil(lua, 2)
                  ? signals->raise((uint32_t)number, error, sizeof error)
                  : signals->raise_at(check(lua, 2), (uint32_t)number, error, sizeof error);
    if (err)
        return fail(lua, error);
    lua_pushboolean(lua, 1);
    return 1;
}

/* nil where the calling thread has no request */
static int
connection_fd(lua_State *lua)
{
    const struct bask_service_request *request = lua_host->service("request");
    int fd = request->descriptor();
    if (fd < 0)
        lua_pushnil(lua);
    else
        lua_pushinteger(lua, fd);
    return 1;
}

static int
setprocname(lua_State *lua)
{
    const struct bask_service_process *process = lua_host->service("process");
    process->set_name(check(lua, 1));
    return 0;
}

static const luaL_Reg api[] = {
    {"register_rpc", register_rpc},
    {"rpc", rpc},
    {"call", call},
    {"rpc_list", rpc_list},
    {"log", write_log},
    {"pid", pid},
    {"mypid", pid},
    {"masterpid", masterpid},
    {"worker_id", worker_id},
    {"micros", micros},
    {"signal", raise_signal},
    {"connection_fd", connection_fd},
    {"setprocname", setprocname},
};

int
lua_api_open(lua_State *lua)
{
    const struct bask_server_info *server = lua_host->server_info();
    lua_newtable(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, functions_key);
    lua_newtable(lua);
    for (size_t i = 0; i < sizeof api / sizeof *api; i++) {
        lua_pushcfunction(lua, api[i].func);
        lua_setfield(lua, -2, api[i].name);
    }
    lua_pushstring(lua, server->version);
    lua_setfield(lua, -2, "version");
    lua_pushstring(lua, server->hostname);
    lua_setfield(lua, -2, "hostname");
    lua_pushinteger(lua, (lua_Integer)server->workers);
    lua_setfield(lua, -2, "numproc");
    lua_setglobal(lua, "uwsgi");
    return 0;
}
