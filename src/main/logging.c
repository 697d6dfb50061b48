/* Loggers from their options to the process that keeps the log, and its end. */
#include "main/server.h"
#include "obs/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whoever ends the server has nothing else of it. In other processes it is forgotten. */
static struct server *logged;

void
check_loggers(struct server *server)
{
    char error[1024];
    if (server->loggers.list)
        bask_log(BASK_LOG_INFO, "there are loggers of these kinds: %s", bask_logs_kinds);
    if (bask_logs_new(&server->loggers, server->start.hostname, &server->logs, error, sizeof error))
        die("%s", error);
    if (server->logs && !server->options.process.master && server->options.process.workers < 2)
        die("loggers need a master (--master)");
}

void
begin_loggers(struct server *server)
{
    char error[256];
    const struct bask_priv *priv = &server->heritage.place.priv;
    if (!server->logs)
        return;
    if (bask_logs_begin(server->logs, priv->change_uid ? priv->uid : (uid_t)-1,
                        priv->change_gid ? priv->gid : (gid_t)-1, error, sizeof error))
        die("%s", error);
    logged = server;
}

void
keep_log(void *context)
{
    struct server *server = context;
    logged = NULL;
    bask_place_title(&server->heritage.place, "logger", 0);
    bask_logs_keep(server->logs);
    _exit(BASK_EXIT_OK);
}

int
start_loggers(struct server *server, char *error, size_t error_size)
{
    if (!server->logs)
        return BASK_EXIT_OK;
    const struct bask_log_options *log = &server->options.log;
    bask_logs_limit(server->logs, log->max_bytes, log->backup_name);
    int err = bask_logs_check(server->logs, error, error_size);
    if (err)
        return err;
    server->keeper = server->fork();
    if (server->keeper == 0)
        keep_log(server);
    if (server->keeper < 0)
        snprintf(error, error_size, "loggers: %s", strerror(errno));
    return server->keeper < 0 ? -1 : BASK_EXIT_OK;
}

void
forget_loggers(void)
{
    if (logged)
        bask_logs_forget(logged->logs);
    logged = NULL;
}

void
finish_loggers(void)
{
    struct server *server = logged;
    logged = NULL;
    if (server)
        bask_logs_finish(server->logs, server->keeper);
}
