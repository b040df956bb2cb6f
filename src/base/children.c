#include "base/children.h"

#include "base/clock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* LOOK_EVERY and PATIENCE in milliseconds; children beyond ROOM are ended in later rounds. */
enum { ROOM = 1024, LOOK_EVERY = 10, PATIENCE = 2000 };

/* The parent of the process that /proc calls name, 0 when that cannot be read. */
static pid_t
parent_of(const char *name)
{
	char path[64], text[512];
	const char *after;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	/* "PID (name) S PPID ...", and the name may hold anything, parentheses included. */
	after = strrchr(text, ')');
	if (after == NULL || strlen(after) < 4)
		return 0;
	return (pid_t)strtol(after + 4, NULL, 10);
}

int
children_list(pid_t *pids, int room)
{
	const struct dirent *entry;
	pid_t self = getpid();
	int count = 0;
	char link[32] = "";
	DIR *proc;

	/* A /proc may be that of another pid namespace; then its numbers mean nothing here. */
	if (readlink("/proc/self", link, sizeof(link) - 1) < 0 || strtol(link, NULL, 10) != self)
		return -1;
	proc = opendir("/proc");
	if (proc == NULL)
		return -1;
	while ((entry = readdir(proc)) != NULL && count < room) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (parent_of(entry->d_name) == self)
			pids[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	closedir(proc);
	return count;
}

static bool
is_among(const pid_t *list, int count, pid_t pid)
{
	for (int i = 0; i < count; i++)
		if (list[i] == pid)
			return true;
	return false;
}

/* Those who have had their SIGTERM. */
struct told {
	pid_t pids[ROOM];
	int count;
};

/* Sends SIGTERM to the children that have not had it yet, or SIGKILL to all of them. */
static void
signal_children(const pid_t *known, struct told *told, bool kill_now)
{
	pid_t pids[ROOM];
	int count = children_list(pids, ROOM);

	if (count < 0)
		for (count = 0; count < ROOM && known != NULL && known[count] != 0; count++)
			pids[count] = known[count];
	for (int i = 0; i < count; i++) {
		if (kill_now) {
			kill(pids[i], SIGKILL);
		} else if (told->count < ROOM && !is_among(told->pids, told->count, pids[i])) {
			told->pids[told->count++] = pids[i];
			kill(pids[i], SIGTERM);
		}
	}
}

void
children_end(int64_t grace, const pid_t *known)
{
	const struct timespec pause = { 0, LOOK_EVERY * 1000000L };
	int64_t start = clock_ms();
	struct told told = { .count = 0 };

	for (;;) {
		int64_t spent = clock_ms() - start;
		pid_t pid;

		signal_children(known, &told, spent >= grace);
		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0 || (pid < 0 && errno == EINTR));
		if (pid < 0 || spent >= grace + PATIENCE)
			return;
		nanosleep(&pause, NULL);
	}
}
