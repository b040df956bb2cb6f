/* What exec gives a process, and what it inherits. */
#include "probe.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void
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

void
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

void
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

void
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

void
report_children(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	line("children %s", pid < 0    ? strerror(errno)
	                    : pid == 0 ? "running"
	                               : "ended, not waited for");
}
