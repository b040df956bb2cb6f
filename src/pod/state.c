#include "pod/state.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where it may stand, best first. */
static const struct {
	const char *parent;
	bool named_for_user;
} places[] = { { "/run", false }, { "/dev/shm", true }, { "/tmp", true } };

static const char lock_name[] = "lock";

enum { PLACES = sizeof(places) / sizeof(places[0]), ROOM = 64 * 1024, RANDOM_DIGITS = 16 };

static mode_t
wanted_mode(void)
{
	return geteuid() == 0 ? 0711 : 0700;
}

static const char *
name_at(struct arena *arena, size_t place, uid_t uid)
{
	if (!places[place].named_for_user)
		return "sshinit";
	return arena_printf(arena, "sshinit-%u", (unsigned)uid);
}

/* Whether the open directory is one that nobody else can have prepared. */
static bool
is_ours(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_uid == geteuid()
	       && (status.st_mode & 07777) == wanted_mode();
}

static int
open_existing(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && !is_ours(fd)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

/* Makes name new and ours; -1 where the place cannot hold it as we want it. */
static int
make_new(int parent, const char *name)
{
	/* At once with its mode: another sshinit that starts now must not think it somebody else's.
	 */
	mode_t mask = umask(0);
	int made = mkdirat(parent, name, wanted_mode()), fd;

	(void)umask(mask);
	if (made < 0)
		return -1;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fchmod(fd, wanted_mode()) == 0 && is_ours(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	unlinkat(parent, name, AT_REMOVEDIR);
	errno = EPERM;
	return -1;
}

/* What the directory above may do to ours. /run, too, can be any mount: podman's is like /tmp. */
enum shelter {
	OPEN,   /* others may rename what we make there */
	STICKY, /* they may only make things of their own */
	CLOSED  /* only root or we can write there: sshd's StrictModes accepts it */
};

static enum shelter
shelter_of(int parent)
{
	struct stat status;

	if (fstat(parent, &status) < 0 || (status.st_uid != 0 && status.st_uid != geteuid()))
		return OPEN;
	if ((status.st_mode & 022) == 0)
		return CLOSED;
	return (status.st_mode & S_ISVTX) != 0 ? STICKY : OPEN;
}

static const char *
random_name(struct arena *arena, const char *name)
{
	unsigned char bytes[8] = { 0 };

	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) < 0)
		memcpy(bytes, &(pid_t){ getpid() }, sizeof(pid_t));
	return arena_printf(arena, "%s-%02x%02x%02x%02x%02x%02x%02x%02x", name, bytes[0], bytes[1],
	    bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

/* Whether there is room for what will stand in it. A full disk lets one make a directory. */
static bool
has_room(int fd)
{
	static const char name[] = ".room";
	static const char zeros[ROOM];
	int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool room;

	if (file < 0)
		return false;
	room = write_all(file, zeros, sizeof(zeros)) == 0;
	close(file);
	(void)unlinkat(fd, name, 0);
	return room;
}

/* Takes the directory for this process, as long as it lives. 0, or whose it is: a process of this
 * container, or -1 for one that we cannot see. A file system without locks is taken as it is. */
static long
take(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = openat(fd, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	/* The descriptor stays open: closing it would give the lock back. */
	if (file < 0 || fcntl(file, F_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES))
		return 0;
	if (fcntl(file, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		lock.l_pid = 0;
	close(file);
	return lock.l_pid > 0 ? lock.l_pid : -1;
}

/* Whether name is base with what random_name puts behind it. */
static bool
is_random_name(const char *name, const char *base)
{
	size_t len = strlen(base);

	return strncmp(name, base, len) == 0 && name[len] == '-'
	       && strspn(name + len + 1, "0123456789abcdef") == RANDOM_DIGITS
	       && name[len + 1 + RANDOM_DIGITS] == '\0';
}

/* The directory of a random name that a worker of ours uses, or was the last to use; -1 and *name
 * unchanged where there is none. Only we could have made one that passes open_existing. */
static int
open_random(struct arena *arena, int parent, const char **name)
{
	int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), best = -1;
	DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *item;
	struct timespec latest = { 0 };
	const char *base = *name;

	if (directory == NULL && copy >= 0)
		close(copy);
	while (directory != NULL && (item = readdir(directory)) != NULL) {
		struct stat status;
		int fd;

		if (!is_random_name(item->d_name, base))
			continue;
		fd = open_existing(parent, item->d_name);
		if (fd < 0)
			continue;
		if (fstatat(fd, "worker", &status, AT_SYMLINK_NOFOLLOW) < 0
		    || !S_ISREG(status.st_mode)
		    || (best >= 0
		        && (status.st_mtim.tv_sec < latest.tv_sec
		            || (status.st_mtim.tv_sec == latest.tv_sec
		                && status.st_mtim.tv_nsec < latest.tv_nsec)))) {
			close(fd);
			continue;
		}
		if (best >= 0)
			close(best);
		best = fd;
		latest = status.st_mtim;
		*name = arena_strdup(arena, item->d_name);
	}
	if (directory != NULL)
		closedir(directory);
	return best;
}

/* Where the name is taken: one of a random name, which *name becomes. */
static int
make_random(struct arena *arena, int parent, const char **name, long *other)
{
	const char *base = *name;
	/* A worker that follows one that died takes over its directory. */
	int fd = open_random(arena, parent, name);

	*other = fd >= 0 ? take(fd) : 0;
	if (fd >= 0 && *other == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	if (*other > 0)
		return -1;
	*name = random_name(arena, base);
	fd = make_new(parent, *name);
	*other = fd >= 0 ? take(fd) : 0;
	return fd;
}

/* The state directory at one place that shelters it at least so well, or fd -1. */
static struct state
make_at(struct arena *arena, size_t place, enum shelter least, struct findings *findings)
{
	struct state state = { .fd = -1, .path = "" };
	int parent = open(places[place].parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name = name_at(arena, place, geteuid());
	bool there;

	if (parent < 0)
		return state;
	if (shelter_of(parent) < least) {
		close(parent);
		return state;
	}
	state.strict = shelter_of(parent) == CLOSED;
	state.fd = make_new(parent, name);
	there = state.fd < 0 && errno == EEXIST;
	if (there)
		state.fd = open_existing(parent, name);
	state.other = state.fd >= 0 ? take(state.fd) : 0;
	if (state.other != 0) {
		close(state.fd);
		state.fd = -1;
	}
	if (there && state.fd < 0 && state.other <= 0) {
		const char *taken = name;

		state.fd = make_random(arena, parent, &name, &state.other);
		if (state.fd >= 0)
			finding_add(findings, WARNING, CODE_STATE_TAKEN,
			    arena_printf(arena, "%s/%s", places[place].parent, taken),
			    "%s/%s is used instead", places[place].parent, name);
	}
	if (state.fd >= 0 && !has_room(state.fd)) {
		(void)unlinkat(state.fd, lock_name, 0);
		(void)unlinkat(parent, name, AT_REMOVEDIR);
		close(state.fd);
		state.fd = -1;
	}
	if (state.fd >= 0)
		state.path = arena_printf(arena, "%s/%s", places[place].parent, name);
	close(parent);
	return state;
}

/* Whoever can rename the directory can put another in its place, and root would start what lies
 * there as sshd. Says so of the first such place; false where there is none. */
static bool
refuse_open(struct findings *findings)
{
	for (size_t place = 0; place < PLACES; place++) {
		int parent = open(places[place].parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		bool refused = parent >= 0 && shelter_of(parent) == OPEN
		               && faccessat(parent, ".", W_OK, 0) == 0;

		if (parent >= 0)
			close(parent);
		if (refused) {
			finding_add(findings, ERROR, CODE_STATE_OPEN, places[place].parent,
			    "root does not keep them there, and there is no other place");
			return true;
		}
	}
	return false;
}

struct state
state_make(struct arena *arena, struct findings *findings)
{
	struct state state = { .fd = -1, .path = "" };

	for (size_t place = 0; place < PLACES && state.fd < 0 && state.other <= 0; place++)
		state = make_at(arena, place, STICKY, findings);
	if (state.fd < 0 && state.other <= 0 && geteuid() == 0 && refuse_open(findings))
		return state;
	/* A Kubernetes emptyDir has mode 0777; for a user who has nothing to lose but his own
	 * account, better there than nowhere. */
	for (size_t place = 0; place < PLACES && state.fd < 0 && state.other <= 0 && geteuid() != 0;
	     place++) {
		state = make_at(arena, place, OPEN, findings);
		if (state.fd >= 0)
			finding_add(findings, WARNING, CODE_STATE_OPEN, state.path, NULL);
	}
	if (state.fd < 0 && state.other <= 0)
		finding_add(findings, ERROR, CODE_STATE_NONE, "state directory",
		    "neither /run nor /dev/shm nor /tmp can be written, or they are full");
	return state;
}

struct state
state_find(struct arena *arena)
{
	struct state state = { .fd = -1, .path = "" };

	for (size_t place = 0; place < PLACES && state.fd < 0; place++) {
		int parent = open(places[place].parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		const char *name;

		if (parent < 0)
			continue;
		/* Where root has made none, what is there was put there by somebody. */
		if (geteuid() == 0 && shelter_of(parent) == OPEN) {
			close(parent);
			continue;
		}
		name = name_at(arena, place, geteuid());
		state.fd = open_existing(parent, name);
		/* Only where that name was taken is there another. */
		if (state.fd < 0 && errno != ENOENT)
			state.fd = open_random(arena, parent, &name);
		if (state.fd >= 0) {
			state.strict = shelter_of(parent) == CLOSED;
			state.path = arena_printf(arena, "%s/%s", places[place].parent, name);
		}
		close(parent);
	}
	return state;
}

const char *
state_of_root(struct arena *arena, const char *file)
{
	for (size_t place = 0; place < PLACES && geteuid() != 0; place++) {
		const char *directory
		    = arena_printf(arena, "%s/%s", places[place].parent, name_at(arena, place, 0));
		const char *path = arena_printf(arena, "%s/%s", directory, file);
		struct stat status;

		/* A directory of that name is root's only where it belongs to root. */
		if (lstat(directory, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == 0
		    && lstat(path, &status) == 0)
			return path;
	}
	return NULL;
}
