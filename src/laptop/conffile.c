#include "laptop/conffile.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 * 1024 * 1024, LINKS_MAX = 40 };

static bool __attribute__((format(printf, 3, 4)))
refuse(struct findings *findings, const char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	finding_add(findings, ERROR, CODE_SSH_CONFIG_FILE, path, "%s",
	    arena_vprintf(findings->arena, format, args));
	va_end(args);
	return false;
}

static const char *
directory_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Follows the symbolic links of path's last part. realpath(3) would refuse a link to a file that is
 * not there yet. */
static const char *
follow(struct findings *findings, const char *path)
{
	struct arena *arena = findings->arena;
	const char *real = path;

	for (int links = 0; links < LINKS_MAX; links++) {
		char target[PATH_MAX];
		ssize_t len = readlink(real, target, sizeof(target));

		if (len < 0)
			return real;
		if ((size_t)len == sizeof(target))
			break;
		real = target[0] == '/' ? arena_strndup(arena, target, (size_t)len)
		                        : arena_printf(arena, "%s/%.*s", directory_of(arena, real),
		                            (int)len, target);
	}
	refuse(findings, path, "too many symbolic links");
	return NULL;
}

static bool
read_text(struct findings *findings, int fd, size_t size, struct conffile *out)
{
	if (file_drain(findings->arena, fd, size, FILE_MAX, &out->text) < 0)
		return refuse(findings, out->path, "%s",
		    errno == EFBIG ? "it is larger than 64 MB" : strerror(errno));
	if (memchr(out->text.data, '\0', out->text.len) != NULL)
		return refuse(findings, out->path, "it holds a NUL byte, so it is no text");
	return true;
}

/* A directory that is missing will be made, if the one above it lets us. */
static bool
directory_writable(struct findings *findings, const char *path, const char *real)
{
	const char *dir = directory_of(findings->arena, real);

	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0)
		return true;
	if (errno == ENOENT) {
		dir = directory_of(findings->arena, dir);
		if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0)
			return true;
	}
	return refuse(findings, path, "nothing can be written in %s: %s", dir, strerror(errno));
}

/* Under sudo, what is new in a user's home is to be the user's. */
static void
owner_of_new(struct arena *arena, struct conffile *file)
{
	const char *dir = directory_of(arena, file->real);
	struct stat st;

	if (geteuid() != 0
	    || (stat(dir, &st) != 0
	        && (errno != ENOENT || stat(directory_of(arena, dir), &st) != 0)))
		return;
	file->uid = st.st_uid;
	file->gid = st.st_gid;
}

bool
conffile_read(struct findings *findings, const char *path, struct conffile *out)
{
	struct stat st;
	bool good;
	int fd;

	*out = (struct conffile){ .path = path, .mode = 0600, .text = { "", 0 } };
	out->uid = geteuid();
	out->gid = getegid();
	if ((out->real = follow(findings, path)) == NULL)
		return false;
	/* O_NONBLOCK: a pipe in the file's place must not stop us. */
	fd = open(out->real, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		owner_of_new(findings->arena, out);
		return directory_writable(findings, path, out->real);
	}
	if (fd < 0)
		return refuse(findings, path, "%s", strerror(errno));
	out->exists = true;
	if (fstat(fd, &st) != 0)
		good = refuse(findings, path, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		good = refuse(findings, path, "it is %s",
		    S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	else if (faccessat(AT_FDCWD, out->real, W_OK, AT_EACCESS) != 0)
		good = refuse(findings, path, "it cannot be written: %s", strerror(errno));
	else
		good = directory_writable(findings, path, out->real)
		       && read_text(findings, fd, (size_t)st.st_size, out);
	if (good) {
		out->mode = st.st_mode & 07777;
		out->uid = st.st_uid;
		out->gid = st.st_gid;
	}
	close(fd);
	return good;
}

bool
conffile_unchanged(struct findings *findings, const struct conffile *file)
{
	struct conffile now;

	if (!conffile_read(findings, file->path, &now))
		return false;
	if (now.exists == file->exists && strcmp(now.real, file->real) == 0
	    && now.text.len == file->text.len
	    && memcmp(now.text.data, file->text.data, now.text.len) == 0)
		return true;
	return refuse(findings, file->path, "it was changed meanwhile; run the same again");
}

/* Opens the directory of path, made where it is missing. */
static int
open_directory(struct arena *arena, const char *path, const struct conffile *file)
{
	const char *dir = directory_of(arena, path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && mkdir(dir, 0700) == 0) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && geteuid() == 0 && fchown(fd, file->uid, file->gid) != 0) {
			close(fd);
			fd = -1;
		}
	}
	return fd;
}

int
conffile_lock(struct findings *findings, const struct conffile *file)
{
	int fd = open_directory(findings->arena, file->path, file);

	if (fd < 0)
		refuse(findings, file->path, "its directory: %s", strerror(errno));
	else
		flock(fd, LOCK_EX); /* a file system without locks: each rename still is atomic */
	return fd;
}

/* Replaces the file at path by one with that text, and file's mode and owner. */
static bool
write_to(struct findings *findings, const char *path, const struct conffile *file, struct span text)
{
	struct arena *arena = findings->arena;
	const struct file_owner owner = { file->uid, file->gid };
	const bool ours = file->uid == geteuid() && file->gid == getegid();
	const char *temporary = arena_printf(arena, ".%s.sshinit", name_of(path));
	int dir = open_directory(arena, path, file);
	bool good;

	if (dir < 0)
		return refuse(findings, path, "its directory: %s", strerror(errno));
	/* Always the same name: what a kill leaves behind is taken away by the next run. */
	(void)unlinkat(dir, temporary, 0);
	good = file_replace_by(
	           dir, name_of(path), temporary, text, file->mode, ours ? NULL : &owner, true)
	       == 0;
	if (!good)
		refuse(findings, path, "it cannot be written: %s", strerror(errno));
	close(dir);
	return good;
}

bool
conffile_write(
    struct findings *findings, const struct conffile *file, struct span text, bool backup)
{
	const char *bak = arena_printf(findings->arena, "%s.bak", file->path);

	if (backup && file->exists && !write_to(findings, bak, file, file->text))
		return false;
	return write_to(findings, file->real, file, text);
}

bool
conffile_delete(struct findings *findings, const struct conffile *file)
{
	if (unlink(file->real) == 0 || errno == ENOENT)
		return true;
	return refuse(findings, file->path, "it cannot be deleted: %s", strerror(errno));
}
