/*
 * A bell between processes: any of them rings it, one waits for it. Ringing twice before the other
 * looks is as good as once. The descriptor is inherited by fork(2) and closed by execve(2).
 */
#pragma once

/* A descriptor that is readable once it was rung; BASK_E_SYSTEM. */
int bask_bell_open(void);
void bask_bell_close(int bell);
/* From any process and from a signal handler. */
void bask_bell_ring(int bell);
/* Ready to be rung again. */
void bask_bell_clear(int bell);
