#include "sshd/install_lock.h"

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What the two clocks' grains may make a process seem younger by. */
enum { GRAIN_MS = 100, STAT_SIZE = 4096, START_FIELD = 22 };

static int64_t
read_clock(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* When a process began, by the clock that files are dated by; 0 when there is no such process, or
 * only what is left of it, which a careless process 1 leaves about. */
static int64_t
process_start(struct arena *arena, long pid)
{
	const char *path = arena_printf(arena, "/proc/%ld/stat", pid);
	struct span stat;
	const char *at;
	bool zombie;

	if (file_read(arena, AT_FDCWD, path, STAT_SIZE, &stat) < 0)
		return 0;
	/* Its name stands in brackets, and may hold spaces and brackets. */
	at = strrchr(stat.data, ')');
	zombie = at != NULL && strncmp(at, ") Z", 3) == 0;
	for (int field = 2; at != NULL && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL || zombie)
		return 0;
	return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME)
	       + strtoll(at, NULL, 10) * 1000 / sysconf(_SC_CLK_TCK);
}

void
install_lock_mend(struct arena *arena, const char *path)
{
	struct stat status;
	struct span text;
	int64_t written, start;
	long pid;

	if (file_read(arena, AT_FDCWD, path, STAT_SIZE, &text) < 0 || stat(path, &status) < 0)
		return;
	/* An empty one is about to be written, or is free for the next. */
	pid = strtol(text.data, NULL, 10);
	if (pid <= 0)
		return;
	written = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
	start = process_start(arena, pid);
	if ((start == 0 || start > written + GRAIN_MS) && unlink(path) == 0)
		dprintf(STDERR_FILENO, "removed %s, which a killed process left\n", path);
}

/* Whether any process has the file open. Only one of root's can hold a package manager's lock, and
 * those we can look into. */
static bool
is_open(struct arena *arena, const struct stat *file)
{
	DIR *processes = opendir("/proc"), *files;
	bool found = false;

	if (processes == NULL)
		return true;
	for (struct dirent *process; !found && (process = readdir(processes)) != NULL;) {
		if (process->d_name[0] < '1' || process->d_name[0] > '9')
			continue;
		files = opendir(arena_printf(arena, "/proc/%s/fd", process->d_name));
		if (files == NULL)
			continue;
		for (struct dirent *entry; !found && (entry = readdir(files)) != NULL;) {
			struct stat open_file;

			found = fstatat(dirfd(files), entry->d_name, &open_file, 0) == 0
			        && open_file.st_dev == file->st_dev
			        && open_file.st_ino == file->st_ino;
		}
		closedir(files);
	}
	closedir(processes);
	return found;
}

bool
install_lock_wait(const struct install_clock *clock, const char *path)
{
	int64_t end = read_clock(CLOCK_MONOTONIC) + LOCK_SECONDS * INT64_C(1000);

	if (end > clock->end)
		end = clock->end;
	for (int64_t said = 0;; nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL)) {
		struct arena *scratch = arena_new();
		struct stat status;
		bool held = stat(path, &status) == 0 && is_open(scratch, &status);
		int64_t now = read_clock(CLOCK_MONOTONIC);

		arena_free(scratch);
		if (!held) {
			if (unlink(path) == 0)
				dprintf(STDERR_FILENO, "removed %s, which nobody holds\n", path);
			return true;
		}
		if (now >= end)
			return false;
		if (now - said >= INSTALL_SAY_EVERY) {
			said = now;
			dprintf(STDERR_FILENO, "openssh-server, after %ld s: waiting for %s\n",
			    install_clock_spent(clock), path);
		}
	}
}
