#include "sshd/backend.h"

#include "base/file.h"
#include "base/run.h"
#include "sshd/embedded.h"
#include "sshd/install.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { VERSION_MS = 5000 };

/* Where distributions put sshd's helper programs. */
static const char helper_path[] = "/usr/lib/openssh:/usr/libexec/openssh:/usr/lib/ssh:/usr/libexec:"
                                  "/usr/local/libexec";

const char *
backend_name(enum backend_kind kind)
{
	static const char *const names[] = { [BACKEND_NONE] = "none",
		[BACKEND_EMBEDDED] = "embedded",
		[BACKEND_SYSTEM] = "system",
		[BACKEND_INSTALL] = "install" };

	return names[kind];
}

bool
backend_has_embedded(void)
{
	return embedded_version()[0] != '\0';
}

static const char *
own_path(struct arena *arena)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *executed = (const char *)getauxval(AT_EXECFN);

	if (len > 0)
		return arena_strndup(arena, path, (size_t)len);
	/* In a chroot without /proc: as the kernel was told. */
	return executed != NULL && realpath(executed, path) != NULL ? arena_strdup(arena, path)
	                                                            : "";
}

static void
read_version(struct backend *backend, struct arena *arena, const char *text)
{
	const char *start = strstr(text, "OpenSSH_");

	backend->version = "an unknown version";
	if (start == NULL)
		return;
	backend->version = arena_strndup(arena, start, strcspn(start, " ,\r\n"));
	(void)sscanf(start, "OpenSSH_%d.%d", &backend->major, &backend->minor);
}

/* ---- the image's own ----------------------------------------------------------------------- */

static bool
at_least(const struct backend *backend, int major, int minor)
{
	return backend->major > major || (backend->major == major && backend->minor >= minor);
}

static bool
passwd_has(const char *name)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry = NULL;

	while (file != NULL && (entry = fgetpwent(file)) != NULL)
		if (strcmp(entry->pw_name, name) == 0)
			break;
	if (file != NULL)
		fclose(file);
	return entry != NULL;
}

static void
need_helper(
    struct backend *backend, struct arena *arena, const char *name, struct findings *findings)
{
	if (run_find(arena, helper_path, name)[0] != '\0')
		return;
	finding_add(findings, ERROR, CODE_SYSTEM_HELPER, backend->sshd, "%s", name);
	backend->kind = BACKEND_NONE;
}

/* What a start with the image's sshd lacks. Each is an error: it would not listen or let in. */
static void
check_system(struct backend *backend, struct arena *arena, const struct account *accounts,
    struct findings *findings)
{
	if (!at_least(backend, 8, 0)) {
		finding_add(
		    findings, ERROR, CODE_SYSTEM_OLD, backend->sshd, "%s", backend->version);
		backend->kind = BACKEND_NONE;
		return;
	}
	if (at_least(backend, 9, 8))
		need_helper(backend, arena, "sshd-session", findings);
	if (at_least(backend, 10, 0))
		need_helper(backend, arena, "sshd-auth", findings);
	if (geteuid() == 0 && !passwd_has("sshd")) {
		finding_add(findings, ERROR, CODE_SYSTEM_PRIVSEP, backend->sshd, NULL);
		backend->kind = BACKEND_NONE;
	}
	for (; accounts != NULL; accounts = accounts->next) {
		if (accounts->locked)
			finding_fix(findings,
			    finding_add(findings, ERROR, CODE_ACCOUNT_LOCKED, accounts->name, NULL),
			    "usermod -p '*' %s in the image, or sshd = embedded", accounts->name);
		/* Its ssh-keygen does not run for such a user either. */
		if (accounts->synthetic) {
			finding_add(findings, ERROR, CODE_SYSTEM_NO_ENTRY, accounts->name, NULL);
			backend->kind = BACKEND_NONE;
		}
		if (!accounts->shell_works)
			finding_add(findings, ERROR, CODE_SYSTEM_SHELL, accounts->name, "%s",
			    accounts->shell);
	}
}

static struct backend
plan_system(struct arena *arena, const struct account *accounts, struct findings *findings)
{
	struct backend backend = { .kind = BACKEND_SYSTEM };
	const char *const environment[] = { NULL };
	struct span output;

	backend.sshd = run_find(arena, run_standard_path, "sshd");
	backend.keygen = run_find(arena, run_standard_path, "ssh-keygen");
	if (backend.sshd[0] == '\0') {
		backend.kind = BACKEND_NONE;
		return backend;
	}
	/* Newer ones print their version, older ones a usage text that begins with it. */
	(void)run_collect(arena, backend.sshd, (const char *const[]){ backend.sshd, "-V", NULL },
	    environment, VERSION_MS, &output);
	read_version(&backend, arena, output.data);
	check_system(&backend, arena, accounts, findings);
	return backend;
}

/* ---- the choice ---------------------------------------------------------------------------- */

static struct backend
plan_embedded(struct arena *arena)
{
	struct backend backend = { .kind = BACKEND_EMBEDDED };

	read_version(&backend, arena, embedded_version());
	return backend;
}

static struct backend
choose(struct arena *arena, const struct settings *settings, const struct account *accounts,
    struct findings *findings)
{
	struct backend backend = { .kind = BACKEND_NONE };

	if (settings_is(settings, SET_SSHD, "install")
	    || (settings_is(settings, SET_SSHD, "auto") && !backend_has_embedded())) {
		/* What a half-installed one lacks is not worth a word where it is going to be
		 * mended. */
		struct findings trial = findings_new(arena);

		backend = plan_system(arena, accounts, &trial);
		if (backend.kind == BACKEND_NONE && install_plan(arena, findings)[0] != '\0')
			backend.kind = BACKEND_INSTALL;
		else
			findings_join(findings, &trial);
		backend.why = settings_is(settings, SET_SSHD, "auto")
		                  ? "this sshinit was built without the embedded one"
		                  : "sshd = install";
		return backend;
	}
	if (settings_is(settings, SET_SSHD, "system")) {
		backend = plan_system(arena, accounts, findings);
		backend.why = "sshd = system";
		if (backend.sshd[0] == '\0')
			finding_add(findings, ERROR, CODE_SYSTEM_MISSING, "sshd = system", NULL);
		return backend;
	}
	if (backend_has_embedded())
		backend = plan_embedded(arena);
	else
		finding_add(findings, ERROR, CODE_EMBEDDED_MISSING, "sshd = embedded", NULL);
	backend.why = settings_is(settings, SET_SSHD, "auto") ? "the same in every image"
	                                                      : "sshd = embedded";
	return backend;
}

/* Root runs it at each login; whoever can put another in its place would be root. */
static void
look_at_self(
    const struct backend *backend, const struct account *accounts, struct findings *findings)
{
	struct statvfs system;

	while (accounts != NULL && accounts->uid == 0)
		accounts = accounts->next;
	if (accounts == NULL || geteuid() != 0 || file_is_sheltered(findings->arena, backend->self)
	    || (statvfs(backend->self, &system) == 0 && (system.f_flag & ST_RDONLY) != 0))
		return;
	finding_add(findings, WARNING, CODE_PROGRAM_OPEN, backend->self, NULL);
}

struct backend
backend_plan(struct arena *arena, const struct settings *settings, const struct account *accounts,
    struct findings *findings)
{
	struct backend backend = choose(arena, settings, accounts, findings);

	backend.self = own_path(arena);
	look_at_self(&backend, accounts, findings);
	if (backend.version == NULL)
		backend.version = "";
	if (backend.sshd == NULL)
		backend.sshd = "";
	if (backend.keygen == NULL)
		backend.keygen = "";
	backend.sshd_session = backend.sshd_auth = "";
	return backend;
}

/* ---- preparing ----------------------------------------------------------------------------- */

/* Links to this binary, one for each program in it. The directory ends a session's PATH, so that
 * scp and sshinit are found there. */
static int
link_programs(struct backend *backend, struct arena *arena, const struct state *state,
    struct findings *findings)
{
	int bin = state->fd >= 0 ? dir_open(state->fd, "bin", 0755, NULL) : -1;

	for (const char *const *name = embedded_programs(); bin >= 0 && *name != NULL; name++)
		if (symlinkat(backend->self, bin, *name) < 0 && errno == EEXIST) {
			(void)unlinkat(bin, *name, 0);
			if (symlinkat(backend->self, bin, *name) < 0) {
				close(bin);
				bin = -1;
			}
		}
	if (bin < 0) {
		finding_add(findings, ERROR, CODE_STATE_NONE, state->path, "%s", strerror(errno));
		return -1;
	}
	close(bin);
	if (backend->kind != BACKEND_EMBEDDED)
		return 0;
	backend->sshd = arena_printf(arena, "%s/bin/sshd", state->path);
	backend->sshd_session = arena_printf(arena, "%s/bin/sshd-session", state->path);
	backend->sshd_auth = arena_printf(arena, "%s/bin/sshd-auth", state->path);
	backend->keygen = arena_printf(arena, "%s/bin/ssh-keygen", state->path);
	return 0;
}

int
backend_prepare(struct backend *backend, struct arena *arena, const struct state *state,
    struct findings *findings)
{
	if (link_programs(backend, arena, state, findings) < 0)
		return -1;
	/* The directory to which Debian's sshd changes its root; nobody may write there. */
	if (backend->kind == BACKEND_SYSTEM && geteuid() == 0 && mkdir("/run/sshd", 0755) < 0
	    && errno != EEXIST) {
		finding_add(
		    findings, ERROR, CODE_SYSTEM_RUNDIR, "/run/sshd", "%s", strerror(errno));
		return -1;
	}
	return 0;
}
