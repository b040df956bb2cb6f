/*
 * backoff: how long to wait before something that died is started again.
 *
 * Whatever ran for a while is started again at once; whatever dies young waits one second, then
 * two, four and so on up to half a minute. Either way there is at most one start a second.
 */
#ifndef SSHINIT_INIT_BACKOFF_H
#define SSHINIT_INIT_BACKOFF_H

#include <stdint.h>

/* Milliseconds. Having lived STABLE, a process is held to be sound. */
enum { BACKOFF_LEAST = 1000, BACKOFF_MOST = 30000, BACKOFF_STABLE = 10000 };

/* The pause after a run that lasted ran, given the pause before it (0: there was none). */
int64_t backoff_next(int64_t before, int64_t ran);

#endif
