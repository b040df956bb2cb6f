#include "base/file.h"

#include "base/arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000 /* Linux 5.8; musl 1.2.5 does not name it */
#endif

int
file_drain(struct arena *arena, int fd, size_t expected, size_t limit, struct span *text)
{
	size_t cap = expected < limit ? expected + 2 : 4096, len = 0;
	char *data;

	cap = cap < 4096 ? 4096 : cap;
	data = arena_alloc(arena, cap, 1);
	for (;;) {
		ssize_t n = read(fd, data + len, cap - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > limit) {
			errno = EFBIG;
			return -1;
		}
		if (len == cap - 1) {
			data = arena_grow(arena, data, cap, cap * 2);
			cap *= 2;
		}
	}
	data[len] = '\0';
	*text = (struct span){ data, len };
	return 0;
}

static int
read_open_file(struct arena *arena, int fd, size_t limit, nlink_t links, struct span *text)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	if (links != 0 && status.st_nlink > links) {
		errno = EMLINK;
		return -1;
	}
	/* Not by st_size alone: files in /proc have none, and files grow. */
	return file_drain(arena, fd, (size_t)status.st_size, limit, text);
}

static int
read_at(struct arena *arena, int dir, const char *path, size_t limit, int flags, nlink_t links,
    struct span *text)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	int result, saved;

	if (fd < 0)
		return -1;
	result = read_open_file(arena, fd, limit, links, text);
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

int
file_read(struct arena *arena, int dir, const char *path, size_t limit, struct span *text)
{
	return read_at(arena, dir, path, limit, 0, 0, text);
}

int
file_read_own(struct arena *arena, int dir, const char *path, size_t limit, struct span *text)
{
	return read_at(arena, dir, path, limit, O_NOFOLLOW, 1, text);
}

int
write_all(int fd, const void *bytes, size_t len)
{
	const char *next = bytes;

	while (len > 0) {
		ssize_t n = write(fd, next, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		next += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
fill(int fd, struct span text, mode_t mode, const struct file_owner *owner, bool sync)
{
	if (write_all(fd, text.data, text.len) < 0)
		return -1;
	/* In this order: once it is somebody else's, the mode needs CAP_FOWNER. */
	if (fchmod(fd, mode) < 0)
		return -1;
	if (owner != NULL && fchown(fd, owner->uid, owner->gid) < 0)
		return -1;
	return sync ? fsync(fd) : 0;
}

static const char temporary_prefix[] = ".sshinit-";

enum { TEMPORARY_SECONDS = 60 };

int
file_replace_by(int dir, const char *name, const char *temporary, struct span text, mode_t mode,
    const struct file_owner *owner, bool sync)
{
	int fd, result, saved;

	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	result = fill(fd, text, mode, owner, sync);
	saved = errno;
	if (close(fd) < 0 && result == 0) {
		saved = errno;
		result = -1;
	}
	if (result == 0 && renameat(dir, temporary, dir, name) < 0) {
		saved = errno;
		result = -1;
	}
	if (result < 0)
		unlinkat(dir, temporary, 0);
	else if (sync)
		(void)fsync(dir); /* the rename is done, and some file systems refuse this */
	errno = saved;
	return result;
}

int
file_replace(int dir, const char *name, struct span text, mode_t mode,
    const struct file_owner *owner, bool sync)
{
	char temporary[64];
	uint64_t random = 0;

	/* A random name: in a directory where others may write, none can be waiting for us. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = ((uint64_t)getpid() << 32) ^ (uintptr_t)&random;
	snprintf(temporary, sizeof(temporary), "%s%016llx", temporary_prefix,
	    (unsigned long long)random);
	return file_replace_by(dir, name, temporary, text, mode, owner, sync);
}

void
file_sweep(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	struct stat status;

	if (list == NULL && fd >= 0)
		close(fd);
	while (list != NULL && (entry = readdir(list)) != NULL)
		if (strncmp(entry->d_name, temporary_prefix, strlen(temporary_prefix)) == 0
		    && strlen(entry->d_name) == strlen(temporary_prefix) + 16
		    && fstatat(dir, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0
		    && S_ISREG(status.st_mode) && time(NULL) - status.st_mtime > TEMPORARY_SECONDS)
			(void)unlinkat(dir, entry->d_name, 0);
	if (list != NULL)
		closedir(list);
}

int
file_sync(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int result;

	if (fd < 0)
		return -1;
	result = fsync(fd);
	close(fd);
	if (fsync(dir) < 0)
		result = -1;
	return result;
}

int
dir_open(int dir, const char *name, mode_t mode, bool *made)
{
	const bool is_new = mkdirat(dir, name, mode) == 0;
	const int wrong = is_new ? 0 : errno;
	int fd;

	/* Where nothing can be made, one that is there already will do. */
	if (!is_new && wrong != EEXIST && wrong != EROFS && wrong != EACCES && wrong != EPERM)
		return -1;
	if (made != NULL)
		*made = is_new;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		errno = wrong;
	/* The container's umask took something away: a login user could not pass through. */
	if (fd >= 0 && is_new)
		(void)fchmod(fd, mode);
	return fd;
}

/* From the top down: what stands below a directory that is safe stays what it was found to be. */
bool
file_is_sheltered(struct arena *arena, const char *path)
{
	char *part = arena_strdup(arena, path);
	struct stat status;

	for (size_t i = 1; path[0] != '\0' && path[i - 1] != '\0'; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		part[i] = '\0';
		if (lstat(part, &status) < 0 || S_ISLNK(status.st_mode)
		    || (status.st_uid != 0 && status.st_uid != geteuid()))
			return false;
		/* As /tmp: what is ours or root's there, nobody else can rename. */
		if ((status.st_mode & 022) != 0 && (path[i] == '\0' || !(status.st_mode & S_ISVTX)))
			return false;
		part[i] = path[i];
	}
	return path[0] != '\0';
}

bool
file_is_mount(const char *path)
{
	struct statx status;
	struct stat self, parent;
	char above[4096];

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &status) == 0
	    && (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
		return S_ISDIR(status.stx_mode)
		       && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
	/* An older kernel: another file system than the directory above is a mount too. */
	snprintf(above, sizeof(above), "%s/..", path);
	return stat(path, &self) == 0 && S_ISDIR(self.st_mode) && stat(above, &parent) == 0
	       && self.st_dev != parent.st_dev;
}
