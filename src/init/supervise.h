/*
 * supervise: stay as init and run the command as a child, as tini and dumb-init do.
 *
 * Every signal that can be caught goes on to the command, SIGCHLD excepted, which is ours, and
 * SIGTTIN and SIGTTOU, which are about our own place on the terminal. The command gets the signal
 * mask and dispositions that sshinit was given, a process group of its own, and the terminal where
 * it was ours, with a session of its own where we lead ours. Everything that becomes our child is
 * reaped. The answer is the command's status, or 128 and the number of the signal that ended it.
 *
 * Job control works from both sides. A command that the terminal stops (^Z) stops us too, so that
 * the shell that started us gets its prompt back, and goes on when we do. SIGTSTP sent to us stops
 * the command, and us where we are not PID 1, until SIGCONT. Where we lead the terminal's session,
 * there is no such shell, and what stops the command otherwise is undone.
 */
#ifndef SSHINIT_INIT_SUPERVISE_H
#define SSHINIT_INIT_SUPERVISE_H

#include "init/monitor.h"

struct supervise_options {
	/* Signals go to the whole process group of the command, and when it ends, the rest of the
	 * group gets SIGTERM. */
	bool group;
	bool success[256];       /* statuses that are answered as 0 */
	int parent_death_signal; /* what the command gets when our parent dies; 0: nothing */
	int grace; /* milliseconds that sessions, and the rest of the group, have when it ended */
};

/* Runs argv and returns the status to exit with. Where no process can be made any more, argv takes
 * the place of this one, as in exec mode. */
int supervise(struct monitor *monitor, const struct supervise_options *options, char *const argv[]);

/* The status for a wait status, with the options' statuses answered as 0. */
int supervise_status(const struct supervise_options *options, int wait_status);

#endif
