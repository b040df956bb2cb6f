/*
 * hidden: a process beside the user's command that the command cannot see with wait().
 *
 *     command (sshinit until it execs)
 *       └─ holder   a clone(2) child without an exit signal: wait() and waitpid(-1) pass it by
 *            └─ worker   an ordinary fork; runs the function given, starts sshd
 *
 * An ordinary child would make a command that loops on wait() until it has no children hang for
 * ever, and forking twice does not help, because orphans come back to PID 1. Only a child that the
 * kernel does not count helps, and it must never exec, which would make it count again. Nor may it
 * use raise() or abort(), which would signal its parent: the C library does not know that it is
 * another thread. So it does nothing but hold: it forks the worker at once, keeps it running, and
 * is a subreaper, so that nothing below ever becomes a child of the command.
 *
 * Who dies, and what follows:
 *   the command as PID 1      the kernel ends everything
 *   the command otherwise     the holder sees it (pidfd), ends the worker, sshd and all sessions
 *   the worker                the holder adopts its sessions and makes another one
 *   the holder                the worker gets SIGTERM, ends sshd and all sessions, and itself
 * SIGTERM for the holder or the worker ends them in good order; SIGHUP goes to the worker.
 *
 * Both have a session of their own, default signals, no descriptor but standard error (0 and 1 are
 * /dev/null) and what was asked to be kept, and are not dumpable: no process of the same user can
 * trace them or read their environment.
 */
#ifndef SSHINIT_INIT_HIDDEN_H
#define SSHINIT_INIT_HIDDEN_H

#include <stdbool.h>
#include <sys/types.h>

struct hidden {
	/* Called once in the holder, before the first worker: what is made here (the pipes that
	 * sshd logs into) is the same for every worker. */
	void (*setup)(void *context);
	/* All that the worker does. link is its end of a SOCK_SEQPACKET pair; the other end is the
	 * caller's and closes when the command is exec'd. The answer is an exit status: 0 when all
	 * is over, anything else asks for a new worker. */
	int (*work)(void *context, int link);
	void *context;
	const int *keep; /* descriptors the worker needs, none of them 0, 1 or 2 */
	int keep_count;
	/* The command's words, blanked in the copies that holder and worker have, or `pkill -f` for
	 * the command would hit them too. May be NULL. */
	char *const *command;
	int grace; /* milliseconds that sessions have to end in when the command has */
	/* Not hidden after all: the caller stays what it is, and wants a SIGCHLD when the holder
	 * ends, which a hidden one does not send. */
	bool visible;
	/* The caller execs next and does nothing else. Then the holder need not be a copy: it
	 * sleeps until the exec and keeps the memory that the caller leaves behind, so neither
	 * pays for copying pages, which is most of what a start costs. */
	bool execs_next;
};

/* Starts holder and worker. Returns the caller's end of the link (never 0, 1 or 2, O_CLOEXEC), or
 * -1 with errno. */
int hidden_start(const struct hidden *hidden, pid_t *holder);

/* For a child of the worker that is going to be or to do something else: default signals, nothing
 * blocked. */
void hidden_default_signals(void);

#endif
