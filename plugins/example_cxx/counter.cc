/*
 * A plugin in C++: counts how often each path was asked for, in this worker. Two sources, so that
 * there is something to link; see plugin.ini.
 *
 *     bask --build-plugin plugins/example_cxx
 *     bask --plugin ./example_cxx_plugin.so --http-socket :8080
 */
#include "visits.hpp"

#include <bask/plugin.h>

#include <string>
#include <unistd.h>

namespace
{

const bask_host *host;
Visits visits;

void
answer(const bask_request *request)
{
    std::string path(request->path.ptr, request->path.len);
    std::string body = GREETING " " + path + ": " + std::to_string(visits.count(path)) + "\n";
    host->respond(request, BASK_STR("200 OK\r\nContent-Type: text/plain\r\n"), 1,
                  bask_str{body.data(), body.size()});
}

bool
claims(bask_str)
{
    return false;
}

bool
wanted()
{
    return false;
}

int
init(const bask_host *server)
{
    host = server;
    return 0;
}

int
load()
{
    return 1;
}

void
nothing()
{
}

/* No exception may leave it: who called is C. */
void
run(bask_thread *thread)
{
    while (const bask_request *request = host->next(thread)) {
        try {
            answer(request);
        } catch (const std::exception &) {
            host->abort(request, BASK_STR("500 Internal Server Error\r\n"), 0,
                        BASK_STR("failed\n"));
        }
    }
}

} // namespace

const struct bask_plugin bask_plugin = {
    .abi_major = BASK_ABI_MAJOR,
    .size = sizeof bask_plugin,
    .name = "example_cxx",
    .summary = "an example in C++",
    .options = nullptr,
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
