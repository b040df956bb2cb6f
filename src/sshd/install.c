#include "sshd/install.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/run.h"
#include "sshd/embedded.h"
#include "sshd/install_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { STEPS = 4, WORDS = 18, LOCKS = 6 };

/* What each package manager is told, step by step. A step that only mends may fail. */
struct manager {
	const char *name;
	struct {
		const char *what;
		bool may_fail;
		const char *argv[WORDS];
	} steps[STEPS];
	const char *id_locks[LOCKS]; /* files with a process id, which it believes */
	const char *file_lock; /* a file that is the lock while it exists: it is not waited for */
	int informs; /* from this exit status on it did its work, and has something to say */
};

#define APT                                                                                        \
	"-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=15", "-o",                       \
	    "Acquire::https::Timeout=15", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"

static const struct manager managers[] = {
	{ .name = "apt-get",
	    .steps
	    = { { "mending what a kill left half done", true, { "dpkg", "--configure", "-a" } },
	        { "reading the list of packages", true,
	            { "apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any", APT } },
	        { "installing", false,
	            { "apt-get", "install", "-y", "-q", "--no-install-recommends", APT,
	                "openssh-server" } } } },
	{ .name = "apk",
	    .steps = { { "installing", false,
	        { "apk", "add", "--no-cache", "--wait", "120", "openssh-server" } } } },
	{ .name = "microdnf",
	    .steps = { { "installing", false,
	        { "microdnf", "-y", "install", "--setopt=install_weak_deps=0",
	            "openssh-server" } } } },
	{ .name = "dnf",
	    .steps = { { "installing", false,
	        { "dnf", "-y", "--setopt=install_weak_deps=False", "--setopt=timeout=15",
	            "--setopt=retries=2", "install", "openssh-server" } } },
	    .id_locks = { "/var/cache/dnf/metadata_lock.pid", "/var/cache/dnf/download_lock.pid",
	        "/var/lib/dnf/rpmdb_lock.pid", "/var/log/log_lock.pid" } },
	{ .name = "yum",
	    .steps = { { "installing", false,
	        { "yum", "-y", "--setopt=timeout=15", "--setopt=retries=2", "install",
	            "openssh-server" } } },
	    .id_locks = { "/var/run/yum.pid" } },
	{ .name = "zypper",
	    .steps = { { "installing", false,
	        { "zypper", "--non-interactive", "install", "--no-recommends",
	            "openssh-server" } } },
	    .id_locks = { "/run/zypp.pid", "/var/run/zypp.pid" },
	    .informs = 100 },
	{ .name = "pacman",
	    .steps = { { "installing", false,
	        { "pacman", "-Sy", "--noconfirm", "--needed", "openssh" } } },
	    .file_lock = "/var/lib/pacman/db.lck" },
};

enum { MANAGERS = sizeof(managers) / sizeof(managers[0]) };

static const struct manager *
find_manager(struct arena *arena)
{
	for (size_t i = 0; i < MANAGERS; i++)
		if (run_find(arena, run_standard_path, managers[i].name)[0] != '\0')
			return &managers[i];
	return NULL;
}

const char *
install_plan(struct arena *arena, struct findings *findings)
{
	const struct manager *manager = find_manager(arena);
	struct statvfs root;

	if (manager == NULL) {
		finding_add(findings, ERROR, CODE_INSTALL_NONE, "sshd = install", NULL);
		return "";
	}
	if (geteuid() != 0) {
		finding_add(findings, ERROR, CODE_INSTALL_ROOT, manager->name, NULL);
		return "";
	}
	if (statvfs("/usr", &root) == 0 && (root.f_flag & ST_RDONLY) != 0) {
		finding_add(findings, ERROR, CODE_INSTALL_READONLY, manager->name, NULL);
		return "";
	}
	finding_add(findings, NOTE, CODE_INSTALLING, manager->name, NULL);
	return manager->name;
}

/* ---- the report ---------------------------------------------------------------------------- */

static const char report_mark[] = "install-finding ";

const char *
install_report(struct arena *arena, enum code code, const char *detail)
{
	return arena_printf(arena, "%s%s %s", report_mark, code_name(code), detail);
}

bool
install_heard(const char *line, enum code *code, const char **detail)
{
	size_t len;

	if (strncmp(line, report_mark, strlen(report_mark)) != 0)
		return false;
	line += strlen(report_mark);
	len = strcspn(line, " ");
	*detail = line + len + (line[len] == ' ');
	for (int i = CODE_NONE + 1; i < CODE_COUNT; i++)
		if (strlen(code_name((enum code)i)) == len
		    && strncmp(code_name((enum code)i), line, len) == 0) {
			*code = (enum code)i;
			return true;
		}
	return false;
}

/* ---- running ------------------------------------------------------------------------------- */

/* A directory of programs that do nothing, first on the scripts' PATH. "" where it cannot be. */
static const char *
make_idle(struct arena *arena, const struct install *install)
{
	int directory = dir_open(install->state->fd, "idle", 0755, NULL);

	if (directory < 0)
		return "";
	for (const char *const *name = embedded_idle(); *name != NULL; name++)
		if (symlinkat(install->self, directory, *name) < 0 && errno != EEXIST) {
			close(directory);
			return "";
		}
	close(directory);
	return arena_printf(arena, "%s/idle:", install->state->path);
}

static bool
sshd_is_there(struct arena *arena)
{
	return run_find(arena, run_standard_path, "sshd")[0] != '\0';
}

/* Removes the locks that nobody holds any more, and waits where the package manager would not. */
static bool
clear_locks(struct arena *arena, const struct install_clock *clock, const struct manager *manager)
{
	for (const char *const *lock = manager->id_locks; *lock != NULL; lock++)
		install_lock_mend(arena, *lock);
	return manager->file_lock == NULL || install_lock_wait(clock, manager->file_lock);
}

int
install_run(const struct install *install)
{
	struct arena *arena = arena_new();
	const struct manager *manager = find_manager(arena);
	const char *environment[] = { NULL, "HOME=/root", "LANG=C", "LC_ALL=C",
		"DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true",
		arena_printf(arena, "ZYPP_LOCK_TIMEOUT=%d", LOCK_SECONDS), NULL };
	struct install_clock clock
	    = install_clock(settings_number(install->settings, SET_INSTALL_SECONDS));
	enum code code = CODE_NONE, earlier = CODE_NONE;
	const char *detail = "", *earlier_detail = "";

	if (manager == NULL)
		return 1;
	environment[0]
	    = arena_printf(arena, "PATH=%s%s", make_idle(arena, install), run_standard_path);
	if (!clear_locks(arena, &clock, manager)) {
		code = CODE_INSTALL_LOCKED;
		detail = manager->file_lock;
	}
	for (size_t i = 0; i < STEPS && manager->steps[i].what != NULL && code == CODE_NONE; i++) {
		const char *path = run_find(arena, run_standard_path, manager->steps[i].argv[0]);
		struct install_outcome outcome;
		enum code result;

		dprintf(STDERR_FILENO, "openssh-server, by %s: %s\n", manager->name,
		    manager->steps[i].what);
		result = install_step(
		    arena, &clock, path, manager->steps[i].argv, environment, &outcome);
		if (result != CODE_INSTALL_SLOW && manager->informs != 0
		    && outcome.status >= manager->informs && sshd_is_there(arena))
			result = CODE_NONE;
		/* Out of time is out of time, whatever the step was for. */
		if (!manager->steps[i].may_fail || result == CODE_INSTALL_SLOW) {
			code = result;
			detail = outcome.detail;
		} else if (result != CODE_NONE) {
			earlier = result;
			earlier_detail = outcome.detail;
		}
	}
	/* "No such package" often means that the list of packages could not be read. */
	if (code == CODE_INSTALL_NOT_FOUND && earlier != CODE_NONE
	    && earlier != CODE_INSTALL_FAILED) {
		code = earlier;
		detail = earlier_detail;
	}
	if (code == CODE_NONE && !sshd_is_there(arena)) {
		code = CODE_INSTALL_FAILED;
		detail = "the package manager succeeded, but there is no sshd";
	}
	if (code != CODE_NONE)
		dprintf(STDERR_FILENO, "%s\n", install_report(arena, code, detail));
	else
		dprintf(STDERR_FILENO, "openssh-server is installed, after %ld seconds\n",
		    install_clock_spent(&clock));
	arena_free(arena);
	return code == CODE_NONE ? 0 : 1;
}
