#include "live/live.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/run.h"
#include "sshd/embedded.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEST_MS = 10000, IMAGE_CONFIG_LIMIT = 1024 * 1024 };

/* ---- helpers and sshd -t ------------------------------------------------------------------- */

/* The programs that the sshd in force starts: those of the embedded one are links to this binary.
 */
static void
look_at_helpers(struct looks *looks)
{
	static const char *const wanted[]
	    = { "sshd", "sshd-session", "sshd-auth", "ssh-keygen", "sftp-server", "scp", NULL };
	const struct plan *plan = looks->plan;
	struct buf missing = buf_new(looks->arena);
	struct look *look;

	/* Without a key or an account none is made: there is nothing to serve with them. */
	if (plan->backend.kind != BACKEND_EMBEDDED || !looks->running
	    || (looks->ports == NULL && !plan_can_serve(plan)))
		return;
	for (const char *const *name = wanted; *name != NULL; name++)
		if (access(arena_printf(looks->arena, "%s/bin/%s", plan->state.path, *name), X_OK)
		    < 0)
			buf_printf(&missing, "%s%s: %s", missing.len > 0 ? ", " : "", *name,
			    strerror(errno));
	look = look_add(looks, "helpers",
	    "%s/bin: sshd, sshd-session, sshd-auth, ssh-keygen, "
	    "sftp-server, scp",
	    plan->state.path);
	if (missing.len > 0)
		(void)look_complain(looks, look, ERROR, CODE_HELPER, "%s", missing.data);
}

static void
look_at_config(struct looks *looks)
{
	const struct plan *plan = looks->plan;
	const char *config = arena_printf(looks->arena, "%s/sshd_config", plan->state.path);
	const char *sshd = plan->backend.kind == BACKEND_EMBEDDED
	                       ? arena_printf(looks->arena, "%s/bin/sshd", plan->state.path)
	                       : plan->backend.sshd;
	const char *const argv[] = { sshd, "-t", "-f", config, NULL };
	struct span said;
	struct look *look;
	char **environment;
	int status;

	if (!looks->running || live_config(looks)[0] == '\0' || sshd[0] == '\0')
		return;
	environment = embedded_environment(looks->arena, plan->accounts, &plan->state);
	status = run_collect(
	    looks->arena, sshd, argv, (const char *const *)environment, TEST_MS, &said);
	look = look_add(looks, "sshd -t", "%s: %s", config,
	    status == 0 ? "sshd accepts it" : "sshd does not accept it");
	if (status != 0)
		(void)look_complain(looks, look, ERROR, CODE_SSHD_CONFIG, "%.*s",
		    (int)strcspn(said.data, "\r\n"), said.len > 0 ? said.data : strerror(errno));
}

void
live_backend(struct looks *looks)
{
	static const enum code codes[]
	    = { CODE_EMBEDDED_MISSING, CODE_SYSTEM_MISSING, CODE_SYSTEM_OLD, CODE_SYSTEM_HELPER,
		      CODE_SYSTEM_PRIVSEP, CODE_SYSTEM_NO_ENTRY, CODE_SYSTEM_RUNDIR };
	const struct backend *b = &looks->plan->backend;
	struct look *look = look_add(looks, "sshd", "%s%s%s%s%s%s%s", backend_name(b->kind),
	    b->version[0] != '\0' ? ", " : "", b->version, b->sshd[0] != '\0' ? ", " : "", b->sshd,
	    b->why != NULL ? "; " : "", b->why != NULL ? b->why : "");

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		look_covers(looks, look, codes[i], NULL);
	look_at_helpers(looks);
	look_at_config(looks);
}

/* ---- what the image's own configuration says ----------------------------------------------- */

/* Settings that people expect to hold because they stand in the image's file. */
static bool
is_expected(struct span line)
{
	static const char *const names[] = { "Port", "ListenAddress", "PermitRootLogin",
		"PasswordAuthentication", "AuthorizedKeysFile", "AuthorizedKeysCommand",
		"AllowUsers", "DenyUsers", "AllowGroups", "DenyGroups", "ForceCommand", "Match",
		"HostKey", "TrustedUserCAKeys", "Subsystem", "PubkeyAuthentication",
		"AllowTcpForwarding", "ChrootDirectory", "MaxAuthTries", "SetEnv", "AcceptEnv" };
	size_t word = 0;

	while (word < line.len && strchr(" \t=", line.data[word]) == NULL)
		word++;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is_nocase(span_take(line, word), names[i]))
			return true;
	return false;
}

/* What Debian's package puts there says nothing about its author's wishes. */
static bool
is_usual(struct span line)
{
	return span_is(line, "Subsystem\tsftp\t/usr/lib/openssh/sftp-server")
	       || span_is(line, "AcceptEnv LANG LC_*")
	       || span_is(line, "AcceptEnv LANG LC_* COLORTERM NO_COLOR");
}

static void
collect_lines(struct arena *arena, struct buf *text, const char *path)
{
	struct span file;

	if (file_read(arena, AT_FDCWD, path, IMAGE_CONFIG_LIMIT, &file) < 0)
		return;
	while (file.len > 0) {
		struct span line = span_take(file, strcspn(file.data, "\n"));

		file = span_skip(file, line.len + 1);
		while (line.len > 0 && strchr(" \t", line.data[0]) != NULL)
			line = span_skip(line, 1);
		if (is_expected(line) && !is_usual(line))
			buf_printf(text, "%s%.*s", text->len > 0 ? "; " : "",
			    (int)strcspn(line.data, "\r\n"), line.data);
	}
}

static void
look_at_image_config(struct looks *looks)
{
	static const char more[] = "/etc/ssh/sshd_config.d";
	struct buf text = buf_new(looks->arena);
	DIR *directory = opendir(more);
	const struct dirent *entry;
	struct look *look;

	collect_lines(looks->arena, &text, "/etc/ssh/sshd_config");
	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			collect_lines(looks->arena, &text,
			    arena_printf(looks->arena, "%s/%s", more, entry->d_name));
	if (directory != NULL)
		closedir(directory);
	if (access("/etc/ssh/sshd_config", F_OK) < 0)
		return;
	look = look_add(looks, "/etc/ssh/sshd_config",
	    "not read: sshinit gives sshd a "
	    "configuration of its own");
	if (text.len > 0)
		(void)look_complain(looks, look, NOTE, CODE_IMAGE_CONFIG, "%s", text.data);
}

static void
look_at_image_keys(struct looks *looks)
{
	struct buf text = buf_new(looks->arena);
	DIR *directory = opendir("/etc/ssh");
	const struct dirent *entry;
	struct look *look;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (strncmp(entry->d_name, "ssh_host_", 9) == 0 && len > 4
		    && strcmp(entry->d_name + len - 4, "_key") == 0
		    && strcmp(looks->plan->hostkey.kept, "/etc/ssh") != 0
		    && strncmp(looks->plan->hostkey.path, "/etc/ssh/", 9) != 0)
			buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", entry->d_name);
	}
	if (directory != NULL)
		closedir(directory);
	if (text.len == 0)
		return;
	look = look_add(looks, "/etc/ssh", "%s", text.data);
	(void)look_complain(looks, look, NOTE, CODE_IMAGE_HOST_KEYS, NULL);
}

void
live_image(struct looks *looks)
{
	if (looks->plan->backend.kind != BACKEND_SYSTEM)
		return;
	look_at_image_config(looks);
	look_at_image_keys(looks);
}
