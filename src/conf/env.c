/*
 * The environment as a source: UWSGI_HTTP_SOCKET and BASK_HTTP_SOCKET are the option http-socket.
 * Names that are no option are placeholders and nobody complains about them: environments hold much
 * that is not meant for us. For the same reason an action is never taken from here: the images of
 * containers like to have a variable UWSGI_VERSION.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

/* uWSGI's own messages to itself. */
static bool
is_internal(bask_str name)
{
    static const char *const names[] = {"RELOADS",           "VASSALS_DIR",       "EMPEROR_FD",
                                        "EMPEROR_FD_CONFIG", "EMPEROR_PROXY",     "BROODLORD_NUM",
                                        "JAIL_PID",          "ORIGINAL_PROC_NAME"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bask_str_eq(name, bask_str_of(names[i])))
            return true;
    return false;
}

/* "HTTP_SOCKET" is "http-socket". */
static int
keep_key(struct bask_conf *conf, bask_str name, bask_str *ret_key)
{
    int err = bask_conf_keep(conf, name, ret_key);
    char *key = err ? NULL : (char *)ret_key->ptr;
    for (size_t i = 0; key && i < name.len; i++)
        key[i] = name.ptr[i] == '_' ? '-' : bask_lower(name.ptr[i]);
    return err;
}

static int
take(struct bask_conf *conf, bask_str variable, bask_str name, bask_str value,
     struct bask_conf_error *ret_error)
{
    char origin[300];
    struct bask_conf_hit hit;
    struct bask_conf_entry entry = {.text = value, .place = {.option = variable, .file = true}};
    int length = snprintf(origin, sizeof origin, "environment, %s", bask_conf_shown(variable).text);
    if (bask_conf_keep(conf, bask_str_n(origin, (size_t)length), &entry.place.origin) ||
        keep_key(conf, name, &entry.key))
        return bask_conf_fail(ret_error, BASK_E_NOMEM, "%s: out of memory", origin);
    bool found = bask_conf_find(conf, entry.key, &hit);
    if (found && hit.setting->row->type == BASK_OPT_ACTION)
        return BASK_OK;
    entry.placeholder = !found;
    return bask_conf_offer(conf, &entry, ret_error);
}

int
bask_conf_read_env(struct bask_conf *conf, char **env, struct bask_conf_error *ret_error)
{
    static const bask_str prefixes[] = {BASK_STR("UWSGI_"), BASK_STR("BASK_")};
    int err = BASK_OK;
    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++)
        for (char **at = env; at && *at && !err; at++) {
            bask_str variable, value, whole = bask_str_of(*at);
            if (!bask_str_starts(whole, prefixes[p]) ||
                !bask_str_cut(whole, '=', &variable, &value))
                continue;
            bask_str name =
                bask_str_n(variable.ptr + prefixes[p].len, variable.len - prefixes[p].len);
            if (name.len && !is_internal(name))
                err = take(conf, variable, name, value, ret_error);
        }
    return err ? err : bask_conf_block_ended(conf, ret_error);
}
