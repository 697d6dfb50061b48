/* Who is at the other end of a descriptor. Python can ask only through a socket object of its own,
 * which would change the mode of the socket. */
#include "glue.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

int
glue_peer_name(int fd, char *out, size_t size)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
        struct sockaddr_un local;
    } peer;
    socklen_t length = sizeof peer;
    char text[INET6_ADDRSTRLEN];
    if (getpeername(fd, &peer.any, &length))
        return -1;
    switch (peer.any.sa_family) {
    case AF_INET:
        return snprintf(out, size, "%s:%d",
                        inet_ntop(AF_INET, &peer.in4.sin_addr, text, sizeof text),
                        ntohs(peer.in4.sin_port));
    case AF_INET6:
        return snprintf(out, size, "[%s]:%d",
                        inet_ntop(AF_INET6, &peer.in6.sin6_addr, text, sizeof text),
                        ntohs(peer.in6.sin6_port));
    case AF_UNIX: {
        size_t start = offsetof(struct sockaddr_un, sun_path);
        if (length <= start) /* one end of a pair: the other is this process's own */
            return -1;
        const char *path = peer.local.sun_path;
        bool abstract = path[0] == '\0';
        return snprintf(out, size, "%s%.*s", abstract ? "@" : "", (int)(length - start - abstract),
                        path + abstract);
    }
    default:
        return snprintf(out, size, "address family %d", peer.any.sa_family);
    }
}
