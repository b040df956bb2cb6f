#include "init/backoff.h"

int64_t
backoff_next(int64_t before, int64_t ran)
{
	if (ran >= BACKOFF_STABLE)
		return 0;
	if (before < BACKOFF_LEAST)
		return BACKOFF_LEAST;
	return before > BACKOFF_MOST / 2 ? BACKOFF_MOST : before * 2;
}
