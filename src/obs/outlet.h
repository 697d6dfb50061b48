/*
 * The way out of everything that is logged: standard error, without ever waiting long for it.
 *
 * A pipe whose reader stands still, a terminal that is held: whoever has a line to write would wait
 * for them, the master and workers with all their clients. So the wait is short, and while nobody
 * reads there is none; what does not go out is lost, counted, and told of when the way is free
 * again.
 */
#pragma once

#include <stddef.h>

/* Whole lines. Any thread may call it. */
void bask_outlet_write(const char *lines, size_t len);

/* The same for lines about requests, which may have a way of their own: the descriptor `fd`, from
 * now on. -1: they go beside the others. Set once, before there are threads. */
void bask_outlet_write_requests(const char *lines, size_t len);
void bask_outlet_requests_to(int fd);

/* From now on this process, and all that it forks, put no line into the middle of another's. Once,
 * before there are threads; without the memory for it nothing changes. */
void bask_outlet_share(void);

/* Is shown all that is written, also what is lost, by the thread that writes it; NULL: nobody is.
 */
typedef void bask_outlet_watch_f(const char *lines, size_t len);
void bask_outlet_watch(bask_outlet_watch_f *watch);

/* Standard error leads elsewhere now: the way to where it led is closed. Without this the next line
 * would notice. */
void bask_outlet_follow(void);

/* In a new process that writes somewhere else: as at the start. */
void bask_outlet_forget(void);
