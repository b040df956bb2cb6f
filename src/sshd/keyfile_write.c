#include "base/buf.h"
#include "base/file.h"
#include "sshd/keyfile.h"
#include "sshd/keyfile_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { LOCK_SECONDS = 10 };

/* ---- in the child: writing ----------------------------------------------------------------- */

struct write_result {
	int error;     /* 0: written, or nothing to write */
	char step[64]; /* what failed */
};

static struct write_result
failed(const char *step)
{
	struct write_result result = { .error = errno != 0 ? errno : EIO };

	snprintf(result.step, sizeof(result.step), "%s", step);
	return result;
}

/* Whether the open file or directory is one that StrictModes accepts; volumes ignore chmod(2). */
static bool
keeps(int fd, const struct account *account, mode_t mode)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return false;
	if (status.st_uid != account->uid && fchown(fd, account->uid, account->gid) < 0)
		return false;
	if ((status.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
		return false;
	return fstat(fd, &status) == 0 && (status.st_mode & 022) == 0
	       && (status.st_mode & 0700) == (mode & 0700)
	       && (status.st_uid == account->uid || status.st_uid == 0);
}

static struct write_result
write_in(int ssh, struct keyfile *keyfile, struct arena *arena, struct buf *answer)
{
	struct span old = { "", 0 };
	struct write_result result = { 0 };
	int fd;

	/* Read again under the lock: an editor or "--keys" may have been faster. */
	if (file_read_own(arena, ssh, KEYFILE_NAME, KEYFILE_LIMIT, &old) < 0 && errno != ENOENT)
		return failed("reading authorized_keys");
	if (!keyfile_plan_text(keyfile, arena, keyfile->path, old, answer))
		return result;
	if (keyfile->apart.wrong != NULL)
		return failed("the markers do not pair up");
	if (old.len != keyfile->plan.text.len
	    || memcmp(old.data, keyfile->plan.text.data, old.len) != 0) {
		if (file_replace(ssh, KEYFILE_NAME, keyfile->plan.text, 0600, NULL, false) < 0)
			return failed("writing authorized_keys");
	} else if (old.len == 0) {
		return result;
	}
	fd = openat(ssh, KEYFILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return failed("opening authorized_keys again");
	errno = 0;
	if (!keeps(fd, keyfile->account, 0600))
		result = failed("the file system does not keep mode 0600");
	close(fd);
	return result;
}

static void
wake(int signo)
{
	(void)signo;
}

/* Not for ever: the user can hold this lock, and would keep a removed key in force. Without it, and
 * where a file system cannot lock, rename(2) still is atomic. */
static void
lock(int ssh)
{
	const struct sigaction waking = { .sa_handler = wake }; /* no SA_RESTART: flock(2) ends */

	(void)sigaction(SIGALRM, &waking, NULL);
	alarm(LOCK_SECONDS);
	(void)flock(ssh, LOCK_EX);
	alarm(0);
}

static struct write_result
write_home(struct keyfile *keyfile, struct arena *arena, struct buf *answer)
{
	struct write_result result;
	int home = open(keyfile->account->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ssh;

	if (home < 0)
		return failed("opening the home");
	ssh = dir_open(home, KEYFILE_DIRECTORY, 0700, NULL);
	if (ssh < 0)
		return failed("making ~/.ssh");
	errno = 0;
	if (!keeps(ssh, keyfile->account, 0700))
		return failed("the file system does not keep mode 0700 on ~/.ssh");
	lock(ssh);
	file_sweep(ssh);
	result = write_in(ssh, keyfile, arena, answer);
	close(ssh);
	close(home);
	return result;
}

static void
write_in_child(void *context, int out)
{
	struct arena *arena = arena_new();
	struct buf answer = buf_new(arena);
	struct write_result result = write_home(context, arena, &answer);

	(void)write_all(out, &result, sizeof(result));
	(void)write_all(out, answer.data, answer.len);
	arena_free(arena);
}

static void
flush_in_child(void *context, int out)
{
	const struct account *account = context;
	int home = open(account->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ssh = openat(home, KEYFILE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	(void)out;
	(void)file_sync(ssh, KEYFILE_NAME);
}

/* ---- in the state directory ---------------------------------------------------------------- */

struct state_file {
	int directory;
	const char *name; /* relative to it */
};

static void
read_in_child(void *context, int out)
{
	const struct state_file *file = context;
	struct arena *arena = arena_new();
	struct span text = { "", 0 };
	int error = file_read_own(arena, file->directory, file->name, KEYFILE_LIMIT, &text) < 0
	                ? errno
	                : 0;

	(void)write_all(out, &error, sizeof(error));
	(void)write_all(out, text.data, text.len);
	arena_free(arena);
}

/* The file there belongs to the user, and root without CAP_DAC_OVERRIDE (the key API) cannot read
 * it. Taken for empty, it would be replaced without what was removed. */
static int
read_in_state(struct arena *arena, const struct account *account, int directory, const char *name,
    struct span *text)
{
	struct state_file file = { directory, name };
	char *output;
	size_t len;
	int error;

	if (file_read_own(arena, directory, name, KEYFILE_LIMIT, text) == 0)
		return 0;
	if (errno != EACCES || account->uid == geteuid())
		return -1;
	if (account_run(arena, account, read_in_child, &file, &output, &len) < 0)
		return -1;
	if (len < sizeof(error)) {
		errno = EIO;
		return -1;
	}
	memcpy(&error, output, sizeof(error));
	*text = (struct span){ output + sizeof(error), len - sizeof(error) };
	errno = error;
	return error == 0 ? 0 : -1;
}

/* ---- applying ------------------------------------------------------------------------------ */

/* The same as in a home, in the open directory of the state's key files, which is root's or ours.
 */
static int
write_in_state(int keys, struct keyfile *keyfile, struct arena *arena, const char *path)
{
	const struct account *account = keyfile->account;
	struct buf answer = buf_new(arena);
	struct span old = { "", 0 };
	bool write;

	(void)flock(keys, LOCK_EX);
	file_sweep(keys);
	if (read_in_state(arena, account, keys, account->name, &old) < 0) {
		if (errno != ENOENT && errno != EMLINK && errno != EFBIG)
			return -1;
		old = (struct span){ "", 0 };
		/* The first time: what was removed from the home's file stays out here too, and
		 * what was added stays in, unless somebody else can have put it there. */
		keyfile->removed = keyfile->apart.removed;
		keyfile->removed_count = keyfile->apart.removed_count;
		keyfile->added
		    = keyfile_is_trusted(keyfile) ? keyfile->apart.added : entries_new(arena);
	} else {
		keyfile->added = entries_new(arena);
		keyfile->removed_count = 0;
	}
	write = keyfile_plan_text(keyfile, arena, path, old, &answer);
	if (keyfile->apart.wrong != NULL)
		write = keyfile_plan_text(keyfile, arena, path, (struct span){ "", 0 }, &answer);
	keyfile->path = path;
	keyfile->answer = answer.data;
	if (!write)
		return 0;
	if (account_put_file(arena, account, keys, account->name, keyfile->plan.text, 0600) == 0)
		return 0;
	/* Root's own file will do: sshd accepts it, and public keys are no secret. */
	return errno != EPERM
	           ? -1
	           : file_replace(keys, account->name, keyfile->plan.text, 0644, NULL, false);
}

int
keyfile_write_to_state(struct keyfile *keyfile, struct arena *arena, const struct state *state,
    struct findings *findings)
{
	const char *name = keyfile->account->name;
	const char *path = arena_printf(arena, "%s/keys/%s", state->path, name);
	int keys = -1, result = -1;

	keyfile->place = IN_STATE;
	if (state->fd >= 0)
		keys = dir_open(state->fd, "keys", 0711, NULL);
	if (strchr(name, '/') != NULL)
		errno = EINVAL;
	else if (keys >= 0)
		result = write_in_state(keys, keyfile, arena, path);
	if (result < 0)
		finding_add(
		    findings, ERROR, CODE_KEYS_NOWHERE, name, "%s: %s", path, strerror(errno));
	if (keys >= 0)
		close(keys);
	return result;
}

/* What was added and removed while the keys stood in the state directory. */
static void
note_changes_in_state(struct keyfile *keyfile, struct arena *arena, const struct state *state)
{
	struct keyfile there
	    = { .account = keyfile->account, .now = keyfile->now, .place = IN_STATE };

	if (!keyfile_in_state(&there, arena, state))
		return;
	keyfile->added = there.apart.added;
	keyfile->removed = there.apart.removed;
	keyfile->removed_count = there.apart.removed_count;
}

int
keyfile_write(struct keyfile *keyfile, struct arena *arena, const struct state *state,
    struct findings *findings)
{
	struct write_result result = { .error = EIO };
	char *output;
	size_t len;

	if (keyfile->place == IN_STATE)
		return keyfile_write_to_state(keyfile, arena, state, findings);
	note_changes_in_state(keyfile, arena, state);
	if (account_run(arena, keyfile->account, write_in_child, keyfile, &output, &len) < 0)
		result = failed("changing to the user's ids");
	else if (len >= sizeof(result))
		memcpy(&result, output, sizeof(result));
	if (result.error == 0) {
		keyfile->answer = output + sizeof(result);
		return 0;
	}
	if (keyfile->stay) {
		finding_add(findings, ERROR, CODE_KEYS_UNCHANGED, keyfile->path, "%s: %s",
		    result.step, strerror(result.error));
		return -1;
	}
	keyfile_use_state(keyfile,
	    arena_printf(arena, "%s: %s (%s)", keyfile->path, result.step, strerror(result.error)),
	    findings);
	return keyfile_write_to_state(keyfile, arena, state, findings);
}

bool
keyfile_in_state(struct keyfile *keyfile, struct arena *arena, const struct state *state)
{
	const char *name = keyfile->account->name;
	struct span old;

	if (state->fd < 0 || strchr(name, '/') != NULL
	    || read_in_state(
	           arena, keyfile->account, state->fd, arena_printf(arena, "keys/%s", name), &old)
	           < 0)
		return false;
	keyfile->path = arena_printf(arena, "%s/keys/%s", state->path, name);
	(void)keyfile_plan_text(keyfile, arena, keyfile->path, old, NULL);
	return true;
}

void
keyfile_carry(struct keyfile *keyfile, struct arena *arena, const struct state *state,
    struct findings *findings)
{
	struct keyfile_text home = keyfile->apart;
	bool trusted = keyfile_is_trusted(keyfile);
	size_t left = 0;

	if (keyfile->place == IN_HOME) {
		note_changes_in_state(keyfile, arena, state);
		keyfile_take_over(
		    &keyfile->apart, &keyfile->added, keyfile->removed, keyfile->removed_count);
		return;
	}
	/* What was added and removed by hand stands there too, also from before a restart. */
	if (!keyfile_in_state(keyfile, arena, state) && !trusted)
		keyfile->apart.added = entries_new(arena);
	for (const struct entry *e = home.added.first; e != NULL && !trusted; e = e->next)
		left += e->key != NULL && !keyfile_knows(&keyfile->apart, e->key->fingerprint);
	if (left > 0)
		finding_add(
		    findings, WARNING, CODE_KEYS_LEFT, keyfile->account->name, "%zu of them", left);
}

void
keyfile_leave_state(const struct keyfile *keyfile, struct arena *arena, const struct state *state)
{
	if (state->fd >= 0)
		(void)unlinkat(
		    state->fd, arena_printf(arena, "keys/%s", keyfile->account->name), 0);
}

void
keyfile_flush(const struct keyfile *keyfile, struct arena *arena)
{
	char *output;
	size_t len;

	if (keyfile->place == IN_HOME)
		(void)account_run(arena, keyfile->account, flush_in_child,
		    (void *)(uintptr_t)keyfile->account, &output, &len);
}
