#include "unit/processes.h"

#include "base/children.h"
#include "base/log.h"
#include "init/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOOK_EVERY = 5000 /* microseconds */ };

void
processes_prepare(void)
{
	log_set_level(LOG_QUIET);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int signo = 1; signo < NSIG; signo++)
		(void)signal(signo, SIG_DFL);
}

bool
eventually(bool (*condition)(void))
{
	for (int64_t until = loop_now() + PATIENCE; loop_now() < until; usleep(LOOK_EVERY))
		if (condition())
			return true;
	return condition();
}

bool
reaches_state(pid_t pid, char state)
{
	for (int64_t until = loop_now() + PATIENCE; loop_now() < until; usleep(LOOK_EVERY)) {
		char path[64], text[512] = "";
		const char *after;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && state == '-')
			return true;
		if (fd < 0)
			continue;
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		close(fd);
		after = strrchr(text, ')');
		if (after != NULL && after[2] == state)
			return true;
	}
	return false;
}

bool
nothing_left(void)
{
	for (int64_t until = loop_now() + PATIENCE;; usleep(LOOK_EVERY)) {
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			;
		if (pid < 0)
			return errno == ECHILD;
		if (loop_now() > until)
			return false;
	}
}

int
status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

int
end_processes(void **unused)
{
	(void)unused;
	children_end(0, NULL);
	return 0;
}
