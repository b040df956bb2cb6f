#include "sshd/embedded.h"

#include "base/buf.h"
#include "pod/account.h"
#include "pod/state.h"
#include "sshd/noshell.h"

#include <stdlib.h>
#include <string.h>

/* One line of deps' list of versions: "OpenSSH_10.0p1". The Makefile writes it. */
#include "embedded_version.h"

#ifdef SSHINIT_EMBEDDED
int sshinit_sshd_main(int argc, char **argv);
int sshinit_sshd_session_main(int argc, char **argv);
int sshinit_sshd_auth_main(int argc, char **argv);
int sshinit_ssh_keygen_main(int argc, char **argv);
int sshinit_sftp_server_main(int argc, char **argv);
int sshinit_scp_main(int argc, char **argv);
#endif

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} programs[] = {
#ifdef SSHINIT_EMBEDDED
	{ "sshd", sshinit_sshd_main },
	{ "sshd-session", sshinit_sshd_session_main },
	{ "sshd-auth", sshinit_sshd_auth_main },
	{ "ssh-keygen", sshinit_ssh_keygen_main },
	{ "sftp-server", sshinit_sftp_server_main },
	{ "scp", sshinit_scp_main },
	{ EMBEDDED_NO_SHELL, noshell_main },
#endif
	{ "sshinit", NULL },
};

enum { PROGRAMS = sizeof(programs) / sizeof(programs[0]) };

const char *const *
embedded_idle(void)
{
	static const char *const names[] = { "invoke-rc.d", "deb-systemd-invoke", "service",
		"systemctl", "rc-service", "initctl", NULL };

	return names;
}

int
embedded_main(int argc, char **argv)
{
	const char *base = argc > 0 ? strrchr(argv[0], '/') : NULL;

	base = base != NULL ? base + 1 : argc > 0 ? argv[0] : "";
	/* A login shell's name has a dash in front. */
	if (base[0] == '-')
		base++;
	for (size_t i = 0; i < PROGRAMS; i++)
		if (programs[i].run != NULL && strcmp(base, programs[i].name) == 0) {
#ifdef SSHINIT_EMBEDDED
			embedded_prepare();
#endif
			return programs[i].run(argc, argv);
		}
	for (const char *const *name = embedded_idle(); *name != NULL; name++)
		if (strcmp(base, *name) == 0)
			return 0;
	return -1;
}

const char *
embedded_version(void)
{
	return EMBEDDED_VERSION;
}

const char *const *
embedded_programs(void)
{
	static const char *names[PROGRAMS + 1];

	for (size_t i = 0; i < PROGRAMS; i++)
		names[i] = programs[i].name;
	return names;
}

char **
embedded_environment(struct arena *arena, const struct account *accounts, const struct state *state)
{
	char **environment = arena_alloc(arena, 8, sizeof(*environment));
	size_t n = 0;

	environment[n++] = arena_strdup(
	    arena, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	environment[n++] = arena_printf(arena, "SSHINIT_STATE=%s", state->path);
	for (; accounts != NULL; accounts = accounts->next)
		if (accounts->synthetic) {
			/* One each: a home or a name may hold whatever separates fields. */
			environment[n++]
			    = arena_printf(arena, "SSHINIT_ACCOUNT_NAME=%s", accounts->name);
			environment[n++] = arena_printf(
			    arena, "SSHINIT_ACCOUNT_UID=%u", (unsigned)accounts->uid);
			environment[n++] = arena_printf(
			    arena, "SSHINIT_ACCOUNT_GID=%u", (unsigned)accounts->gid);
			environment[n++]
			    = arena_printf(arena, "SSHINIT_ACCOUNT_HOME=%s", accounts->home);
			environment[n++]
			    = arena_printf(arena, "SSHINIT_ACCOUNT_SHELL=%s", accounts->shell);
			break;
		}
	return environment;
}
