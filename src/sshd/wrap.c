/*
 * wrap: what the embedded sshd sees of the container.
 *
 * The final link sends OpenSSH's calls of these functions here (-Wl,--wrap=NAME; child_set_env by
 * src/deps/build-openssh). Only sshd and its helpers run with SSHINIT_STATE set; everything else in
 * this binary gets the C library's answers unchanged.
 *
 * Accounts. An entry is made up for two users only: the one for privilege separation, who owns
 * nothing and cannot log in, and the running user where passwd does not know it. So no look-up can
 * make an account that the login rules would not allow.
 */
#include "sshd/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <shadow.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char privsep_user[] = "sshd";
enum { NOBODY = 65534, ENVIRONMENT_LIMIT = 8 * 1024 * 1024, SSHD_ADDS = 64 };

struct passwd *__real_getpwnam(const char *name);
struct passwd *__real_getpwuid(uid_t uid);
struct spwd *__real_getspnam(const char *name);
int __real_chroot(const char *path);
int __real_chdir(const char *path);
int __real_chown(const char *path, uid_t uid, gid_t gid);
int __real_chmod(const char *path, mode_t mode);

struct passwd *__wrap_getpwnam(const char *name);
struct passwd *__wrap_getpwuid(uid_t uid);
struct spwd *__wrap_getspnam(const char *name);
int __wrap_chroot(const char *path);
int __wrap_chdir(const char *path);
int __wrap_chown(const char *path, uid_t uid, gid_t gid);
int __wrap_chmod(const char *path, mode_t mode);
void __real_OPENSSL_cpuid_setup(void);
void __wrap_OPENSSL_cpuid_setup(void);

void sshinit_real_child_set_env(
    char ***environment, unsigned *size, const char *name, const char *value);
void sshinit_child_set_env(
    char ***environment, unsigned *size, const char *name, const char *value);

/* Asks the processor what it can, before main: in a virtual machine each question is a trip to the
 * hypervisor, a twentieth of a start. The programs that use libcrypto ask when they begin
 * (embedded_main); nothing else in this binary does. */
void
__wrap_OPENSSL_cpuid_setup(void)
{
}

void
embedded_prepare(void)
{
	__real_OPENSSL_cpuid_setup();
}

static const char *
state_path(void)
{
	return getenv("SSHINIT_STATE");
}

/* ---- accounts ------------------------------------------------------------------------------ */

static const char *
variable_or(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : fallback;
}

/* For scp and ssh-keygen, which only want to know what to call the user who runs them. */
static struct passwd *
whoever_runs_this(void)
{
	static struct passwd entry;

	entry = (struct passwd){ .pw_name = (char *)(uintptr_t)variable_or("USER", "user"),
		.pw_passwd = "x",
		.pw_uid = getuid(),
		.pw_gid = getgid(),
		.pw_gecos = "",
		.pw_dir = (char *)(uintptr_t)variable_or("HOME", "/"),
		.pw_shell = "/bin/sh" };
	return &entry;
}

static char *
account_fact(const char *variable)
{
	char *value = getenv(variable);

	return value != NULL ? value : (char *)(uintptr_t) "";
}

/* The made-up entry for the running user, from embedded_environment; NULL without one. The strings
 * are copies: sshd may take the variables out of its environment. */
static struct passwd *
running_user(void)
{
	static struct passwd entry;

	if (state_path() == NULL)
		return whoever_runs_this();
	if (entry.pw_name == NULL) {
		if (getenv("SSHINIT_ACCOUNT_UID") == NULL)
			return NULL;
		entry = (struct passwd){ .pw_name = strdup(account_fact("SSHINIT_ACCOUNT_NAME")),
			.pw_passwd = "x",
			.pw_uid = (uid_t)strtoul(account_fact("SSHINIT_ACCOUNT_UID"), NULL, 10),
			.pw_gid = (gid_t)strtoul(account_fact("SSHINIT_ACCOUNT_GID"), NULL, 10),
			.pw_gecos = "",
			.pw_dir = strdup(account_fact("SSHINIT_ACCOUNT_HOME")),
			.pw_shell = strdup(account_fact("SSHINIT_ACCOUNT_SHELL")) };
	}
	/* The real id: sshd changes the effective one while it reads a user's files. */
	return entry.pw_name != NULL && entry.pw_uid == getuid() ? &entry : NULL;
}

/* A missing shell would refuse the whole login, sftp and forwards included. Ours says what is
 * missing instead. A shell that exists is never replaced: nologin stays nologin. */
static struct passwd *
with_some_shell(struct passwd *entry)
{
	static char path[4096];
	struct stat status;
	const char *shell;

	if (entry == NULL || state_path() == NULL)
		return entry;
	shell = entry->pw_shell != NULL && entry->pw_shell[0] != '\0' ? entry->pw_shell : "/bin/sh";
	if (stat(shell, &status) == 0 || errno != ENOENT)
		return entry;
	snprintf(path, sizeof(path), "%s/bin/%s", state_path(), EMBEDDED_NO_SHELL);
	entry->pw_shell = path;
	return entry;
}

struct passwd *
__wrap_getpwnam(const char *name)
{
	static struct passwd privsep = { .pw_name = (char *)(uintptr_t)privsep_user,
		.pw_passwd = "*",
		.pw_uid = NOBODY,
		.pw_gid = NOBODY,
		.pw_gecos = "",
		.pw_dir = "/",
		.pw_shell = "/bin/false" };
	struct passwd *entry = __real_getpwnam(name);

	if (entry == NULL && strcmp(name, privsep_user) == 0)
		return &privsep;
	if (entry == NULL) {
		entry = running_user();
		if (entry != NULL && strcmp(entry->pw_name, name) != 0)
			return NULL;
	}
	return with_some_shell(entry);
}

struct passwd *
__wrap_getpwuid(uid_t uid)
{
	struct passwd *entry = __real_getpwuid(uid);

	if (entry == NULL) {
		entry = running_user();
		if (entry != NULL && entry->pw_uid != uid)
			return NULL;
	}
	return with_some_shell(entry);
}

/* useradd locks the password of every account it makes ("!"), and sshd without PAM takes that for a
 * locked account. Only keys log in here, and a locked password says nothing about keys. Expiry
 * dates in the same entry still count. */
struct spwd *
__wrap_getspnam(const char *name)
{
	struct spwd *entry = __real_getspnam(name);

	if (entry != NULL && state_path() != NULL && entry->sp_pwdp != NULL
	    && entry->sp_pwdp[0] == '!')
		entry->sp_pwdp = "*";
	return entry;
}

/* ---- privilege separation ------------------------------------------------------------------ */

/* sshd was compiled to lock its child into /proc/self/fdinfo, which is there in every container and
 * holds nothing that can be changed. An empty directory of our own is better where there is one: it
 * belongs to root, nobody else can write it (mode 0711 and 0755 of the state directory and it), and
 * nothing ever is in it. */
int
__wrap_chroot(const char *path)
{
	char empty[4096];

	if (state_path() != NULL && strncmp(path, "/proc/", 6) == 0) {
		snprintf(empty, sizeof(empty), "%s/empty", state_path());
		if (__real_chroot(empty) == 0)
			return 0;
	}
	return __real_chroot(path);
}

/* ---- terminals ----------------------------------------------------------------------------- */

/* Without CAP_CHOWN and CAP_FOWNER a terminal stays root's. sshd ends the session then, but not
 * where the file system is read-only: there it goes on if root owns the terminal and nobody else
 * can read it. That rule is right for this lack too, so it is told the same. */
static int
as_read_only(const char *path, int result)
{
	if (result < 0 && errno == EPERM && state_path() != NULL
	    && strncmp(path, "/dev/pts/", 9) == 0)
		errno = EROFS;
	return result;
}

int
__wrap_chown(const char *path, uid_t uid, gid_t gid)
{
	return as_read_only(path, __real_chown(path, uid, gid));
}

int
__wrap_chmod(const char *path, mode_t mode)
{
	return as_read_only(path, __real_chmod(path, mode));
}

/* ---- the session's environment ------------------------------------------------------------- */

/* Where this process, the child that becomes the session, is to start; "" for the home. */
static char session_dir[4096];

/* What is for us among the file's names, not for the session. */
static bool
is_for_us(const char *name, const char *value)
{
	if (strcmp(name, EMBEDDED_UMASK) == 0)
		(void)umask((mode_t)strtoul(value, NULL, 8));
	else if (strcmp(name, EMBEDDED_SESSION_DIR) == 0)
		snprintf(session_dir, sizeof(session_dir), "%s", value);
	else
		return false;
	return true;
}

/* Room for more variables, and afterwards for those that sshd itself adds. Its own function ends
 * the session where there are more than a thousand; it does not come to count when there is room.
 */
static void
make_room(char ***environment, unsigned *size, size_t more)
{
	size_t n = 0;
	char **larger;

	while ((*environment)[n] != NULL)
		n++;
	if (*size > n + more + SSHD_ADDS)
		return;
	larger = realloc(*environment, (n + more + SSHD_ADDS + 1) * sizeof(*larger));
	if (larger == NULL)
		return;
	*environment = larger;
	*size = (unsigned)(n + more + SSHD_ADDS + 1);
}

/* Sets every variable of a file in which each is ended by a NUL. */
static void
set_all(char ***environment, unsigned *size, char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\0';
	make_room(environment, size, n);
	for (char *variable = text; variable < text + len; variable += strlen(variable) + 1) {
		char *value = strchr(variable, '=');

		if (value == NULL)
			continue;
		*value = '\0';
		if (!is_for_us(variable, value + 1))
			sshinit_real_child_set_env(environment, size, variable, value + 1);
		*value = '=';
	}
}

/* The file of the user we are by now; 0400 and owned by that user (sshd/plan). */
static void
set_from_file(char ***environment, unsigned *size, const char *directory)
{
	char path[4096];
	struct stat status;
	char *text;
	ssize_t n = 0, len = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%u", directory, (unsigned)getuid());
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && status.st_size <= ENVIRONMENT_LIMIT
	    && (text = calloc(1, (size_t)status.st_size + 1)) != NULL) {
		while (len < status.st_size
		       && (n = read(fd, text + len, (size_t)(status.st_size - len))) > 0)
			len += n;
		set_all(environment, size, text, (size_t)len);
		free(text);
	}
	close(fd);
}

void
sshinit_child_set_env(char ***environment, unsigned *size, const char *name, const char *value)
{
	if (strcmp(name, EMBEDDED_SESSION_ENV) == 0 && state_path() != NULL)
		set_from_file(environment, size, value);
	else
		sshinit_real_child_set_env(environment, size, name, value);
}

/* The child's one change of directory, to the home, comes after its environment was made. */
int
__wrap_chdir(const char *path)
{
	const bool elsewhere = session_dir[0] != '\0' && __real_chdir(session_dir) == 0;

	session_dir[0] = '\0';
	return elsewhere ? 0 : __real_chdir(path);
}
