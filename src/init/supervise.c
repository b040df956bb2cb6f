#include "init/supervise.h"

#include "base/log.h"
#include "init/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel's own signal set. The C library's leaves out the two or three signals it keeps for
 * itself, but they can be sent to us like any other, and the command may want them. */
typedef uint64_t signals;

enum { END_PATIENCE = 5000 };

struct supervisor {
	struct monitor *monitor;
	const struct supervise_options *options;
	pid_t parent; /* ours */
	pid_t command;
	signals mask;              /* as we were given it */
	struct sigaction on_child; /* SIGCHLD's disposition, as we were given it */
	int tty;                   /* our terminal, -1: none */
	bool tty_given;            /* it is that of the command's session, no longer of ours */
	bool told_to_stop;         /* by SIGTSTP, not by the terminal */
	bool ended, childless;
	int wait_status;
};

static signals
bit(int signo)
{
	return (signals)1 << (signo - 1);
}

static signals
set_mask(signals mask)
{
	signals before = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof(mask));
	return before;
}

/* The next signal, or 0 when none came in time (-1: no limit). */
static int
next_signal(int64_t milliseconds)
{
	const signals all = ~(signals)0;
	struct timespec limit = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	long signo;

	do {
		signo = syscall(
		    SYS_rt_sigtimedwait, &all, NULL, milliseconds < 0 ? NULL : &limit, sizeof(all));
	} while (signo < 0 && errno == EINTR);
	return signo < 0 ? 0 : (int)signo;
}

/* The terminal that controls our session, whoever is in its foreground now. */
static int
own_tty(void)
{
	int tty = -1;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && tty < 0; fd++)
		if (tcgetpgrp(fd) >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR)
			tty = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (tty < 0)
		tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return tty;
}

/* Whether the terminal's foreground is the process group given. */
static bool
in_front(int tty, pid_t group)
{
	return tty >= 0 && tcgetpgrp(tty) == group;
}

/* Lets go of the terminal, so that the command's session can have it. The hangup that the kernel
 * sends to the foreground for that (tty_ioctl(4), TIOCNOTTY) is caught by a child that is there for
 * nothing else: whoever shares our process group must not die of it. */
static bool
let_go_of_tty(int tty)
{
	pid_t front = fork();
	bool gone;

	if (front == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	if (front < 0)
		return false;
	setpgid(front, front);
	gone = tcsetpgrp(tty, front) == 0 && ioctl(tty, TIOCNOTTY) == 0;
	if (!gone)
		tcsetpgrp(tty, getpgrp());
	kill(front, SIGKILL);
	waitpid(front, NULL, 0);
	return gone;
}

/* How the command gets the terminal. Where we lead the session (the first process of `docker run
 * -t` does), the command leads one too. Nobody above us can make a stopped process go on, and the
 * kernel's stop keys pass over those whom nobody can. A process group within our session would not
 * be such a one: ^Z would stop it, and a stopped vfork(2) child, whose parent cannot stop then, is
 * invisible to us, and stopped for good. Under a shell with job control that is the shell's. */
static void
part_with_tty(struct supervisor *supervisor)
{
	supervisor->tty = own_tty();
	supervisor->tty_given = getsid(0) == getpid() && in_front(supervisor->tty, getpgrp())
	                        && let_go_of_tty(supervisor->tty);
}

/* The command is gone. What we say, and ^C while sessions may go on, are ours again. */
static void
take_tty_back(struct supervisor *supervisor)
{
	if (supervisor->tty_given)
		ioctl(supervisor->tty, TIOCSCTTY, 0);
	else if (in_front(supervisor->tty, supervisor->command))
		tcsetpgrp(supervisor->tty, getpgrp());
	supervisor->tty_given = false;
}

static _Noreturn void
be_command(const struct supervisor *supervisor, char *const argv[])
{
	if (supervisor->tty_given) {
		setsid();
		ioctl(supervisor->tty, TIOCSCTTY, 0);
	} else {
		/* Both of us do this, so that it is done for either, whoever runs first. SIGTTOU
		 * is blocked. */
		setpgid(0, 0);
		if (in_front(supervisor->tty, getpgid(getppid())))
			tcsetpgrp(supervisor->tty, getpid());
	}
	sigaction(SIGCHLD, &supervisor->on_child, NULL);
	set_mask(supervisor->mask);
	_exit(command_exec(argv));
}

static void
forward(const struct supervisor *supervisor, int signo)
{
	/* It makes its group itself where it leads a session, and may not have come to it. */
	if (supervisor->options->group && kill(-supervisor->command, signo) == 0)
		return;
	if (kill(supervisor->command, signo) != 0)
		log_say(LOG_DEBUG, "signal %d was not forwarded: %s", signo, strerror(errno));
}

/* From us to the command, where it is ours to give. */
static bool
hand_over_tty(const struct supervisor *supervisor)
{
	return in_front(supervisor->tty, getpgrp())
	       && tcsetpgrp(supervisor->tty, supervisor->command) == 0;
}

/* Whether a process neither catches nor ignores a signal, as far as /proc says. */
static bool
takes_default(pid_t pid, int signo)
{
	static const char *const others[] = { "\nSigIgn:", "\nSigCgt:" };
	char path[32], status[8192];
	int fd;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd >= 0 ? read(fd, status, sizeof(status) - 1) : 0;
	if (fd >= 0)
		close(fd);
	status[len > 0 ? len : 0] = '\0';
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const char *mask = strstr(status, others[i]);

		if (mask == NULL
		    || (strtoull(mask + strlen(others[i]), NULL, 16) & bit(signo)) != 0)
			return false;
	}
	return true;
}

/* SIGTSTP was sent to us, and by hand: the terminal sends it to its foreground only. From a process
 * that nobody in its session can make go on, the kernel keeps it; we can, so it gets SIGSTOP. */
static void
stop_command(struct supervisor *supervisor)
{
	supervisor->told_to_stop = true;
	forward(supervisor, supervisor->tty_given && takes_default(supervisor->command, SIGTSTP)
	                        ? SIGSTOP
	                        : SIGTSTP);
}

/* The command has stopped. */
static void
stop_too(struct supervisor *supervisor, int signo)
{
	signals pending = 0;

	if (supervisor->told_to_stop) {
		/* Whoever told us will tell us to go on. PID 1 does not stop. */
		supervisor->told_to_stop = false;
		kill(getpid(), SIGSTOP);
		return;
	}
	if (supervisor->tty_given) {
		/* By SIGSTOP, as nano, mutt and busybox vi do at ^Z, and nobody would make it go
		 * on. As the first process they would not have stopped. */
		kill(-supervisor->command, SIGCONT);
		return;
	}
	if (supervisor->tty < 0 || (signo != SIGTSTP && signo != SIGTTIN && signo != SIGTTOU))
		return;
	if (signo != SIGTSTP && hand_over_tty(supervisor)) {
		/* It wanted the terminal, which a shell has given us since we started. */
		kill(-supervisor->command, SIGCONT);
		return;
	}
	/* SIGTSTP rather than SIGSTOP, because the kernel drops it where nobody could make us go on
	 * (no shell above us). Nor would the command have stopped there without us. */
	set_mask(~bit(SIGTSTP));
	kill(getpid(), SIGTSTP);
	set_mask(~(signals)0);
	syscall(SYS_rt_sigpending, &pending, sizeof(pending));
	if ((pending & bit(SIGCONT)) == 0)
		kill(-supervisor->command, SIGCONT);
}

/* One SIGCHLD may stand for many deaths: until there is no more. __WALL: the monitor's holder is
 * invisible otherwise. */
static void
reap(struct supervisor *supervisor)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
		if (pid == supervisor->command && WIFSTOPPED(status)) {
			stop_too(supervisor, WSTOPSIG(status));
		} else if (pid == supervisor->command) {
			supervisor->ended = true;
			supervisor->wait_status = status;
		} else if (!WIFSTOPPED(status)) {
			monitor_reaped(supervisor->monitor, pid);
		}
	}
	supervisor->childless = pid < 0 && errno == ECHILD;
}

/* Has the kernel tell us when our parent dies. What cannot be caught would end us and not the
 * command. */
static void
watch_parent(int signo)
{
	prctl(PR_SET_PDEATHSIG, signo == SIGKILL || signo == SIGSTOP ? SIGTERM : signo);
}

static void
handle(struct supervisor *supervisor, int signo)
{
	if (supervisor->options->parent_death_signal > 0 && getppid() != supervisor->parent) {
		supervisor->parent = getppid();
		forward(supervisor, supervisor->options->parent_death_signal);
	}
	switch (signo) {
	case 0: /* only time went by */
		break;
	case SIGCHLD:
		reap(supervisor);
		break;
	case SIGTTIN:
	case SIGTTOU:
		break;
	case SIGTSTP:
		stop_command(supervisor);
		break;
	case SIGCONT:
		supervisor->told_to_stop = false;
		hand_over_tty(supervisor);
		if (supervisor->tty >= 0 && kill(-supervisor->command, signo) == 0)
			break;
		forward(supervisor, signo);
		break;
	default:
		forward(supervisor, signo);
	}
}

/* Whether there is nobody left to wait for. */
static bool
all_gone(const struct supervisor *supervisor)
{
	return supervisor->monitor->holder == 0
	       && (!supervisor->options->group || supervisor->childless);
}

/* The command has ended. What is left of its group is told so; open sessions may end in peace;
 * whoever tells us to end meanwhile is obeyed. */
static void
wait_for_the_rest(struct supervisor *supervisor)
{
	int64_t until = loop_now() + supervisor->options->grace + END_PATIENCE;

	if (supervisor->options->group)
		kill(-supervisor->command, SIGTERM);
	if (supervisor->options->grace <= 0)
		return;
	monitor_stop(supervisor->monitor, supervisor->options->grace);
	reap(supervisor);
	while (!all_gone(supervisor) && loop_now() < until) {
		int signo = next_signal(until - loop_now());

		if (signo == SIGTERM || signo == SIGINT || signo == SIGQUIT)
			return;
		reap(supervisor);
	}
}

int
supervise_status(const struct supervise_options *options, int wait_status)
{
	int status
	    = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);

	return options->success[status & 0xff] ? 0 : status;
}

int
supervise(struct monitor *monitor, const struct supervise_options *options, char *const argv[])
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	struct supervisor supervisor
	    = { .monitor = monitor, .options = options, .parent = getppid() };

	if (options->parent_death_signal > 0)
		watch_parent(options->parent_death_signal);
	if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		log_say(LOG_WARN,
		    "not PID 1 and no subreaper: processes that lose their parent are not "
		    "reaped; run sshinit as the container's ENTRYPOINT");
	supervisor.mask = set_mask(~(signals)0);
	/* Ignored (as it may have come), it would make the kernel reap in our place. */
	sigaction(SIGCHLD, &by_default, &supervisor.on_child);
	part_with_tty(&supervisor);
	supervisor.command = fork();
	if (supervisor.command == 0)
		be_command(&supervisor, argv);
	if (supervisor.command < 0) {
		log_say(LOG_WARN,
		    "cannot supervise (%s): the command runs in place of sshinit, and "
		    "without SSH",
		    strerror(errno));
		/* The command must not find a child that is not its own. */
		if (monitor->holder != 0 && kill(monitor->holder, SIGTERM) == 0)
			waitpid(monitor->holder, NULL, 0);
		take_tty_back(&supervisor);
		sigaction(SIGCHLD, &supervisor.on_child, NULL);
		set_mask(supervisor.mask);
		return command_exec(argv);
	}
	if (!supervisor.tty_given) {
		setpgid(supervisor.command, supervisor.command);
		hand_over_tty(&supervisor);
	}
	monitor_command_runs(monitor);
	while (!supervisor.ended)
		handle(&supervisor, next_signal(monitor_mind(monitor)));
	take_tty_back(&supervisor);
	wait_for_the_rest(&supervisor);
	return supervise_status(options, supervisor.wait_status);
}
