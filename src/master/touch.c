/*
 * Files that are looked at each second, and what their being touched means. The timer runs only if
 * there are such files.
 */
#include "base/err.h"
#include "master/private.h"
#include "obs/log.h"
#include "sys/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_US = 1000000 };

struct file {
    char *path;
    const char *shell; /* a command of touch-exec; NULL: `hook` */
    const char *hook;  /* an action of hook-touch; NULL: `command` */
    bool has_signal;   /* of touch-signal */
    uint32_t number;
    enum master_command command;
    bool there;
    struct timespec modified;
    dev_t device;
    ino_t inode;
};

struct touch {
    struct bask_timer timer;
    struct master *master;
    size_t count;
    struct file files[];
};

static const struct row {
    size_t offset; /* of the option */
    enum master_command command;
    bool has_shell, has_hook, has_signal;
} rows[] = {
    {offsetof(struct bask_master_options, touch_reload), MASTER_RELOAD},
    {offsetof(struct bask_master_options, touch_chain_reload), MASTER_RELOAD_CHAIN},
    {offsetof(struct bask_master_options, touch_workers_reload), MASTER_WORKERS},
    {offsetof(struct bask_master_options, touch_mules_reload), MASTER_MULES},
    {offsetof(struct bask_master_options, touch_spoolers_reload), MASTER_SPOOLERS},
    {offsetof(struct bask_master_options, touch_stop), MASTER_STOP_GRACEFULLY},
    {offsetof(struct bask_master_options, touch_logreopen), MASTER_LOG_REOPEN},
    {offsetof(struct bask_master_options, touch_logrotate), MASTER_LOG_ROTATE},
    {offsetof(struct bask_master_options, touch_exec), MASTER_COMMAND_COUNT, .has_shell = true},
    {offsetof(struct bask_master_options, hook_touch), MASTER_COMMAND_COUNT, .has_hook = true},
    {offsetof(struct bask_master_options, raise.touch), MASTER_COMMAND_COUNT, false,
     .has_signal = true},
};

enum { ROWS = sizeof rows / sizeof *rows };

/* True if it is there and is not what was there before. One that is gone will come back. */
static bool
has_changed(struct file *file)
{
    struct stat now;
    if (stat(file->path, &now)) {
        file->there = false;
        return false;
    }
    bool same = file->there && now.st_dev == file->device && now.st_ino == file->inode &&
                now.st_mtim.tv_sec == file->modified.tv_sec &&
                now.st_mtim.tv_nsec == file->modified.tv_nsec;
    file->there = true;
    file->device = now.st_dev;
    file->inode = now.st_ino;
    file->modified = now.st_mtim;
    return !same;
}

static void
run_shell(const struct file *file)
{
    char shell[] = "/bin/sh", option[] = "-c", *command = strdup(file->shell);
    char *const argv[] = {shell, option, command, NULL};
    const struct bask_spawn what = {.program = shell, .argv = argv, .env = environ};
    bask_log(BASK_LOG_INFO, "%s was touched: running %s", file->path, file->shell);
    if (!command || bask_spawn(&what) < 0)
        bask_log(BASK_LOG_ERROR, "cannot run %s: %s", file->shell, strerror(errno));
    free(command);
}

/* Whether two masters, both told to, would do it twice. Other commands they understand. */
static bool
is_done_once(const struct file *file)
{
    return file->shell || file->hook || file->has_signal;
}

static void
act(struct touch *touch, const struct file *file)
{
    if (file->shell) {
        run_shell(file);
    } else if (file->hook) {
        bask_log(BASK_LOG_INFO, "%s was touched: %s", file->path, file->hook);
        touch->master->plan->run_hook(file->hook);
    } else if (file->has_signal) {
        bask_log(BASK_LOG_INFO, "%s was touched: signal %u", file->path, file->number);
        signals_raise(touch->master, file->number);
    } else {
        bask_log(BASK_LOG_INFO, "%s was touched", file->path);
        master_obey(touch->master, file->command);
    }
}

/* An heir looks at these when the other master says that it did something, so that what is new in
 * the first look of its own was done by nobody. It is told once for all files: if it stands still,
 * many messages would have to wait for room. */
static void
on_look(struct bask_timer *timer)
{
    struct touch *touch = BASK_CONTAINER(timer, struct touch, timer);
    struct master *master = touch->master;
    bool done = false;
    bask_loop_timer_start(master->loop, timer, LOOK_US);
    for (size_t i = 0; i < touch->count; i++) {
        struct file *file = &touch->files[i];
        if ((master->heir && is_done_once(file)) || !has_changed(file))
            continue;
        act(touch, file);
        done |= is_done_once(file);
    }
    if (done)
        upgrade_tell(master, BASK_MESSAGE_TOUCHED, 0);
}

void
touch_follow(struct master *master)
{
    struct touch *touch = master->touch;
    for (size_t i = 0; touch && i < touch->count; i++)
        if (is_done_once(&touch->files[i]))
            has_changed(&touch->files[i]);
}

static const struct bask_values *
values_of(const struct master *master, const struct row *row)
{
    return (const void *)((const char *)master->plan->options + row->offset);
}

const char *
bask_touch_hook(bask_str value)
{
    const char *space = value.len ? memchr(value.ptr, ' ', value.len) : NULL;
    const char *end = value.ptr + value.len;
    while (space && space < end && *space == ' ')
        space++;
    return space == end ? NULL : space;
}

/* Commands are not waited for here, as in touch-exec. */
static void
set_hook(struct file *file, char *hook)
{
    static const char *const shells[] = {"exec:", "safeexec:"};
    file->hook = hook;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strncmp(hook, shells[i], strlen(shells[i])) == 0)
            file->shell = hook + strlen(shells[i]);
}

/* It was looked at when the options were read. */
static void
set_signal(struct file *file, bask_str value)
{
    struct raise_spec spec = {0};
    char error[128];
    raise_spec_parse(RAISE_TOUCH, value, &spec, error, sizeof error);
    file->has_signal = true;
    file->number = spec.number;
    memmove(file->path, spec.path.ptr, spec.path.len);
    file->path[spec.path.len] = '\0';
}

/* 0, or a bask_err that was logged. */
static int
add_file(struct touch *touch, const struct row *row, const struct bask_value *value)
{
    struct file *file = &touch->files[touch->count];
    char *space = NULL;
    *file =
        (struct file){.path = strndup(value->text.ptr, value->text.len), .command = row->command};
    if (!file->path)
        return BASK_E_NOMEM;
    touch->count++;
    if (row->has_shell) {
        space = strchr(file->path, ' ');
        if (!space || !space[1]) {
            bask_log(BASK_LOG_ERROR, "%.*s: --touch-exec expects \"FILE COMMAND\", not \"%s\"",
                     BASK_FMT(value->origin), file->path);
            return BASK_E_SYNTAX;
        }
        *space = '\0';
        file->shell = space + 1;
    }
    if (row->has_signal)
        set_signal(file, value->text);
    if (row->has_hook) { /* it was looked at when the options were read */
        set_hook(file, file->path + (bask_touch_hook(value->text) - value->text.ptr));
        *strchr(file->path, ' ') = '\0';
    }
    if (!has_changed(file))
        bask_log(BASK_LOG_INFO, "%s is not there; being created will count as being touched",
                 file->path);
    return BASK_OK;
}

int
touch_open(struct master *master)
{
    size_t total = 0;
    int err = BASK_OK;
    for (size_t i = 0; i < ROWS; i++)
        total += values_of(master, &rows[i])->count;
    if (!total)
        return BASK_OK;
    struct touch *touch = calloc(1, sizeof *touch + total * sizeof *touch->files);
    if (!touch)
        return BASK_E_NOMEM;
    master->touch = touch;
    touch->master = master;
    touch->timer.on_due = on_look;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < values_of(master, &rows[i])->count && !err; k++)
            err = add_file(touch, &rows[i], &values_of(master, &rows[i])->items[k]);
    if (!err)
        bask_loop_timer_start(master->loop, &touch->timer, LOOK_US);
    return err;
}

void
touch_close(struct master *master)
{
    struct touch *touch = master->touch;
    if (!touch)
        return;
    bask_loop_timer_stop(&touch->timer);
    while (touch->count > 0)
        free(touch->files[--touch->count].path);
    free(touch);
    master->touch = NULL;
}
