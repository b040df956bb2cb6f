#include "init/hold.h"

#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>

int
hold(struct monitor *monitor)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t waited;
	pid_t pid;

	/* Blocked signals are kept for sigwaitinfo even where PID 1 would never be sent them.
	 * SIGCHLD may have come ignored, and then nobody would ever be told of a death. */
	sigaction(SIGCHLD, &by_default, NULL);
	sigemptyset(&waited);
	sigaddset(&waited, SIGTERM);
	sigaddset(&waited, SIGINT);
	sigaddset(&waited, SIGQUIT);
	sigaddset(&waited, SIGHUP);
	sigaddset(&waited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &waited, NULL);
	for (;;) {
		struct timespec limit;
		int64_t left;
		int signo;

		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			monitor_reaped(monitor, pid);
		left = monitor_mind(monitor);
		limit = (struct timespec){ left / 1000, left % 1000 * 1000000 };
		signo = sigtimedwait(&waited, NULL, left < 0 ? NULL : &limit);
		if (signo == SIGHUP)
			monitor_reload(monitor);
		else if (signo > 0 && signo != SIGCHLD)
			return 0;
	}
}
