/*
 * sendfile(2) knows no MSG_NOSIGNAL. An application may take SIGPIPE for itself, or give it back
 * its usual meaning, and then a client that leaves would end the process.
 */
#include "sys/sock.h"

#include <errno.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <time.h>

ssize_t
bask_sock_send_file(int fd, int file_fd, off_t *offset, size_t size)
{
    const struct timespec at_once = {0};
    sigset_t broken_pipe, before;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
    ssize_t n = sendfile(fd, file_fd, offset, size);
    int why = errno;
    /* Some bytes may have gone before it came. */
    if (n != (ssize_t)size && !sigismember(&before, SIGPIPE))
        while (sigtimedwait(&broken_pipe, NULL, &at_once) < 0 && errno == EINTR)
            continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return n;
}
