/* The process and the system, on Linux. */
#include "sys/proc.h"

#include "base/err.h"
#include "sys/files.h"
#include "sys/priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct pages {
    unsigned long long total, resident;
};

static struct pages
read_pages(pid_t pid)
{
    char path[40];
    struct pages pages = {0};
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return pages;
    if (fscanf(file, "%llu %llu", &pages.total, &pages.resident) != 2)
        pages = (struct pages){0};
    fclose(file);
    return pages;
}

uint64_t
bask_proc_rss(pid_t pid)
{
    return read_pages(pid).resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t
bask_proc_address_space(pid_t pid)
{
    return read_pages(pid).total * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The first line of a small file of a thread; "?" where it may not be read. */
static void
read_thread_file(const char *thread, const char *name, char *text, size_t size)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/%s", thread, name);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(text, (int)size, file))
        snprintf(text, size, "?");
    text[strcspn(text, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* The calls that /proc shows as "[<0>] do_select+0x63a/0x930", one a line: their names. */
static void
read_thread_stack(const char *thread, char *text, size_t size)
{
    char path[300], row[200], function[100];
    size_t used = 0;
    text[0] = '\0';
    snprintf(path, sizeof path, "/proc/self/task/%s/stack", thread);
    FILE *file = fopen(path, "re");
    while (file && fgets(row, sizeof row, file) && used < size - sizeof function - 4)
        if (sscanf(row, "%*s %99[^+\n]", function) == 1)
            used += (size_t)snprintf(text + used, size - used, " < %s", function);
    if (file)
        fclose(file);
}

void
bask_proc_describe_threads(void (*show)(const char *line))
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char name[32], call[160], place[80], stack[512], line[1000];
        if (entry->d_name[0] == '.')
            continue;
        read_thread_file(entry->d_name, "comm", name, sizeof name);
        read_thread_file(entry->d_name, "syscall", call, sizeof call);
        read_thread_file(entry->d_name, "wchan", place, sizeof place);
        read_thread_stack(entry->d_name, stack, sizeof stack);
        snprintf(line, sizeof line, "thread %s (%s): syscall %s, wchan %s%s", entry->d_name, name,
                 call, place, stack);
        show(line);
    }
    if (folder)
        closedir(folder);
}

int
bask_proc_adopt_orphans(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int
bask_proc_die_with_parent(int signal)
{
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

int
bask_proc_fill_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
            return BASK_E_SYSTEM;
    return BASK_OK;
}

static bool
is_among(int fd, const int *kept, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kept[i] == fd)
            return true;
    return false;
}

void
bask_proc_close_all_but(const int *kept, size_t count)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    long long fd;
    while (folder && (entry = readdir(folder)))
        if (!bask_str_to_i64(bask_str_of(entry->d_name), &fd) && fd > STDERR_FILENO &&
            fd != dirfd(folder) && !is_among((int)fd, kept, count))
            close((int)fd);
    if (folder)
        closedir(folder);
}

int
bask_proc_open_process(pid_t pid)
{
    long fd = syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
    return fd < 0 ? BASK_E_SYSTEM : (int)fd;
}

bool
bask_proc_binary(char *path, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", path, size - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    return true;
}

/* The last part of the path of a process's program, whether or not the file was replaced since. */
static bool
program_name(pid_t pid, char *name, size_t size)
{
    static const char deleted[] = " (deleted)";
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    size_t len = (size_t)n, tail = sizeof deleted - 1;
    if (len > tail && strcmp(path + len - tail, deleted) == 0)
        path[len - tail] = '\0';
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    if (strlen(last) >= size)
        return false;
    strcpy(name, last);
    return true;
}

/* The server is in some other program, as a library. */
static bool
has_library(pid_t pid)
{
    static const char *const names[] = {"/libbask.so\n", "/libuwsgi.so\n"};
    char path[40], row[PATH_MAX + 128];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(row, sizeof row, file))
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            found = found || strstr(row, names[i]);
    if (file)
        fclose(file);
    return found;
}

enum bask_proc_kinship
bask_proc_kinship(pid_t pid)
{
    char own[NAME_MAX + 1], other[NAME_MAX + 1];
    if (kill(pid, 0) && errno == ESRCH)
        return BASK_PROC_GONE;
    if (!program_name(getpid(), own, sizeof own) || !program_name(pid, other, sizeof other))
        return BASK_PROC_UNKNOWN;
    /* Where this server is a library, a process of the same name is the same only if it has it. */
    bool same = has_library(pid) || (strcmp(own, other) == 0 && !has_library(getpid()));
    return same ? BASK_PROC_SAME : BASK_PROC_OTHER;
}

void
bask_proc_close_input(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fd == STDIN_FILENO)
        fcntl(fd, F_SETFD, 0);
    else {
        dup2(fd, STDIN_FILENO);
        close(fd);
    }
}

void
bask_proc_realm(char out[BASK_PROC_REALM])
{
    enum { BOOT = 48, SPACE = 32 };
    char boot[BOOT] = "", space[SPACE] = "";
    bask_file_read("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    if (readlink("/proc/self/ns/pid", space, sizeof space - 1) < 0)
        space[0] = '\0';
    memset(out, 0, BASK_PROC_REALM);
    snprintf(out, BASK_PROC_REALM, "%.36s %s", boot, space);
}

void *
bask_proc_shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void
bask_proc_unshare_memory(void *memory, size_t size)
{
    munmap(memory, size);
}

int
bask_proc_scratch_file(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return BASK_E_SYSTEM;
    fcntl(fd, F_SETFL, O_APPEND); /* several write to it, and it can be emptied */
    return fd;
}

size_t
bask_proc_read_from_start(int fd, char *bytes, size_t size)
{
    ssize_t n = pread(fd, bytes, size, 0);
    return n < 0 ? 0 : (size_t)n;
}

bool
bask_proc_stand_back(pid_t pid, bool back)
{
    enum { STEP = 5 };
    /* Whoever may not lower the value could never undo it. */
    if (!bask_priv_is_nice())
        return false;
    errno = 0;
    int own = getpriority(PRIO_PROCESS, 0);
    return !errno && !setpriority(PRIO_PROCESS, (id_t)pid, back ? own + STEP : own);
}

void
bask_proc_empty_file(int fd)
{
    int failure = ftruncate(fd, 0);
    (void)failure; /* then something is told twice */
}
