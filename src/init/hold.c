#include "init/hold.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

int
hold(const struct monitor *monitor)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t waited;

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
		siginfo_t info;
		int signo;

		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		signo = sigwaitinfo(&waited, &info);
		if (signo == SIGHUP)
			monitor_reload(monitor);
		else if (signo > 0 && signo != SIGCHLD)
			return 0;
	}
}
