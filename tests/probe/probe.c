/*
 * probe: everything that a program can see of how it was started.
 *
 * The promise is that the user's command runs exactly as it would without sshinit. A test runs this
 * program as the command twice, bare and under sshinit, and compares what it prints: sorted lines
 *of "name value". What differs between any two containers (inode numbers, ids of the host) is left
 * out or named by its kind, so that the outputs of two faithful starts are equal byte for byte.
 *
 * Not printed, because it differs by design: children that only __WALL sees (the monitor is one).
 *
 *	probe [ARG...]     the report; ARGs are there to be reported
 *	probe exit N       exit with status N
 *	probe signal N     kill itself with signal N
 *	probe signals      say "ready", then each signal as it arrives; ends on SIGTERM with 0
 *	probe wait         wait(2) for children until there are none: hangs where a stranger is one
 *	probe orphans N    make N orphans; when all have ended, count the zombies; 1 if there are
 *any probe env0         the environment, each entry ended by NUL probe sleep        do nothing
 *until SIGTERM or SIGINT, then exit with 0
 *
 * It is linked statically, so that it runs in any image, and reads the world before it changes it:
 * no line depends on what another line's making did.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The kernel's signals are 1 to 64; libc hides two of them, so the system calls are made directly.
 */
#define SIGNALS 64
typedef unsigned long long signal_set;

/* ---- lines ---- */

static char **lines;
static size_t line_count;

static void
die(const char *what)
{
	perror(what);
	exit(99);
}

__attribute__((format(printf, 1, 2))) static void
line(const char *format, ...)
{
	va_list args;

	if (line_count % 64 == 0) {
		lines = realloc(lines, (line_count + 64) * sizeof(*lines));
		if (lines == NULL)
			die("realloc");
	}
	va_start(args, format);
	if (vasprintf(&lines[line_count++], format, args) < 0)
		die("vasprintf");
	va_end(args);
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
print_lines(void)
{
	qsort(lines, line_count, sizeof(*lines), by_bytes);
	for (size_t i = 0; i < line_count; i++)
		puts(lines[i]);
}

/* A string of any bytes on one line; the answer stays until the next call. */
static const char *
quoted(const char *bytes)
{
	static char *text;
	char *to;

	free(text);
	text = malloc(4 * strlen(bytes) + 1);
	if (text == NULL)
		die("malloc");
	to = text;
	for (; *bytes != '\0'; bytes++) {
		if (*bytes > ' ' && *bytes < 127 && *bytes != '\\')
			*to++ = *bytes;
		else
			to += sprintf(to, *bytes == ' ' ? " " : "\\x%02x", (unsigned char)*bytes);
	}
	*to = '\0';
	return text;
}

/* ---- what the report says, by subject ---- */

static void
report_arguments(char **argv)
{
	size_t i;

	for (i = 0; argv[i] != NULL; i++)
		line("argv.%04zu length %zu: %s", i, strlen(argv[i]), quoted(argv[i]));
	line("argv.count %zu", i);
	for (i = 0; environ[i] != NULL; i++)
		line("env %s", quoted(environ[i]));
	line("env.count %zu", i);
}

/* Process ids differ from start to start; which of the few they are does not. */
static const char *
who(pid_t pid, char text[static 32])
{
	if (pid == 0)
		return "none or outside";
	if (pid == getpid())
		return "self";
	if (pid == getppid())
		return "parent";
	snprintf(text, 32, "%d", pid);
	return text;
}

static void
report_process(void)
{
	char text[32], path[4096];
	ssize_t length;
	mode_t mask = umask(0);

	umask(mask);
	line("process.is-pid-1 %s", getpid() == 1 ? "yes" : "no");
	line("process.parent %s", getppid() <= 1 ? (getppid() == 1 ? "1" : "outside") : "another");
	line("process.group %s", who(getpgrp(), text));
	line("process.session %s", who(getsid(0), text));
	line("process.umask %04o", mask);
	line("process.cwd %s", getcwd(path, sizeof(path)) != NULL ? quoted(path) : strerror(errno));
	length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	line("process.exe %s", quoted(path));
	line("process.execfn %s", quoted((const char *)getauxval(AT_EXECFN)));
	line("process.secure-exec %lu", getauxval(AT_SECURE));
	line("process.personality %#x", (unsigned)personality(0xffffffff));
	line("process.nice %d", getpriority(PRIO_PROCESS, 0));
	line("process.scheduler %d", sched_getscheduler(0));
	line("process.ioprio %ld", syscall(SYS_ioprio_get, 1, 0));
}

static void
report_ids(void)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid, groups[65536];
	int count;
	char text[16 * 64] = "";
	size_t used = 0;

	if (getresuid(&ruid, &euid, &suid) != 0 || getresgid(&rgid, &egid, &sgid) != 0)
		die("getresuid");
	line("id.user %u %u %u", ruid, euid, suid);
	line("id.group %u %u %u", rgid, egid, sgid);
	count = getgroups(COUNT(groups), groups);
	line("id.groups.count %d", count);
	for (int i = 0; i < count && used < sizeof(text) - 16; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %u", groups[i]);
	line("id.groups%s", text);
}

static void
report_limits(void)
{
	static const struct {
		int resource;
		const char *name;
	} limits[] = {
		{ RLIMIT_AS, "as" },
		{ RLIMIT_CORE, "core" },
		{ RLIMIT_CPU, "cpu" },
		{ RLIMIT_DATA, "data" },
		{ RLIMIT_FSIZE, "fsize" },
		{ RLIMIT_LOCKS, "locks" },
		{ RLIMIT_MEMLOCK, "memlock" },
		{ RLIMIT_MSGQUEUE, "msgqueue" },
		{ RLIMIT_NICE, "nice" },
		{ RLIMIT_NOFILE, "nofile" },
		{ RLIMIT_NPROC, "nproc" },
		{ RLIMIT_RSS, "rss" },
		{ RLIMIT_RTPRIO, "rtprio" },
		{ RLIMIT_RTTIME, "rttime" },
		{ RLIMIT_SIGPENDING, "sigpending" },
		{ RLIMIT_STACK, "stack" },
	};
	struct rlimit limit;

	for (size_t i = 0; i < COUNT(limits); i++) {
		if (getrlimit(limits[i].resource, &limit) != 0)
			die(limits[i].name);
		line("limit.%s %lld %lld", limits[i].name, (long long)limit.rlim_cur,
		    (long long)limit.rlim_max);
	}
}

static void
report_signals(void)
{
	/* The kernel's own layout; only the first member matters here. */
	struct {
		void (*handler)(int);
		unsigned long rest[16];
	} action;
	signal_set blocked = 0, pending = 0, ignored = 0, caught = 0;
	struct itimerval timer;
	stack_t stack;
	static const char *const timers[] = { "real", "virtual", "prof" };

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof(blocked));
	syscall(SYS_rt_sigpending, &pending, sizeof(pending));
	for (int i = 1; i <= SIGNALS; i++) {
		if (syscall(SYS_rt_sigaction, i, NULL, &action, sizeof(signal_set)) != 0)
			continue;
		if (action.handler == SIG_IGN)
			ignored |= 1ULL << (i - 1);
		else if (action.handler != SIG_DFL)
			caught |= 1ULL << (i - 1);
	}
	line("signal.blocked %016llx", blocked);
	line("signal.pending %016llx", pending);
	line("signal.ignored %016llx", ignored);
	line("signal.caught %016llx", caught);
	if (sigaltstack(NULL, &stack) == 0)
		line("signal.altstack %#x", (unsigned)stack.ss_flags);
	for (size_t i = 0; i < COUNT(timers); i++) {
		if (getitimer((int)i, &timer) != 0)
			die("getitimer");
		line("timer.%s %s, interval %lld s", timers[i],
		    timer.it_value.tv_sec || timer.it_value.tv_usec ? "armed" : "off",
		    (long long)timer.it_interval.tv_sec);
	}
}

/* Lines of /proc/self/status that name privileges, processors and threads. */
static void
report_status(void)
{
	static const char *const wanted[] = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
		"NoNewPrivs", "Seccomp", "Seccomp_filters", "Speculation_Store_Bypass",
		"SpeculationIndirectBranch", "Cpus_allowed_list", "Mems_allowed_list", "Threads",
		"THP_enabled", "TracerPid", "Name" };
	char text[8192], *colon;
	FILE *file = fopen("/proc/self/status", "re");

	if (file == NULL) {
		line("status %s", strerror(errno));
		return;
	}
	while (fgets(text, sizeof(text), file) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		colon = strchr(text, ':');
		if (colon == NULL)
			continue;
		*colon++ = '\0';
		for (size_t i = 0; i < COUNT(wanted); i++) {
			if (strcmp(text, wanted[i]) == 0)
				line("status.%s %s", text, colon + strspn(colon, " \t"));
		}
	}
	fclose(file);
}

static void
report_attributes(void)
{
	int value;
	const struct {
		const char *name;
		long value;
	} attributes[] = {
		{ "dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) },
		{ "keep-caps", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) },
		{ "mce-kill", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) },
		{ "no-new-privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) },
		{ "securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) },
		{ "thp-disable", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) },
		{ "timer-slack", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) },
		{ "timing", prctl(PR_GET_TIMING, 0, 0, 0, 0) },
	};

	for (size_t i = 0; i < COUNT(attributes); i++)
		line("attribute.%s %ld", attributes[i].name, attributes[i].value);
	if (prctl(PR_GET_PDEATHSIG, &value, 0, 0, 0) == 0)
		line("attribute.parent-death-signal %d", value);
	if (prctl(PR_GET_CHILD_SUBREAPER, &value, 0, 0, 0) == 0)
		line("attribute.child-subreaper %d", value);
	if (prctl(PR_GET_TSC, &value, 0, 0, 0) == 0)
		line("attribute.tsc %d", value);
}

/* Files of /proc that hold one attribute each; the number of mounts and the namespaces. */
static void
report_proc(void)
{
	static const char *const files[]
	    = { "oom_score_adj", "coredump_filter", "loginuid", "attr/current" };
	static const char *const spaces[] = { "pid", "time" };
	char path[64], text[256], other[256], c;
	FILE *file;
	ssize_t length;
	long mounts = 0;

	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		file = fopen(path, "re");
		if (file == NULL || fgets(text, sizeof(text), file) == NULL)
			snprintf(text, sizeof(text), "(%s)", strerror(errno));
		if (file != NULL)
			fclose(file);
		text[strcspn(text, "\n")] = '\0';
		line("proc.%s %s", files[i], text);
	}
	for (size_t i = 0; i < COUNT(spaces); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", spaces[i]);
		length = readlink(path, text, sizeof(text) - 1);
		text[length < 0 ? 0 : length] = '\0';
		snprintf(path, sizeof(path), "/proc/self/ns/%s_for_children", spaces[i]);
		length = readlink(path, other, sizeof(other) - 1);
		other[length < 0 ? 0 : length] = '\0';
		line("namespace.%s children get %s", spaces[i],
		    strcmp(text, other) == 0 ? "the same" : "another");
	}
	file = fopen("/proc/self/mountinfo", "re");
	if (file != NULL) {
		while (fread(&c, 1, 1, file) == 1)
			mounts += c == '\n';
		fclose(file);
	}
	line("mounts %ld", mounts);
}

static void
report_terminal(int fd)
{
	struct termios t;
	struct winsize size;
	char text[32], special[2 * NCCS + 1];

	if (tcgetattr(fd, &t) != 0)
		return;
	for (size_t i = 0; i < NCCS; i++)
		sprintf(special + 2 * i, "%02x", t.c_cc[i]);
	line("fd.%04d.termios %x %x %x %x %s", fd, t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag,
	    special);
	if (ioctl(fd, TIOCGWINSZ, &size) == 0)
		line("fd.%04d.window %u %u", fd, size.ws_row, size.ws_col);
	line("fd.%04d.foreground %s", fd, who(tcgetpgrp(fd), text));
	line("fd.%04d.session %s", fd, who(tcgetsid(fd), text));
}

static const char *
kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "pipe";
	case S_IFSOCK:
		return "socket";
	default:
		return "other";
	}
}

static void
report_descriptors(void)
{
	struct rlimit limit;
	struct stat st, other;
	char path[32], target[4096];
	ssize_t length;
	int flags, last, same, tty;

	last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur
	                                                                       : 65536;
	for (int fd = 0; fd < last; fd++) {
		/* With F_GETFL and not by reading /proc/self/fd: that would open one more. */
		flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fstat(fd, &st) != 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = '\0';
		/* "pipe:[1234]": the number is another one at each start. */
		if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
			target[strcspn(target, "[")] = '\0';
		for (same = 0; same < fd; same++) {
			if (fstat(same, &other) == 0 && other.st_dev == st.st_dev
			    && other.st_ino == st.st_ino)
				break;
		}
		line("fd.%04d %s %s flags %#o close-on-exec %d offset %lld device %u:%u same as %d",
		    fd, kind(st.st_mode), quoted(target), (unsigned)flags, fcntl(fd, F_GETFD),
		    S_ISREG(st.st_mode) ? (long long)lseek(fd, 0, SEEK_CUR) : 0LL,
		    major(st.st_rdev), minor(st.st_rdev), same);
		report_terminal(fd);
	}
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	line("controlling-terminal %s", tty >= 0 ? "yes" : "no");
	if (tty >= 0)
		close(tty);
}

static void
report_children(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	line("children %s", pid < 0    ? strerror(errno)
	                    : pid == 0 ? "running"
	                               : "ended, not waited for");
}

static int
report(char **argv)
{
	report_descriptors(); /* first: nothing of ours is open yet */
	report_signals();
	report_children();
	report_arguments(argv);
	report_process();
	report_ids();
	report_limits();
	report_status();
	report_attributes();
	report_proc();
	print_lines();
	return 0;
}

/* ---- the other modes ---- */

static int
do_signal(int number)
{
	sigset_t all;

	signal(number, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	kill(getpid(), number);
	/* The kernel spares PID 1 what it sends itself, but not a real fault; SIGILL stands for
	 * these. */
	if (number == SIGILL)
		__builtin_trap();
	fprintf(stderr, "probe: signal %d did not end pid %d\n", number, getpid());
	return 99;
}

static int
do_signals(void)
{
	sigset_t all;
	int number;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	do {
		number = sigwaitinfo(&all, NULL);
		if (number > 0)
			printf("signal %d: %s\n", number, strsignal(number));
	} while (number != SIGTERM);
	return 0;
}

static int
do_wait(void)
{
	int count = 0;

	while (wait(NULL) > 0)
		count++;
	printf("waited for %d children: %s\n", count, strerror(errno));
	return 0;
}

static int
zombies(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], text[512], *state;
	FILE *file;
	int count = 0;

	if (proc == NULL)
		die("/proc");
	while ((entry = readdir(proc)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		/* The name may hold anything, so the state is what follows its last parenthesis. */
		if (fgets(text, sizeof(text), file) != NULL && (state = strrchr(text, ')')) != NULL)
			count += strncmp(state, ") Z", 3) == 0;
		fclose(file);
	}
	closedir(proc);
	return count;
}

static int
do_orphans(int wanted)
{
	int alive[2], reaped = 0, left = 0;
	pid_t child;
	char c;

	if (pipe2(alive, O_CLOEXEC) != 0)
		die("pipe2");
	for (int i = 0; i < wanted; i++) {
		child = fork();
		if (child < 0)
			die("fork");
		if (child == 0) {
			/* The grandchild ends after its parent, and holds the pipe until then. */
			if (fork() == 0)
				usleep(100 * 1000);
			_exit(0);
		}
		if (waitpid(child, NULL, 0) != child)
			die("waitpid");
	}
	close(alive[1]);
	if (read(alive[0], &c, 1) != 0)
		die("read");
	/* They have ended. Whoever is to reap them gets two seconds; as PID 1 that is us. */
	for (int tries = 0; tries < 200; tries++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			reaped++;
		left = zombies();
		if (left == 0)
			break;
		usleep(10 * 1000);
	}
	printf("orphans %d, reaped here %d, zombies %d\n", wanted, reaped, left);
	return left != 0;
}

static int
do_env0(void)
{
	for (char **each = environ; *each != NULL; each++)
		fwrite(*each, 1, strlen(*each) + 1, stdout);
	return 0;
}

static int
do_sleep(void)
{
	sigset_t end;
	int number;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	while (sigwait(&end, &number) != 0)
		continue;
	return 0;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(mode, "exit") == 0)
		return number;
	if (strcmp(mode, "signal") == 0)
		return do_signal(number);
	if (strcmp(mode, "signals") == 0)
		return do_signals();
	if (strcmp(mode, "wait") == 0)
		return do_wait();
	if (strcmp(mode, "orphans") == 0)
		return do_orphans(number);
	if (strcmp(mode, "env0") == 0)
		return do_env0();
	if (strcmp(mode, "sleep") == 0)
		return do_sleep();
	return report(argv);
}
