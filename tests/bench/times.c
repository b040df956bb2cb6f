/*
 * times: how long commands take that take turns.
 *
 *	times ROUNDS -- LABEL COMMAND [ARG...] [-- LABEL COMMAND [ARG...] ...]
 *
 * Runs each COMMAND ROUNDS times, one after the other in turn, after one round that does not count;
 * standard streams are /dev/null. A COMMAND that fails ends all; status 1 is
 * an answer (of sshinit --check) and no failure. Output: a line for each run,
 * "LABEL<tab>NANOSECONDS<tab>NANOSECONDS OF CPU".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MOST = 32 };

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t
of(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

static void
run(char **words, int counts)
{
	int64_t began = now(), took;
	struct rusage used;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		execvp(words[1], words + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid || !WIFEXITED(status)
	    || WEXITSTATUS(status) > 1) {
		fprintf(stderr, "times: %s: failed (status %#x)\n", words[0], (unsigned)status);
		exit(1);
	}
	took = now() - began;
	if (counts)
		printf("%s\t%lld\t%lld\n", words[0], (long long)took,
		    (long long)(of(used.ru_utime) + of(used.ru_stime)));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	char **commands[COMMANDS_MOST];
	int count = 0, rounds = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--") == 0 && i + 2 < argc && count < COMMANDS_MOST) {
			commands[count++] = argv + i + 1;
			argv[i] = NULL;
		}
	if (count == 0 || rounds < 1) {
		fprintf(stderr, "usage: times ROUNDS -- LABEL COMMAND [ARG...] [-- ...]\n");
		return 64;
	}
	for (int round = 0; round <= rounds; round++)
		for (int c = 0; c < count; c++)
			run(commands[(c + round) % count], round > 0);
	return 0;
}
