#include "sshd/keyfile.h"

#include "base/file.h"
#include "sshd/keyfile_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { LISTED_OUTSIDE = 20 };

/* ---- in the child: looking ----------------------------------------------------------------- */

struct look {
	struct path_facts home, ssh, file;
	int read_error;
	int write_error; /* of ~/.ssh, or of the home where there is none yet */
};

static void
facts_of(struct path_facts *facts, int dir, const char *name, int flags)
{
	struct stat status;

	if (fstatat(dir, name, &status, flags) < 0) {
		facts->error = errno;
		return;
	}
	facts->mode = status.st_mode;
	facts->uid = status.st_uid;
	facts->links = status.st_nlink;
}

static void
look_in_child(void *context, int out)
{
	const struct account *account = context;
	struct arena *arena = arena_new();
	struct span text = { "", 0 };
	struct look look = { 0 };
	int home = open(account->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ssh;

	facts_of(&look.home, AT_FDCWD, account->home, 0);
	look.ssh.error = look.file.error = ENOENT;
	if (home >= 0) {
		look.ssh.error = 0;
		facts_of(&look.ssh, home, KEYFILE_DIRECTORY, AT_SYMLINK_NOFOLLOW);
		ssh = openat(
		    home, KEYFILE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (faccessat(ssh >= 0 ? ssh : home, ".", W_OK | X_OK, 0) < 0)
			look.write_error = errno;
		if (ssh >= 0) {
			look.file.error = 0;
			facts_of(&look.file, ssh, KEYFILE_NAME, AT_SYMLINK_NOFOLLOW);
			if (look.file.error == 0
			    && file_read_own(arena, ssh, KEYFILE_NAME, KEYFILE_LIMIT, &text) < 0)
				look.read_error = errno;
		} else if (look.ssh.error == 0 && S_ISDIR(look.ssh.mode)) {
			look.read_error = errno;
		}
	}
	(void)write_all(out, &look, sizeof(look));
	(void)write_all(out, text.data, text.len);
	arena_free(arena);
}

/* ---- the plan ------------------------------------------------------------------------------ */

static bool
others_may_write(const struct path_facts *facts)
{
	return (facts->mode & 022) != 0;
}

/* Why sshd would not accept a file in this home, or why it cannot be put there; NULL when it can.
 */
static const char *
home_is_unfit(struct arena *arena, const struct keyfile *keyfile, int read_error)
{
	const struct account *account = keyfile->account;
	const struct path_facts *home = &keyfile->home, *ssh = &keyfile->ssh,
	                        *file = &keyfile->file;

	if (home->error != 0)
		return arena_printf(arena, "%s: %s", account->home, strerror(home->error));
	if (!S_ISDIR(home->mode))
		return arena_printf(arena, "%s is not a directory", account->home);
	if (home->uid != account->uid && home->uid != 0)
		return arena_printf(arena, "%s belongs to user id %u, which sshd does not accept",
		    account->home, (unsigned)home->uid);
	if (others_may_write(home))
		return arena_printf(arena,
		    "%s can be written by others (mode %04o), which sshd does not accept",
		    account->home, (unsigned)home->mode & 07777);
	if (ssh->error == 0 && S_ISLNK(ssh->mode))
		return arena_printf(
		    arena, "%s/%s is a symbolic link", account->home, KEYFILE_DIRECTORY);
	if (ssh->error == 0 && !S_ISDIR(ssh->mode))
		return arena_printf(
		    arena, "%s/%s is not a directory", account->home, KEYFILE_DIRECTORY);
	if (file->error == 0 && S_ISLNK(file->mode))
		return arena_printf(arena, "%s is a symbolic link", keyfile->path);
	if (file->error == 0 && !S_ISREG(file->mode))
		return arena_printf(arena, "%s is not a regular file", keyfile->path);
	if (file->error == 0 && file->links > 1)
		return arena_printf(arena, "%s has a second name (a hard link)", keyfile->path);
	/* We wrote it with mode 0600 in a directory of mode 0700, and look at it. */
	if (keyfile->apart.has_block && others_may_write(ssh) && others_may_write(file))
		return arena_printf(arena, "%s: the file system does not keep its mode 0600 (%04o)",
		    keyfile->path, (unsigned)file->mode & 07777);
	if (read_error != 0)
		return arena_printf(arena, "%s: %s", keyfile->path, strerror(read_error));
	return NULL;
}

static bool
is_the_users(const struct path_facts *facts, const struct account *account)
{
	return facts->error == 0 && !others_may_write(facts)
	       && (facts->uid == account->uid || facts->uid == 0);
}

bool
keyfile_is_trusted(const struct keyfile *keyfile)
{
	return is_the_users(&keyfile->home, keyfile->account)
	       && is_the_users(&keyfile->ssh, keyfile->account)
	       && is_the_users(&keyfile->file, keyfile->account) && keyfile->file.links == 1
	       && S_ISDIR(keyfile->ssh.mode) && S_ISREG(keyfile->file.mode);
}

static void
note_outside(const struct keyfile *keyfile, struct findings *findings)
{
	size_t n = 0;

	for (const struct entry *e = keyfile->apart.outside.first; e != NULL; e = e->next) {
		if (e->key == NULL)
			continue;
		if (n++ < LISTED_OUTSIDE)
			finding_add(findings, NOTE, CODE_KEY_OUTSIDE, keyfile->path, "%s %s %s",
			    e->key->type, e->key->fingerprint, e->key->comment);
	}
	if (n > LISTED_OUTSIDE)
		finding_add(findings, NOTE, CODE_KEY_OUTSIDE, keyfile->path, "and %zu more",
		    n - LISTED_OUTSIDE);
}

void
keyfile_use_state(struct keyfile *keyfile, const char *why, struct findings *findings)
{
	keyfile->place = IN_STATE;
	finding_add(findings, WARNING, CODE_HOME_UNFIT, keyfile->account->name, "%s", why);
}

bool
keyfile_plan_text(struct keyfile *keyfile, struct arena *arena, const char *name, struct span old,
    struct buf *answer)
{
	bool write = true;

	keyfile->apart = keyfile_take_apart(arena, name, old, keyfile->now);
	keyfile->apart.remember = keyfile->place == IN_STATE;
	keyfile_take_over(
	    &keyfile->apart, &keyfile->added, keyfile->removed, keyfile->removed_count);
	if (keyfile->change != NULL && keyfile->apart.wrong == NULL)
		write = keyfile->change(keyfile->context, &keyfile->apart, answer);
	keyfile->plan = keyfile_put_together(arena, &keyfile->apart,
	    keyfile->entries != NULL ? keyfile->entries : &keyfile->apart.from);
	return write;
}

static void
note_kept_out(const struct keyfile *keyfile, struct findings *findings)
{
	for (const struct entry *const *e = keyfile->plan.kept_out; *e != NULL; e++)
		finding_add(findings, WARNING, CODE_KEY_KEPT_OUT, (*e)->source, "%s %s",
		    (*e)->key->fingerprint, (*e)->key->comment);
}

struct keyfile
keyfile_look(
    struct arena *arena, const struct account *account, time_t now, struct findings *findings)
{
	struct keyfile keyfile = { .account = account, .now = now };
	struct look look = { 0 };
	const char *why;
	char *output;
	size_t len;

	keyfile.path = arena_printf(arena, "%s/%s/%s",
	    strcmp(account->home, "/") == 0 ? "" : account->home, KEYFILE_DIRECTORY, KEYFILE_NAME);
	if (account_run(arena, account, look_in_child, (void *)(uintptr_t)account, &output, &len)
	        < 0
	    || len < sizeof(look)) {
		look.home.error = errno != 0 ? errno : EIO;
		len = sizeof(look);
		output = arena_alloc(arena, 1, sizeof(look));
	} else {
		memcpy(&look, output, sizeof(look));
	}
	keyfile.home = look.home;
	keyfile.ssh = look.ssh;
	keyfile.file = look.file;
	keyfile.write_error = look.write_error;
	keyfile.old = (struct span){ output + sizeof(look), len - sizeof(look) };
	(void)keyfile_plan_text(&keyfile, arena, keyfile.path, keyfile.old, NULL);
	why = home_is_unfit(arena, &keyfile, look.read_error);
	if (why != NULL) {
		keyfile_use_state(&keyfile, why, findings);
	} else if (keyfile.apart.wrong != NULL) {
		finding_add(findings, ERROR, CODE_MARKERS, keyfile.path, "%s", keyfile.apart.wrong);
		keyfile.place = IN_STATE;
	} else {
		note_outside(&keyfile, findings);
	}
	return keyfile;
}

void
keyfile_use(struct keyfile *keyfile, struct arena *arena, const struct entries *entries,
    struct findings *findings)
{
	keyfile->entries = entries;
	keyfile->plan = keyfile_put_together(arena, &keyfile->apart, entries);
	if (keyfile->place == IN_HOME && keyfile->write_error != 0
	    && (keyfile->old.len != keyfile->plan.text.len
	        || memcmp(keyfile->old.data, keyfile->plan.text.data, keyfile->old.len) != 0))
		keyfile_use_state(keyfile,
		    arena_printf(arena, "%s cannot be written: %s", keyfile->path,
		        strerror(keyfile->write_error)),
		    findings);
	note_kept_out(keyfile, findings);
}
