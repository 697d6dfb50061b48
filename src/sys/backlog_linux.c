/*
 * How many connections wait in a listening socket, on Linux: the kernel tells it of TCP sockets by
 * TCP_INFO, of local ones only by netlink.
 */
#include "sys/sock.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

static int
waiting_tcp(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    /* Of a listening socket these fields are its queue, and the limit of it. */
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) ? -1 : (int)info.tcpi_unacked;
}

static bool
ask(int netlink, ino_t inode)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_states = ~0U,
                    .udiag_ino = (uint32_t)inode,
                    .udiag_show = UDIAG_SHOW_RQLEN,
                    .udiag_cookie = {~0U, ~0U}},
    };
    return send(netlink, &question, sizeof question, 0) == (ssize_t)sizeof question;
}

static int
understand(struct nlmsghdr *answer, size_t length)
{
    if (!NLMSG_OK(answer, length) || answer->nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return -1;
    struct rtattr *attribute = (struct rtattr *)((struct unix_diag_msg *)NLMSG_DATA(answer) + 1);
    int left = (int)answer->nlmsg_len - (int)NLMSG_LENGTH(sizeof(struct unix_diag_msg));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
        if (attribute->rta_type == UNIX_DIAG_RQLEN)
            return (int)((struct unix_diag_rqlen *)RTA_DATA(attribute))->udiag_rqueue;
    return -1;
}

static int
waiting_local(int fd)
{
    _Alignas(struct nlmsghdr) char answer[1024];
    struct stat status;
    int waiting = -1;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (netlink < 0)
        return -1;
    if (!fstat(fd, &status) && ask(netlink, status.st_ino)) {
        ssize_t n = recv(netlink, answer, sizeof answer, 0); /* the kernel answers at once */
        if (n > 0)
            waiting = understand((struct nlmsghdr *)answer, (size_t)n);
    }
    close(netlink);
    return waiting;
}

int
bask_sock_waiting(int fd)
{
    int family = 0;
    socklen_t size = sizeof family;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size))
        return -1;
    return family == AF_UNIX ? waiting_local(fd) : waiting_tcp(fd);
}
