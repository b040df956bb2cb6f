#include "pod/account.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <shadow.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* For the running user, where passwd does not know the id and no name was set. */
static const char made_up_name[] = "user";

enum { DAY = 24 * 60 * 60, WORK_MS = 20000, GIVE_UP_LOOKS = 100 };

/* ---- what the image's files say ----------------------------------------------------------- */

static bool
find_in_passwd(struct account *account, struct arena *arena, const char *name, uid_t uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry = NULL;

	if (file == NULL)
		return false;
	while ((entry = fgetpwent(file)) != NULL)
		if (name != NULL ? strcmp(entry->pw_name, name) == 0 : entry->pw_uid == uid)
			break;
	if (entry != NULL) {
		account->name = arena_strdup(arena, entry->pw_name);
		account->uid = entry->pw_uid;
		account->gid = entry->pw_gid;
		account->home = arena_strdup(arena, *entry->pw_dir != '\0' ? entry->pw_dir : "/");
		account->shell
		    = arena_strdup(arena, *entry->pw_shell != '\0' ? entry->pw_shell : "/bin/sh");
	}
	fclose(file);
	return entry != NULL;
}

static void
read_shadow(struct account *account)
{
	FILE *file = fopen("/etc/shadow", "re");
	struct spwd *entry;

	if (file == NULL)
		return;
	while ((entry = fgetspent(file)) != NULL)
		if (strcmp(entry->sp_namp, account->name) == 0) {
			account->locked = entry->sp_pwdp != NULL && entry->sp_pwdp[0] == '!';
			account->expired
			    = entry->sp_expire > 0 && time(NULL) / DAY > entry->sp_expire;
			break;
		}
	fclose(file);
}

static bool
is_member(char *const *members, const char *name)
{
	for (; *members != NULL; members++)
		if (strcmp(*members, name) == 0)
			return true;
	return false;
}

static void
read_groups(struct account *account, struct arena *arena)
{
	FILE *file = fopen("/etc/group", "re");
	struct group *entry;
	size_t room = 0;

	if (file == NULL)
		return;
	while ((entry = fgetgrent(file)) != NULL) {
		if (!is_member(entry->gr_mem, account->name))
			continue;
		if (account->group_count == room) {
			account->groups = arena_grow(arena, account->groups, room * sizeof(gid_t),
			    (room + 16) * sizeof(gid_t));
			room += 16;
		}
		account->groups[account->group_count++] = entry->gr_gid;
	}
	fclose(file);
}

/* The ids we run with, where passwd has nothing to say about them. */
static void
make_up(struct account *account, struct arena *arena, const char *name)
{
	const char *home = getenv("HOME");

	account->synthetic = true;
	account->uid = geteuid();
	account->gid = getegid();
	account->name = name != NULL ? name : account->uid == 0 ? "root" : made_up_name;
	if (home == NULL || home[0] != '/')
		home = account->uid == 0 ? "/root" : "/";
	account->home = arena_strdup(arena, home);
	account->shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}

/* ---- the plan ----------------------------------------------------------------------------- */

static void
look_at_home(struct account *account, struct findings *findings)
{
	struct stat status;

	account->home_exists = stat(account->home, &status) == 0 && S_ISDIR(status.st_mode);
	if (!account->home_exists)
		finding_add(
		    findings, WARNING, CODE_HOME_MISSING, account->name, "%s", account->home);
}

static void
look_at_shell(struct account *account, struct findings *findings)
{
	const char *base = strrchr(account->shell, '/');
	struct stat status;

	base = base != NULL ? base + 1 : account->shell;
	account->shell_works = stat(account->shell, &status) == 0 && S_ISREG(status.st_mode)
	                       && (status.st_mode & 0111) != 0;
	account->shell_refuses = strcmp(base, "nologin") == 0 || strcmp(base, "false") == 0;
	if (!account->shell_works)
		finding_fix(findings,
		    finding_add(
		        findings, WARNING, CODE_SHELL_MISSING, account->name, "%s", account->shell),
		    "add that shell to the image, or change it (usermod -s /bin/sh %s); sftp and "
		    "forwards work without",
		    account->name);
	else if (account->shell_refuses)
		finding_fix(findings,
		    finding_add(
		        findings, WARNING, CODE_SHELL_REFUSES, account->name, "%s", account->shell),
		    "usermod -s /bin/sh %s in the image; sftp and forwards may work without",
		    account->name);
}

static struct account *
plan_one(struct arena *arena, const char *name, struct findings *findings)
{
	struct account *account = arena_alloc(arena, 1, sizeof(*account));
	bool known = find_in_passwd(account, arena, name, geteuid());

	if (!known && (name == NULL || geteuid() != 0 || strcmp(name, "root") == 0)) {
		struct account self = { 0 };

		/* A name for the running user is welcome only where passwd has none for it. */
		if (name != NULL && find_in_passwd(&self, arena, NULL, geteuid())) {
			finding_add(findings, ERROR, CODE_ACCOUNT_UNKNOWN, name, NULL);
			return NULL;
		}
		make_up(account, arena, name);
		finding_add(findings, NOTE, CODE_ACCOUNT_SYNTHETIC, account->name, "user id %u",
		    (unsigned)account->uid);
	} else if (!known) {
		finding_add(findings, ERROR, CODE_ACCOUNT_UNKNOWN, name, NULL);
		return NULL;
	}
	if (account->uid != geteuid() && geteuid() != 0) {
		finding_add(findings, ERROR, CODE_ACCOUNT_OTHER, account->name,
		    "sshinit runs as user id %u", (unsigned)geteuid());
		return NULL;
	}
	if (!account->synthetic) {
		read_shadow(account);
		read_groups(account, arena);
	}
	look_at_home(account, findings);
	look_at_shell(account, findings);
	if (account->expired)
		finding_fix(findings,
		    finding_add(findings, ERROR, CODE_ACCOUNT_EXPIRED, account->name, NULL),
		    "chage -E -1 %s in the image", account->name);
	/* sshd lets root alone pass it, whatever keys there are. */
	if (account->uid != 0 && access("/etc/nologin", F_OK) == 0)
		finding_add(findings, ERROR, CODE_NOLOGIN, account->name, NULL);
	return account;
}

struct account *
accounts_plan(struct arena *arena, const struct settings *settings, struct findings *findings)
{
	const char **names = settings_list(settings, SET_USER);
	struct account *first = NULL, **end = &first;

	if (names[0] == NULL) {
		*end = plan_one(arena, NULL, findings);
		if (*end != NULL)
			end = &(*end)->next;
	}
	for (; *names != NULL; names++) {
		*end = plan_one(arena, *names, findings);
		if (*end != NULL)
			end = &(*end)->next;
	}
	for (const struct user_section *section = settings->users; section != NULL;
	     section = section->next) {
		bool there = false;

		for (const struct account *a = first; a != NULL; a = a->next)
			there = there || strcmp(a->name, section->name) == 0;
		if (there)
			continue;
		*end = plan_one(arena, section->name, findings);
		if (*end != NULL)
			end = &(*end)->next;
	}
	return first;
}

/* ---- acting as that user ------------------------------------------------------------------ */

static int
become(const struct account *account)
{
	if (setgroups(account->group_count, account->groups) < 0)
		return -1;
	if (setresgid(account->gid, account->gid, account->gid) < 0)
		return -1;
	return setresuid(account->uid, account->uid, account->uid);
}

/* Until the other side closes, or the time is over (ETIMEDOUT): the child has the user's id, so
 * that user can stop it (SIGSTOP), or let it wait for a lock or a file system. */
static int
collect(struct arena *arena, int fd, char **output, size_t *len)
{
	const int64_t end = clock_ms() + WORK_MS;
	size_t cap = 4096;

	*output = arena_alloc(arena, cap, 1);
	*len = 0;
	for (;;) {
		struct pollfd wait_for = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms();
		ssize_t n;

		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (poll(&wait_for, 1, (int)left) <= 0)
			continue;
		n = read(fd, *output + *len, cap - 1 - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return 0;
		*len += (size_t)n;
		if (*len == cap - 1) {
			*output = arena_grow(arena, *output, cap, cap * 2);
			cap *= 2;
		}
	}
}

/* Kills the child and waits a second for it to go. One that a dead file system holds in the kernel
 * stays, and is left to whoever reaps our children. */
static void
give_up(pid_t child)
{
	kill(child, SIGKILL);
	for (int i = 0; i < GIVE_UP_LOOKS && waitpid(child, NULL, WNOHANG) == 0; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

int
account_run(struct arena *arena, const struct account *account, void (*work)(void *context, int fd),
    void *context, char **output, size_t *len)
{
	int ends[2], result, saved, status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child < 0) {
		saved = errno;
		close(ends[0]);
		close(ends[1]);
		errno = saved;
		return -1;
	}
	if (child == 0) {
		close(ends[0]);
		/* From here on that user can send signals, and must not be heard in our name. */
		run_forget_handlers();
		if (account->uid != geteuid() && become(account) < 0)
			_exit(errno);
		work(context, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	result = collect(arena, ends[0], output, len);
	saved = errno;
	close(ends[0]);
	if (result < 0)
		give_up(child);
	while (result == 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (result == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
		saved = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
		result = -1;
	}
	errno = saved;
	return result;
}

/* ---- files that belong to it --------------------------------------------------------------- */

struct gift {
	int dir;
	const char *name;
	struct span text;
	mode_t mode;
};

static void
put_in_child(void *context, int out)
{
	const struct gift *gift = context;
	int error = file_replace(gift->dir, gift->name, gift->text, gift->mode, NULL, false) < 0
	                ? errno
	                : 0;

	(void)write_all(out, &error, sizeof(error));
}

static int
put_by_child(struct arena *arena, const struct account *account, struct gift *gift, int dir)
{
	uint64_t random[2] = { 0 };
	const char *nest;
	char *output;
	size_t len;
	int error = EIO, saved;

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) < 0)
		return -1;
	nest = arena_printf(
	    arena, ".%016llx%016llx", (unsigned long long)random[0], (unsigned long long)random[1]);
	gift->dir = dir_open(dir, nest, 0733, NULL);
	if (gift->dir < 0)
		return -1;
	if (account_run(arena, account, put_in_child, gift, &output, &len) < 0)
		error = errno;
	else if (len >= sizeof(error))
		memcpy(&error, output, sizeof(error));
	if (error == 0 && renameat(gift->dir, gift->name, dir, gift->name) < 0)
		error = errno;
	saved = error;
	if (error != 0)
		(void)unlinkat(gift->dir, gift->name, 0);
	close(gift->dir);
	(void)unlinkat(dir, nest, AT_REMOVEDIR);
	errno = saved;
	return saved == 0 ? 0 : -1;
}

int
account_put_file(struct arena *arena, const struct account *account, int dir, const char *name,
    struct span text, mode_t mode)
{
	const struct file_owner owner = { account->uid, account->gid };
	struct gift gift = { .name = name, .text = text, .mode = mode };
	const bool ours = account->uid == geteuid();

	if (file_replace(dir, name, text, mode, ours ? NULL : &owner, false) == 0)
		return 0;
	return ours || errno != EPERM ? -1 : put_by_child(arena, account, &gift, dir);
}
