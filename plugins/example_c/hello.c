/*
 * A plugin in C: an application without an interpreter, with an option of its own.
 *
 *     bask --build-plugin plugins/example_c
 *     bask --plugin ./example_c_plugin.so --http-socket :8080 --hello-text "Hello from C"
 */
#include <bask/plugin.h>

#include <unistd.h>

static const struct bask_host *host;

static struct {
    bask_str text;
} options;

static const struct bask_option rows[] = {
    {.name = "hello-text",
     .type = BASK_OPT_STRING,
     .offset = 0,
     .initial = "Hello",
     .argument = "TEXT",
     .help = "what the example in C answers"},
};

static const struct bask_option_table table = {
    .group = "Example in C",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .values = &options,
};

/* No bare word of the command line is for this plugin. */
static bool
claims(bask_str argument)
{
    (void)argument;
    return false;
}

/* Nor does an option ask for it: --plugin does. */
static bool
wanted(void)
{
    return false;
}

static int
init(const struct bask_host *server)
{
    host = server;
    return 0;
}

/* One application is there. */
static int
load(void)
{
    return 1;
}

static void
nothing(void)
{
}

/* In each application thread. */
static void
run(struct bask_thread *thread)
{
    const struct bask_request *request;
    while ((request = host->next(thread)))
        host->respond(request, BASK_STR("200 OK\r\nContent-Type: text/plain\r\n"), 1, options.text);
}

const struct bask_plugin bask_plugin = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_plugin,
    .name = "example_c",
    .summary = "an example in C",
    .options = &table,
    .claims = claims,
    .wanted = wanted,
    .init = init,
    .load = load,
    .fork = fork,
    .post_fork = nothing,
    .run = run,
    .fini = nothing,
    .abi_minor = BASK_ABI_MINOR,
};
