/*
 * A plugin in Objective-C, on the bare runtime: who has Foundation names it in a plugin.ini.
 *
 *     bask --build-plugin plugins/example_objc
 *     bask --plugin ./example_objc_plugin.so --http-socket :8080
 */
#include <bask/plugin.h>

#include <unistd.h>

__attribute__((objc_root_class))
@interface Greeter
+ (bask_str)greet;
@end

@implementation Greeter
+ (bask_str)greet
{
    return BASK_STR("Hello from Objective-C\n");
}
@end

static const struct bask_host *host;

static bool
claims(bask_str argument)
{
    (void)argument;
    return false;
}

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

static int
load(void)
{
    return 1;
}

static void
nothing(void)
{
}

static void
run(struct bask_thread *thread)
{
    const struct bask_request *request;
    while ((request = host->next(thread)))
        host->respond(request, BASK_STR("200 OK\r\nContent-Type: text/plain\r\n"), 1,
                      [Greeter greet]);
}

const struct bask_plugin bask_plugin = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_plugin,
    .name = "example_objc",
    .summary = "an example in Objective-C",
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
