/*
 * Users, groups and capabilities, on Linux. Capabilities are set by the system call itself: what is
 * wanted here is two masks, which is no reason for a library.
 */
#include "sys/priv.h"

#include "base/err.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    bask_str name;
    unsigned number;
} caps[] = {
    {BASK_STR("chown"), CAP_CHOWN},
    {BASK_STR("dac_override"), CAP_DAC_OVERRIDE},
    {BASK_STR("dac_read_search"), CAP_DAC_READ_SEARCH},
    {BASK_STR("fowner"), CAP_FOWNER},
    {BASK_STR("fsetid"), CAP_FSETID},
    {BASK_STR("kill"), CAP_KILL},
    {BASK_STR("setgid"), CAP_SETGID},
    {BASK_STR("setuid"), CAP_SETUID},
    {BASK_STR("setpcap"), CAP_SETPCAP},
    {BASK_STR("linux_immutable"), CAP_LINUX_IMMUTABLE},
    {BASK_STR("net_bind_service"), CAP_NET_BIND_SERVICE},
    {BASK_STR("net_broadcast"), CAP_NET_BROADCAST},
    {BASK_STR("net_admin"), CAP_NET_ADMIN},
    {BASK_STR("net_raw"), CAP_NET_RAW},
    {BASK_STR("ipc_lock"), CAP_IPC_LOCK},
    {BASK_STR("ipc_owner"), CAP_IPC_OWNER},
    {BASK_STR("sys_module"), CAP_SYS_MODULE},
    {BASK_STR("sys_rawio"), CAP_SYS_RAWIO},
    {BASK_STR("sys_chroot"), CAP_SYS_CHROOT},
    {BASK_STR("sys_ptrace"), CAP_SYS_PTRACE},
    {BASK_STR("sys_pacct"), CAP_SYS_PACCT},
    {BASK_STR("sys_admin"), CAP_SYS_ADMIN},
    {BASK_STR("sys_boot"), CAP_SYS_BOOT},
    {BASK_STR("sys_nice"), CAP_SYS_NICE},
    {BASK_STR("sys_resource"), CAP_SYS_RESOURCE},
    {BASK_STR("sys_time"), CAP_SYS_TIME},
    {BASK_STR("sys_tty_config"), CAP_SYS_TTY_CONFIG},
    {BASK_STR("mknod"), CAP_MKNOD},
    {BASK_STR("lease"), CAP_LEASE},
    {BASK_STR("audit_write"), CAP_AUDIT_WRITE},
    {BASK_STR("audit_control"), CAP_AUDIT_CONTROL},
    {BASK_STR("setfcap"), CAP_SETFCAP},
    {BASK_STR("mac_override"), CAP_MAC_OVERRIDE},
    {BASK_STR("mac_admin"), CAP_MAC_ADMIN},
    {BASK_STR("syslog"), CAP_SYSLOG},
    {BASK_STR("wake_alarm"), CAP_WAKE_ALARM},
    {BASK_STR("block_suspend"), CAP_BLOCK_SUSPEND},
    {BASK_STR("audit_read"), CAP_AUDIT_READ},
    {BASK_STR("perfmon"), CAP_PERFMON},
    {BASK_STR("bpf"), CAP_BPF},
    {BASK_STR("checkpoint_restore"), CAP_CHECKPOINT_RESTORE},
};

enum { CAP_NUMBERS = 64 };

__attribute__((format(printf, 4, 5))) static int
fail(char *error, size_t error_size, int err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, error_size, format, arguments);
    va_end(arguments);
    return err;
}

/* (uid_t)-1 means "do not change" to the system and is nobody's number. */
static bool
is_id(bask_str text, long long *ret_id)
{
    return bask_str_to_i64(text, ret_id) == BASK_OK && *ret_id < UINT32_MAX;
}

static bool
copy_name(bask_str text, char *name, size_t size)
{
    if (text.len == 0 || text.len >= size || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    return true;
}

int
bask_priv_find_user(bask_str text, struct bask_user *ret_user, char *error, size_t error_size)
{
    struct bask_user user = {0};
    long long id;
    bool number = is_id(text, &id), named = copy_name(text, user.name, sizeof user.name);
    const struct passwd *entry = number ? getpwuid((uid_t)id) : named ? getpwnam(user.name) : NULL;
    if (!entry && !number)
        return fail(error, error_size, BASK_E_NOTFOUND, "there is no user \"%.*s\"",
                    BASK_FMT(text));
    user.known = entry != NULL;
    user.uid = entry ? entry->pw_uid : (uid_t)id;
    user.gid = entry ? entry->pw_gid : 0;
    snprintf(user.name, sizeof user.name, "%s", entry ? entry->pw_name : "");
    *ret_user = user;
    return BASK_OK;
}

int
bask_priv_find_group(bask_str text, gid_t *ret_gid, char *error, size_t error_size)
{
    char name[256];
    long long id;
    if (is_id(text, &id)) {
        *ret_gid = (gid_t)id;
        return BASK_OK;
    }
    const struct group *entry = copy_name(text, name, sizeof name) ? getgrnam(name) : NULL;
    if (!entry)
        return fail(error, error_size, BASK_E_NOTFOUND, "there is no group \"%.*s\"",
                    BASK_FMT(text));
    *ret_gid = entry->gr_gid;
    return BASK_OK;
}

int
bask_priv_find_cap(bask_str text, unsigned *ret_cap, char *error, size_t error_size)
{
    const bask_str prefix = BASK_STR("cap_");
    bask_str name = text;
    if (name.len > prefix.len && bask_str_eq_nocase(bask_str_n(name.ptr, prefix.len), prefix))
        name = bask_str_n(name.ptr + prefix.len, name.len - prefix.len);
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++)
        if (bask_str_eq_nocase(name, caps[i].name)) {
            *ret_cap = caps[i].number;
            return BASK_OK;
        }
    return fail(error, error_size, BASK_E_NOTFOUND, "there is no capability \"%.*s\"",
                BASK_FMT(text));
}

int
bask_priv_groups(const struct bask_user *user, gid_t gid, gid_t **ret_groups, size_t *ret_count)
{
    int count = 64;
    gid_t *groups = NULL;
    for (;;) {
        int room = count;
        gid_t *grown = realloc(groups, (size_t)room * sizeof *groups);
        if (!grown) {
            free(groups);
            return BASK_E_NOMEM;
        }
        groups = grown;
        if (getgrouplist(user->name, gid, groups, &count) >= 0)
            break;
        if (count <= room)
            count = room * 2;
    }
    *ret_groups = groups;
    *ret_count = (size_t)count;
    return BASK_OK;
}

static struct __user_cap_header_struct
own_header(void)
{
    return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

static int
set_caps(uint64_t wanted)
{
    struct __user_cap_header_struct header = own_header();
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)wanted, .permitted = (uint32_t)wanted},
        {.effective = (uint32_t)(wanted >> 32), .permitted = (uint32_t)(wanted >> 32)},
    };
    return (int)syscall(SYS_capset, &header, data);
}

static int
get_caps(uint64_t *ret_permitted)
{
    struct __user_cap_header_struct header = own_header();
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data))
        return -1;
    *ret_permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    return 0;
}

/* Programs started later gain nothing either. A container may forbid it, having done so itself. */
static void
bound_caps(uint64_t wanted)
{
    for (unsigned cap = 0; cap < CAP_NUMBERS; cap++)
        if (!(wanted & UINT64_C(1) << cap))
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* It is already what it shall be, and could not be anything else: a container's user, say. */
static bool
is_there(const struct bask_priv *priv)
{
    return geteuid() != 0 &&
           (!priv->change_uid || (getuid() == priv->uid && geteuid() == priv->uid)) &&
           (!priv->change_gid || (getgid() == priv->gid && getegid() == priv->gid));
}

static int
verify(const struct bask_priv *priv, char *error, size_t error_size)
{
    uid_t uids[3];
    gid_t gids[3];
    uint64_t left = 0;
    if (getresuid(&uids[0], &uids[1], &uids[2]) || getresgid(&gids[0], &gids[1], &gids[2]) ||
        get_caps(&left))
        return fail(error, error_size, BASK_E_SYSTEM, "privileges cannot be looked at: %s",
                    strerror(errno));
    for (size_t i = 0; i < 3; i++)
        if ((priv->change_uid && uids[i] != priv->uid) ||
            (priv->change_gid && gids[i] != priv->gid))
            return fail(error, error_size, BASK_E_STATE, "privileges were not dropped");
    bool is_root = uids[0] == 0;
    if ((priv->limit_caps || !is_root) && left & ~priv->caps)
        return fail(error, error_size, BASK_E_STATE, "capabilities were not dropped");
    if (!is_root && !(priv->caps & UINT64_C(1) << CAP_SETUID) && setuid(0) == 0)
        return fail(error, error_size, BASK_E_STATE, "privileges could be taken back");
    return BASK_OK;
}

static int
change_ids(const struct bask_priv *priv, char *error, size_t error_size)
{
    if (priv->change_gid && setgroups(priv->group_count, priv->groups))
        return fail(error, error_size, BASK_E_SYSTEM, "cannot set the supplementary groups: %s",
                    strerror(errno));
    if (priv->change_gid && setresgid(priv->gid, priv->gid, priv->gid))
        return fail(error, error_size, BASK_E_SYSTEM, "cannot become group %u: %s",
                    (unsigned)priv->gid, strerror(errno));
    if (priv->change_uid && setresuid(priv->uid, priv->uid, priv->uid))
        return fail(error, error_size, BASK_E_SYSTEM, "cannot become user %u: %s",
                    (unsigned)priv->uid, strerror(errno));
    return BASK_OK;
}

int
bask_priv_drop(const struct bask_priv *priv, char *error, size_t error_size)
{
    bool leaves_root = priv->change_uid && priv->uid != 0;
    bool caps_go = priv->limit_caps || leaves_root;
    if (!priv->change_uid && !priv->change_gid && !priv->limit_caps)
        return BASK_OK;
    if (caps_go)
        bound_caps(priv->caps);
    if (priv->caps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
        return fail(error, error_size, BASK_E_SYSTEM, "cannot keep capabilities: %s",
                    strerror(errno));
    if (!is_there(priv)) {
        int err = change_ids(priv, error, error_size);
        if (err)
            return err;
    }
    if (caps_go && set_caps(priv->caps))
        return fail(error, error_size, BASK_E_SYSTEM, "cannot keep the capabilities asked for: %s",
                    strerror(errno));
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    return verify(priv, error, error_size);
}

int
bask_priv_chroot(const char *folder, char *error, size_t error_size)
{
    if (chdir(folder) || chroot(".") || chdir("/"))
        return fail(error, error_size, BASK_E_SYSTEM, "cannot make %s the root: %s", folder,
                    strerror(errno));
    return BASK_OK;
}

bool
bask_priv_is_nice(void)
{
    uint64_t caps_now;
    return get_caps(&caps_now) == 0 && caps_now & UINT64_C(1) << CAP_SYS_NICE;
}
