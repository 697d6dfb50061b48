/*
 * bask-ctl: tells a server to reload, stop, pause or upgrade, and waits until that is done.
 */
#include "base/err.h"
#include "cli/ask.h"
#include "conf/conf.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* the server says why */
    EXIT_USAGE = 2,
    EXIT_NOBODY = 3, /* there is no server, or it went away */
    EXIT_TOO_LATE = 4,
};

struct options {
    bask_str socket, pidfile;
    bool brutal, workers, chain, now, json, no_wait;
    int64_t timeout_ms;
};

#define AT(member) offsetof(struct options, member)

static const struct bask_option rows[] = {
    {"socket", NULL, 's', BASK_OPT_STRING, AT(socket), 0, 0, NULL, "FILE",
     "the server's --control-socket; else the environment's BASK_CONTROL_SOCKET"},
    {"pidfile", NULL, 0, BASK_OPT_STRING, AT(pidfile), 0, 0, NULL, "FILE",
     "send a signal to the process in this file instead; nothing can be waited for"},
    {"brutal", NULL, 0, BASK_OPT_FLAG, AT(brutal), 0, 0, NULL, NULL, "reload: cut requests off"},
    {"workers", NULL, 0, BASK_OPT_FLAG, AT(workers), 0, 0, NULL, NULL,
     "reload: new processes of the same version"},
    {"chain", NULL, 0, BASK_OPT_FLAG, AT(chain), 0, 0, NULL, NULL,
     "reload: one worker after the other, which is the normal way"},
    {"now", NULL, 0, BASK_OPT_FLAG, AT(now), 0, 0, NULL, NULL, "stop: requests get a second"},
    {"json", NULL, 0, BASK_OPT_FLAG, AT(json), 0, 0, NULL, NULL, "status: as JSON"},
    {"no-wait", NULL, 0, BASK_OPT_FLAG, AT(no_wait), 0, 0, NULL, NULL,
     "do not wait for the end of what was asked for"},
    {"timeout", NULL, 't', BASK_OPT_DURATION, AT(timeout_ms), 0, 86400000, "0", "SECONDS",
     "wait no longer than this; 0: no limit"},
    {"help", NULL, 'h', BASK_OPT_ACTION, 0, 0, 0, NULL, NULL, "show this and exit"},
    {"version", NULL, 0, BASK_OPT_ACTION, 0, 0, 0, NULL, NULL, "show the version and exit"},
};

/* A word of the command line with its options, and what the server and signals call it. The first
 * row whose options are all given counts. */
static const struct command {
    const char *word;
    size_t option, second; /* that have to be given; 0 is no option of a command: none */
    const char *command;
    int signal; /* 0: there is none */
} commands[] = {
    {"reload", AT(brutal), AT(workers), "reload-workers-brutal", 0},
    {"reload", AT(brutal), 0, "reload-brutal", 0},
    {"reload", AT(workers), 0, "reload-workers", 0},
    {"reload", AT(chain), 0, "reload-chain", SIGHUP},
    {"reload", 0, 0, "reload", SIGHUP},
    {"stop", AT(now), 0, "stop-now", SIGINT},
    {"stop", 0, 0, "stop", 0},
    {"pause", 0, 0, "pause", 0},
    {"resume", 0, 0, "resume", 0},
    {"more-workers", 0, 0, "more-workers", 0},
    {"fewer-workers", 0, 0, "fewer-workers", 0},
    {"cheap", 0, 0, "cheap", 0},
    {"upgrade", 0, 0, "upgrade", 0},
    {"log-reopen", 0, 0, "log-reopen", 0},
    {"log-rotate", 0, 0, "log-rotate", 0},
    {"pidfiles", 0, 0, "pidfiles", 0},
    {"status", AT(json), 0, "status-json", 0},
    {"status", 0, 0, "status", SIGUSR1},
};

static void
show_help(const struct bask_conf *conf)
{
    fputs("bask-ctl " BASK_VERSION ": tells a Bask server what to do.\n\n"
          "  bask-ctl [OPTIONS] reload [--brutal] [--workers] [--chain]\n"
          "                      load the application anew, and replace the workers\n"
          "  bask-ctl [OPTIONS] stop [--now]\n"
          "                      end the server when its requests are done, or at once\n"
          "  bask-ctl [OPTIONS] pause | resume\n"
          "                      accept no connections for a while\n"
          "  bask-ctl [OPTIONS] more-workers | fewer-workers | cheap\n"
          "                      one worker more or less; none until a connection comes\n"
          "  bask-ctl [OPTIONS] upgrade\n"
          "                      replace the running program by the one that is installed now\n"
          "  bask-ctl [OPTIONS] log-reopen | log-rotate | pidfiles\n"
          "                      open the log again, begin a new one, write the pidfiles again\n"
          "  bask-ctl [OPTIONS] status [--json]\n"
          "                      what the workers do\n\n"
          "It waits until that is done. Status: 0 done; 1 failed, with the reason (a traceback,\n"
          "if a version does not load) on standard error; 2 the command line is wrong; 3 there is\n"
          "no server; 4 it took longer than --timeout, and goes on.\n\n",
          stdout);
    bask_conf_help(conf, NULL, stdout);
}

static bool
is_given(const struct options *options, size_t offset)
{
    return !offset || *(const bool *)((const char *)options + offset);
}

static const struct command *
find_command(bask_str word, const struct options *options)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (bask_str_eq(word, bask_str_of(commands[i].word)) &&
            is_given(options, commands[i].option) && is_given(options, commands[i].second))
            return &commands[i];
    return NULL;
}

static int
complain(int code, const char *what, bask_str about)
{
    fprintf(stderr, "bask-ctl: %s%.*s\n", what, BASK_FMT(about));
    return code;
}

static int
tell_by_signal(const char *pidfile, const struct command *command)
{
    char text[32];
    long long pid;
    FILE *file = fopen(pidfile, "re");
    size_t n = file ? fread(text, 1, sizeof text, file) : 0;
    if (file)
        fclose(file);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        n--;
    if (bask_str_to_i64(bask_str_n(text, n), &pid) || pid < 2 || pid > INT32_MAX)
        return complain(EXIT_NOBODY, "there is no process id in ", bask_str_of(pidfile));
    if (!command || !command->signal)
        return complain(EXIT_USAGE, "there is no signal for that; use --socket", (bask_str){0});
    if (kill((pid_t)pid, command->signal))
        return complain(EXIT_NOBODY, "the process is not there: ", bask_str_of(strerror(errno)));
    return EXIT_DONE;
}

static int
tell_by_socket(bask_str path, const struct options *options,
               const struct bask_control_request *request)
{
    struct bask_control_answer answer;
    struct bask_buf text;
    char error[256];
    int err = cli_ask(path, request, options->timeout_ms, &answer, &text, error, sizeof error);
    if (err == BASK_E_SYNTAX || err == BASK_E_LIMIT)
        return complain(EXIT_USAGE, error, (bask_str){0});
    if (err)
        return complain(err == BASK_E_TIMEOUT ? EXIT_TOO_LATE : EXIT_NOBODY, error, (bask_str){0});
    FILE *to = answer.ok ? stdout : stderr;
    fwrite(bask_buf_view(&text).ptr, 1, answer.length, to);
    bask_buf_fini(&text);
    return fflush(to) || !answer.ok ? EXIT_FAILED : EXIT_DONE;
}

static int
run(const struct options *options, const struct bask_values *words)
{
    if (!words->count)
        return complain(EXIT_USAGE, "no command; try bask-ctl --help", (bask_str){0});
    bask_str word = words->items[0].text;
    const struct command *command = find_command(word, options);
    if (options->pidfile.len)
        return tell_by_signal(options->pidfile.ptr, command);
    bask_str path = options->socket;
    if (!path.len)
        path = bask_str_of(getenv("BASK_CONTROL_SOCKET"));
    if (!path.len)
        return complain(EXIT_USAGE, "give --socket FILE, or set BASK_CONTROL_SOCKET",
                        (bask_str){0});
    /* The server may know more than this program: other words are its to judge. */
    return tell_by_socket(path, options,
                          &(struct bask_control_request){
                              .command = command ? bask_str_of(command->command) : word,
                              .argument = words->count > 1 ? words->items[1].text : (bask_str){0},
                              .wait = !options->no_wait,
                          });
}

int
main(int argc, char **argv)
{
    struct options options = {0};
    struct bask_conf_error error;
    const struct bask_option_table table = {
        .group = "Options", .rows = rows, .count = sizeof rows / sizeof *rows, .values = &options};
    struct bask_conf *conf = bask_conf_new();
    int code = EXIT_DONE;
    if (!conf || bask_conf_add(conf, &table))
        code = complain(EXIT_FAILED, bask_err_text(BASK_E_NOMEM), (bask_str){0});
    else if (bask_conf_parse_args(conf, argc, argv, &error))
        code = complain(EXIT_USAGE, error.text, (bask_str){0});
    else if (bask_conf_action(conf) && strcmp(bask_conf_action(conf), "help") == 0)
        show_help(conf);
    else if (bask_conf_action(conf))
        puts(BASK_VERSION);
    else
        code = run(&options, bask_conf_arguments(conf));
    bask_conf_free(&conf);
    return code;
}
