/*
 * Listening sockets and the names users give them.
 */
#pragma once

#include "base/buf.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* An address that was understood; `length` is what bind(2) wants. */
struct bask_sockaddr {
    union {
        struct sockaddr any;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
        struct sockaddr_un local;
    } u;
    socklen_t length;
};

/* Text of an IP address or of a port, with its NUL. */
#define BASK_ADDR_TEXT 46

struct bask_sock_name {
    char addr[BASK_ADDR_TEXT]; /* "" on a unix socket */
    char port[6];
};

/*
 * ":9090" (every IPv4 address), "host:port", "[::1]:9090", "/path/of/a/socket" or "relative.sock",
 * "@abstract". `error` gets one sentence when the result is not 0 (BASK_E_SYNTAX, BASK_E_NOTFOUND).
 */
int bask_sock_parse(bask_str text, struct bask_sockaddr *ret_addr, char *error, size_t error_size);

/* What a listening socket is to be like, and those that are accepted on it. 0: as usual. */
struct bask_sock_traits {
    bool reuse_port, freebind, keep_alive;
    int64_t send_buffer, receive_buffer;
    int64_t fast_open; /* connections that may carry data in their first packet */
    int64_t defer_ms;  /* accepted with their first bytes, or after so long */
};

/* A listening socket: non-blocking, close-on-exec. A unix socket that nobody listens on any more is
 * replaced. BASK_E_SYSTEM with a sentence in `error`. */
int bask_sock_listen_as(const struct bask_sockaddr *addr, const struct bask_sock_traits *traits,
                        int backlog, int *ret_fd, char *error, size_t error_size);
/* The same, as usual. */
int bask_sock_listen(const struct bask_sockaddr *addr, int backlog, int *ret_fd, char *error,
                     size_t error_size);

/* Sockets that are open already: the process was started with them. */
struct bask_sock_given {
    bask_str name; /* as the user wrote it where it was opened */
    int fd;        /* -1: taken */
    bool borrowed; /* it is somebody else's, with its path */
};

struct bask_sock_givens {
    struct bask_sock_given *items;
    size_t count;
    char *text; /* that the names are views into, if it is theirs */
};

/* The first one of this name, which is the caller's from now on; -1 if there is none. `givens` may
 * be NULL. */
int bask_sock_take(struct bask_sock_givens *givens, bask_str name);
/* The same, telling whether it is somebody else's. */
int bask_sock_take_noting(struct bask_sock_givens *givens, bask_str name, bool *ret_borrowed);
/* The same by the number of its descriptor, or by the address that it listens on. */
int bask_sock_take_number(struct bask_sock_givens *givens, int fd);
int bask_sock_take_bound(struct bask_sock_givens *givens, const struct bask_sockaddr *addr);

/* A descriptor that came from elsewhere is to be a listening socket: non-blocking, close-on-exec,
 * and no standard file, whose place an empty one takes. BASK_E_SYSTEM with a sentence. */
int bask_sock_adopt(int fd, int backlog, int *ret_fd, char *error, size_t error_size);

/* A stream socket that connections come to. */
bool bask_sock_is_listening(int fd);

/* Accepting on it returns at once. */
void bask_sock_never_block(int fd);

/* The numeric text of an address. */
void bask_sock_describe(const struct bask_sockaddr *addr, struct bask_sock_name *ret_name);

/* Sends what the socket takes without waiting, and uses it up. BASK_OK: that was all of it;
 * BASK_E_AGAIN: the rest later; BASK_E_SYSTEM: no more. `flags` are those of send(2). */
int bask_sock_flush(int fd, struct bask_buf *out, int flags);

/* sendfile(2) without SIGPIPE: a socket whose peer has left is only EPIPE. */
ssize_t bask_sock_send_file(int fd, int file_fd, off_t *offset, size_t size);

/* Connections that wait in a listening socket, and how many may. */
struct bask_sock_queue {
    int waiting, limit;
};
/* BASK_E_SYSTEM if it cannot be told. */
int bask_sock_queue(int fd, struct bask_sock_queue *ret_queue);
/* The number that waits; -1 if it cannot be told. */
int bask_sock_waiting(int fd);

/* The largest backlog the kernel grants. */
int bask_sock_backlog_limit(void);
