/*
 * How many connections wait in a listening socket, on Linux: the kernel tells it of TCP sockets by
 * TCP_INFO, of local ones only by netlink.
 */
#include "sys/sock.h"

#include "base/err.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

static int
ask_tcp(int fd, struct bask_sock_queue *ret_queue)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    /* Of a listening socket these fields are its queue, and the limit of it. */
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
        return BASK_E_SYSTEM;
    *ret_queue = (struct bask_sock_queue){(int)info.tcpi_unacked, (int)info.tcpi_sacked};
    return BASK_OK;
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
understand(struct nlmsghdr *answer, size_t length, struct bask_sock_queue *ret_queue)
{
    if (!NLMSG_OK(answer, length) || answer->nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return BASK_E_SYSTEM;
    struct rtattr *attribute = (struct rtattr *)((struct unix_diag_msg *)NLMSG_DATA(answer) + 1);
    int left = (int)answer->nlmsg_len - (int)NLMSG_LENGTH(sizeof(struct unix_diag_msg));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
        if (attribute->rta_type == UNIX_DIAG_RQLEN) {
            const struct unix_diag_rqlen *lengths = RTA_DATA(attribute);
            *ret_queue =
                (struct bask_sock_queue){(int)lengths->udiag_rqueue, (int)lengths->udiag_wqueue};
            return BASK_OK;
        }
    return BASK_E_SYSTEM;
}

static int
ask_local(int fd, struct bask_sock_queue *ret_queue)
{
    _Alignas(struct nlmsghdr) char answer[1024];
    struct stat status;
    int err = BASK_E_SYSTEM;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (netlink < 0)
        return BASK_E_SYSTEM;
    if (!fstat(fd, &status) && ask(netlink, status.st_ino)) {
        ssize_t n = recv(netlink, answer, sizeof answer, 0); /* the kernel answers at once */
        if (n > 0)
            err = understand((struct nlmsghdr *)answer, (size_t)n, ret_queue);
    }
    close(netlink);
    return err;
}

int
bask_sock_queue(int fd, struct bask_sock_queue *ret_queue)
{
    int family = 0;
    socklen_t size = sizeof family;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size))
        return BASK_E_SYSTEM;
    return family == AF_UNIX ? ask_local(fd, ret_queue) : ask_tcp(fd, ret_queue);
}

int
bask_sock_waiting(int fd)
{
    struct bask_sock_queue queue;
    return bask_sock_queue(fd, &queue) ? -1 : queue.waiting;
}
