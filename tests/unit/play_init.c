#include "unit/play_init.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct supervise_options options;
pid_t init_pid;
static int said[2]; /* what the command writes to descriptor 1 */

int
init_set_up(void **unused)
{
	(void)unused;
	memset(&options, 0, sizeof(options));
	return pipe2(said, O_CLOEXEC | O_NONBLOCK);
}

int
init_tear_down(void **unused)
{
	close(said[0]);
	close(said[1]);
	return end_processes(unused);
}

void
init_start_words(char *const words[])
{
	struct monitor none = { .link = -1 };

	init_pid = fork();
	assert_true(init_pid >= 0);
	if (init_pid == 0) {
		fcntl(said[1], F_SETFL, 0);
		dup2(said[1], STDOUT_FILENO);
		/* The command gets it forwarded. */
		alarm(ALARM);
		_exit(supervise(&none, &options, words));
	}
}

void
init_start(const char *script)
{
	char *words[] = { "sh", "-c", (char *)script, NULL };

	init_start_words(words);
}

int
init_run(const char *script)
{
	init_start(script);
	return status_of(init_pid);
}

bool
hear_from(int fd, const char *text)
{
	char heard[4096] = "";
	size_t len = 0;
	int64_t until = loop_now() + PATIENCE;

	while (loop_now() < until && len < sizeof(heard) - 1) {
		struct pollfd poll_fd = { fd, POLLIN, 0 };

		if (poll(&poll_fd, 1, 100) <= 0)
			continue;
		/* By the byte: what comes after it is for the next call. */
		if (read(fd, heard + len, 1) <= 0)
			break;
		heard[++len] = '\0';
		if (strstr(heard, text) != NULL)
			return true;
	}
	fprintf(stderr, "not heard: %s, but: %s\n", text, heard);
	return false;
}

bool
hear(const char *text)
{
	return hear_from(said[0], text);
}
