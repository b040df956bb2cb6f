/*
 * clock: the time, to measure with and to write down.
 */
#ifndef SSHINIT_BASE_CLOCK_H
#define SSHINIT_BASE_CLOCK_H

#include "base/arena.h"

#include <stdint.h>
#include <time.h>

/* Milliseconds on a clock that only runs forward; for differences, it has no date. */
int64_t clock_ms(void);

/* "2026-11-20T07:00:00Z", in arena; "" for a time that has no year. */
const char *clock_utc(struct arena *arena, time_t when);

#endif
