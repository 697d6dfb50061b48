/* The server as a program. */
#include "main/server.h"

int
main(int argc, char **argv)
{
    static struct server server;
    int code = run_server(&server, argc, argv);
    leave_server(&server);
    return code;
}
