/*
 * The Lua guest: functions in Lua, callable by name from the application, from other languages, and
 * from other servers. It serves no requests. Lua 5.1 to 5.4, and LuaJIT.
 */
#include "private.h"

#include <lauxlib.h>
#include <lua.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct lua_options lua_options;
const struct bask_host *lua_host;
const struct bask_service_rpc *lua_rpc;

static const struct bask_option rows[] = {
    {"lua-load", NULL, 0, BASK_OPT_LIST, offsetof(struct lua_options, load), 0, 0, NULL, "FILE",
     "run a file of Lua, which registers functions, before the application is loaded"},
};

static const struct bask_option_table table = {
    .group = "Lua",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .values = &lua_options,
};

void
lua_note(enum bask_log_level level, const char *format, ...)
{
    char *line;
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (len < 0)
        return;
    lua_host->log(level, (bask_str){line, (size_t)len});
    free(line);
}

/* The message with a traceback; what is no text stays as it is, if it cannot be made one. */
static int
add_traceback(lua_State *lua)
{
    if (!lua_isstring(lua, 1) && !luaL_callmeta(lua, 1, "__tostring"))
        lua_pushfstring(lua, "(an error that is a %s)", luaL_typename(lua, 1));
#if LUA_VERSION_NUM >= 502
    luaL_traceback(lua, lua, lua_tostring(lua, -1), 1);
#else
    lua_getglobal(lua, "debug");
    if (!lua_istable(lua, -1))
        return lua_settop(lua, -2), 1;
    lua_getfield(lua, -1, "traceback");
    lua_pushvalue(lua, -3);
    lua_call(lua, 1, 1);
#endif
    return 1;
}

int
lua_call_logged(lua_State *lua, int arguments, const char *what)
{
    int handler = lua_gettop(lua) - arguments;
    lua_pushcfunction(lua, add_traceback);
    lua_insert(lua, handler);
    int failed = lua_pcall(lua, arguments, 1, handler);
    if (failed) {
        const char *text = lua_tostring(lua, -1);
        lua_note(BASK_LOG_ERROR, "%s raised:\n%s", what, text ? text : "(no text)");
        lua_pop(lua, 1);
    }
    lua_remove(lua, handler);
    return failed ? -1 : 0;
}

static bool
wanted(void)
{
    return lua_options.load.count > 0;
}

static int
load(const struct bask_host *host)
{
    lua_host = host;
    lua_rpc = host->service("rpc");
    /* What print() writes is a line of the log, and nothing may wait for a fork in a buffer. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    return lua_pool_start(host->server_info()->threads);
}

static int
post_fork(void)
{
    return 0;
}

const struct bask_guest bask_guest_lua = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_guest_lua,
    .name = "lua",
    .summary = "functions in Lua, beside the application",
    .options = &table,
    .wanted = wanted,
    .load = load,
    .post_fork = post_fork,
    .fini = lua_pool_end,
    .abi_minor = BASK_ABI_MINOR,
};
