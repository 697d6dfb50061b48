/*
 * Profiles of system calls, compiled to the kernel's filter language (classic BPF) by hand: the
 * program is a row of comparisons, which is no reason for a library.
 *
 *   architecture, x32           wrong: EPERM
 *   clone with a new namespace  EPERM: its flags are looked at; those of clone3 cannot be, so
 *   clone3                      ENOSYS, upon which the C library takes clone
 *   each call that differs      its verdict
 *   all others                  the verdict of "*"
 *
 * The kernel remembers calls that are always let through, so they cost nothing measurable.
 */
#include "sys/seccomp.h"

#include "base/err.h"
#include "sys/files.h"

#include <endian.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define OWN_ARCH AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define OWN_ARCH AUDIT_ARCH_RISCV64
#else
#define OWN_ARCH 0 /* none: bask_seccomp_compile refuses */
#endif

#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |     \
     CLONE_NEWCGROUP)

static const struct call {
    bask_str name;
    uint32_t number;
} calls[] = {
#include "sys/syscalls.inc"
};

enum { CALLS = sizeof calls / sizeof *calls, FRAME = 24, PROFILE_MAX = 65536 };

/* What an application server has no business with. Names that a machine lacks are passed over. */
static const char *const default_denied[] = {
    "_sysctl",
    "acct",
    "add_key",
    "adjtimex",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "create_module",
    "delete_module",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "get_kernel_syms",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "query_module",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "syslog",
    "umount",
    "umount2",
    "unshare",
    "userfaultfd",
    "uselib",
    "vhangup",
    "vm86",
    "vm86old",
};

enum verdict { ALLOW, DENY, KILL };

static const struct {
    bask_str verb;
    uint32_t code;
} verdicts[] = {
    [ALLOW] = {BASK_STR("allow"), SECCOMP_RET_ALLOW},
    [DENY] = {BASK_STR("deny"), SECCOMP_RET_ERRNO | EPERM},
    [KILL] = {BASK_STR("kill"), SECCOMP_RET_KILL_PROCESS},
};

struct bask_seccomp {
    unsigned short count;
    struct sock_filter code[FRAME + 2 * CALLS];
};

/* A profile that is being read. */
struct profile {
    const char *name;
    unsigned line;
    enum verdict others;
    signed char of[CALLS]; /* enum verdict, -1: nobody spoke of it */
    char *error;
    size_t error_size;
};

static int
find_call(bask_str name)
{
    for (int i = 0; i < CALLS; i++)
        if (bask_str_eq(name, calls[i].name))
            return i;
    return -1;
}

static void
judge_default(struct profile *profile, enum verdict verdict)
{
    for (size_t i = 0; i < sizeof default_denied / sizeof *default_denied; i++) {
        int call = find_call(bask_str_of(default_denied[i]));
        if (call >= 0)
            profile->of[call] = (signed char)verdict;
    }
}

/* What was typed, cut to what a person can read; bytes of a hostile file stay out of the log. */
static const char *
shown(bask_str word, char *text, size_t size)
{
    size_t n = word.len < size - 1 ? word.len : size - 1;
    for (size_t i = 0; i < n; i++)
        text[i] = word.ptr[i] > ' ' && word.ptr[i] < 127 ? word.ptr[i] : '?';
    text[n] = '\0';
    return text;
}

static int
complain(struct profile *profile, bask_str word, const char *what)
{
    char text[40];
    snprintf(profile->error, profile->error_size, "%s:%u: \"%s\" is not %s", profile->name,
             profile->line, shown(word, text, sizeof text), what);
    return BASK_E_SYNTAX;
}

static int
judge(struct profile *profile, enum verdict verdict, bask_str name)
{
    if (bask_str_eq(name, BASK_STR("*"))) {
        profile->others = verdict;
    } else if (bask_str_eq(name, BASK_STR("@default"))) {
        judge_default(profile, verdict);
    } else {
        int call = find_call(name);
        if (call < 0)
            return complain(profile, name, "the name of a system call");
        profile->of[call] = (signed char)verdict;
    }
    return BASK_OK;
}

/* The next word of a line; false at its end. */
static bool
take_word(bask_str *line, bask_str *ret_word)
{
    size_t start = 0, end;
    while (start < line->len && strchr(" \t\r,", line->ptr[start]) && line->ptr[start])
        start++;
    for (end = start; end < line->len && !(line->ptr[end] && strchr(" \t\r,", line->ptr[end]));)
        end++;
    *ret_word = bask_str_n(line->ptr + start, end - start);
    *line = bask_str_n(line->ptr + end, line->len - end);
    return ret_word->len > 0;
}

static int
read_line(struct profile *profile, bask_str line)
{
    bask_str word, comment;
    bask_str_cut(line, '#', &line, &comment);
    if (!take_word(&line, &word))
        return BASK_OK;
    for (enum verdict verdict = ALLOW; verdict <= KILL; verdict++) {
        if (!bask_str_eq(word, verdicts[verdict].verb))
            continue;
        int err = BASK_OK;
        while (!err && take_word(&line, &word))
            err = judge(profile, verdict, word);
        return err;
    }
    return complain(profile, word, "allow, deny or kill");
}

static void
emit(struct bask_seccomp *filter, struct sock_filter step)
{
    filter->code[filter->count++] = step;
}

#define LOAD(member)                                                                               \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define JUMP(test, value, yes, no)                                                                 \
    (struct sock_filter) BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (yes), (no))
#define RETURN(code) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (code))

static void
emit_frame(struct bask_seccomp *filter)
{
    const uint32_t deny = verdicts[DENY].code;
    emit(filter, LOAD(arch));
    emit(filter, JUMP(BPF_JEQ, OWN_ARCH, 1, 0));
    emit(filter, RETURN(deny));
    emit(filter, LOAD(nr));
    emit(filter, JUMP(BPF_JGE, 0x40000000, 0, 1)); /* x32 has numbers of its own for everything */
    emit(filter, RETURN(deny));
    emit(filter, JUMP(BPF_JEQ, __NR_clone3, 0, 1));
    emit(filter, RETURN(SECCOMP_RET_ERRNO | ENOSYS));
    emit(filter, JUMP(BPF_JEQ, __NR_clone, 0, 4));
    /* The flags are the low half of the first argument. */
    emit(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                              offsetof(struct seccomp_data, args) +
                                                  (BYTE_ORDER == BIG_ENDIAN ? 4 : 0)));
    emit(filter, JUMP(BPF_JSET, NAMESPACES, 0, 1));
    emit(filter, RETURN(deny));
    emit(filter, LOAD(nr));
}

static void
compile(const struct profile *profile, struct bask_seccomp *filter)
{
    filter->count = 0;
    emit_frame(filter);
    for (int i = 0; i < CALLS; i++) {
        if (profile->of[i] < 0 || profile->of[i] == (signed char)profile->others)
            continue;
        emit(filter, JUMP(BPF_JEQ, calls[i].number, 0, 1));
        emit(filter, RETURN(verdicts[profile->of[i]].code));
    }
    emit(filter, RETURN(verdicts[profile->others].code));
}

int
bask_seccomp_compile(bask_str text, const char *name, struct bask_seccomp **ret_filter, char *error,
                     size_t error_size)
{
    struct profile profile = {
        .name = name, .others = ALLOW, .error = error, .error_size = error_size};
    int err = BASK_OK;
    if (!OWN_ARCH) {
        snprintf(error, error_size, "system calls cannot be filtered on this machine");
        return BASK_E_STATE;
    }
    memset(profile.of, -1, sizeof profile.of);
    for (bool more = true; more && !err;) {
        bask_str line = text;
        profile.line++;
        more = bask_str_cut(text, '\n', &line, &text);
        err = read_line(&profile, line);
    }
    if (err)
        return err;
    struct bask_seccomp *filter = malloc(sizeof *filter);
    if (!filter) {
        snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    compile(&profile, filter);
    *ret_filter = filter;
    return BASK_OK;
}

int
bask_seccomp_open(const char *profile, struct bask_seccomp **ret_filter, char *error,
                  size_t error_size)
{
    if (strcmp(profile, "default") == 0)
        return bask_seccomp_compile(BASK_STR("deny @default"), profile, ret_filter, error,
                                    error_size);
    char *text = malloc(PROFILE_MAX);
    ssize_t len = text ? bask_file_read(profile, text, PROFILE_MAX) : BASK_E_NOMEM;
    int err = len < 0 ? (int)len : len == PROFILE_MAX - 1 ? BASK_E_LIMIT : BASK_OK;
    if (err)
        snprintf(error, error_size, "%s: %s", profile,
                 err == BASK_E_SYSTEM ? strerror(errno) : bask_err_text(err));
    else
        err = bask_seccomp_compile(bask_str_n(text, (size_t)len), profile, ret_filter, error,
                                   error_size);
    free(text);
    return err;
}

int
bask_seccomp_apply(const struct bask_seccomp *filter)
{
    struct sock_fprog program = {.len = filter->count,
                                 .filter = (struct sock_filter *)(uintptr_t)filter->code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return BASK_E_SYSTEM;
    /* The runtime may have started threads already. Older kernels would also slow down speculation,
     * which is for processes that run code of strangers. */
    const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) ? BASK_E_SYSTEM : BASK_OK;
}

void
bask_seccomp_free(struct bask_seccomp **filter)
{
    free(*filter);
    *filter = NULL;
}
