/*
 * Messages between a master and a zygote: fixed-size records over a socket pair that keeps their
 * borders. What each end may say is the enum.
 */
#pragma once

#include <stdint.h>

enum bask_message_kind {
    /* to the zygote */
    BASK_MESSAGE_FORK = 1, /* worker_id or aide, side: make a process for this place */
    BASK_MESSAGE_LOOK,     /* at the board: the log may have to be opened again */
    /* to the master */
    BASK_MESSAGE_WARMING, /* the application is loaded and will be warmed */
    BASK_MESSAGE_READY,   /* workers can be made */
    BASK_MESSAGE_FAILED,  /* they never will be, code is an exit code; the zygote ends */
    BASK_MESSAGE_FORKED,  /* this place has this pid, said by both of them; -1: fork failed */
    BASK_MESSAGE_EXITED,  /* the process with this pid ended; code as waitpid(2) gives it */
    /* to the master before, from its successor */
    BASK_MESSAGE_SERVING, /* all its workers accept; code: the minute of Unix time when it took over
                           */
    /* to a successor */
    BASK_MESSAGE_PAUSED,  /* code: 1, workers accept nothing; 0, they do */
    BASK_MESSAGE_TOUCHED, /* a file was; this master has done what had to be done */
    BASK_MESSAGE_RELOAD,  /* one was asked for, and this version may be the old one already */
};

struct bask_message {
    int32_t kind; /* enum bask_message_kind */
    uint32_t worker_id;
    uint32_t side; /* which of its places */
    uint32_t aide; /* it is no worker but this mule or spooler, from 1; 0: a worker */
    int32_t pid;
    int32_t code;
};

/* Two connected ends, non-blocking and close-on-exec. 0 or BASK_E_SYSTEM. */
int bask_channel_open(int ret_ends[2]);
/* 0; BASK_E_CLOSED: the other end is gone; BASK_E_SYSTEM. */
int bask_channel_send(int fd, const struct bask_message *message);
/* From now on who sends learns that the other end is gone; what was sent can be received. */
void bask_channel_close_to_senders(int fd);
/* 0; BASK_E_AGAIN: none waits; BASK_E_CLOSED. */
int bask_channel_receive(int fd, struct bask_message *ret_message);
