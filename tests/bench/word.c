/*
 * word: the user's command of the start-up measurement. Its first act is to write the time to
 * descriptor 3, where tests/bench/box.c reads it. "word stay" then sleeps.
 */
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct timespec time;
	int64_t now;

	(void)argv;
	clock_gettime(CLOCK_MONOTONIC, &time);
	now = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
	if (argc == 1)
		return write(3, &now, sizeof(now)) == (ssize_t)sizeof(now) ? 0 : 1;
	for (;;)
		pause();
}
