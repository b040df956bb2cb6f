#include "ca/authority.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/run.h"
#include "keys/certificate.h"
#include "keys/paste.h"

#include <bsd/stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { TEXT_LIMIT = 1024 * 1024, SHORT_MS = 20000 };

static const char *
beside(const struct authority *authority, const char *suffix)
{
	return arena_printf(authority->arena, "%s%s", authority->key, suffix);
}

static int
failed(struct findings *findings, const char *subject, const char *detail)
{
	finding_add(findings, ERROR, CODE_CERTIFY, subject, "%s", detail);
	return -1;
}

/* Runs ssh-keygen on the terminal, where it may ask for a passphrase. */
static int
keygen(const struct authority *authority, const char *const argv[])
{
	return run_inherit(authority->keygen, argv, (const char *const *)(const void *)environ);
}

/* Runs it for what it prints. */
static int
keygen_quietly(const struct authority *authority, const char *const argv[], struct span *output)
{
	return run_collect(authority->arena, authority->keygen, argv,
	    (const char *const *)(const void *)environ, SHORT_MS, output);
}

int
authority_make(const struct authority *authority, struct findings *findings)
{
	const char *const interactive[] = { "ssh-keygen", "-q", "-t", "ed25519", "-C",
		"sshinit user CA", "-f", authority->key, NULL };
	const char *const unattended[] = { "ssh-keygen", "-q", "-t", "ed25519", "-C",
		"sshinit user CA", "-N", "", "-f", authority->key, NULL };

	if (access(authority->key, F_OK) == 0)
		return failed(findings, authority->key, "it exists already, and is left as it is");
	if (keygen(authority, isatty(STDIN_FILENO) ? interactive : unattended) != 0)
		return failed(findings, authority->key, "ssh-keygen could not make it");
	if (chmod(authority->key, 0400) < 0)
		return failed(findings, authority->key, strerror(errno));
	return 0;
}

/* ---- serials ------------------------------------------------------------------------------- */

/* The next number, taken under a lock; 0 after a finding. */
static unsigned long
next_serial(const struct authority *authority, struct findings *findings)
{
	const char *path = beside(authority, ".serial");
	char text[32] = "";
	unsigned long serial;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int len;

	if (fd < 0 || flock(fd, LOCK_EX) < 0 || pread(fd, text, sizeof(text) - 1, 0) < 0) {
		failed(findings, path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return 0;
	}
	serial = strtoul(text, NULL, 10) + 1;
	len = snprintf(text, sizeof(text), "%lu\n", serial);
	if (pwrite(fd, text, (size_t)len, 0) != len || fsync(fd) < 0) {
		failed(findings, path, strerror(errno));
		serial = 0;
	}
	close(fd);
	return serial;
}

static void
record(const struct authority *authority, const struct certificate_request *request,
    unsigned long serial, const char *fingerprint)
{
	struct arena *arena = authority->arena;
	time_t until = time(NULL) + request->hours * 3600;
	const char *line;
	int fd = open(beside(authority, ".issued"),
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return;
	line = arena_printf(arena, "%lu\t%s\t%s\t%s\t%s\n", serial, clock_utc(arena, until),
	    request->identity, request->principals, fingerprint);
	(void)write_all(fd, line, strlen(line));
	close(fd);
}

/* ---- signing ------------------------------------------------------------------------------- */

/* id_ed25519.pub -> id_ed25519-cert.pub, as ssh-keygen and ssh name it. */
static const char *
certificate_path(struct arena *arena, const char *public_key)
{
	size_t len = strlen(public_key);

	if (len > 4 && strcmp(public_key + len - 4, ".pub") == 0)
		len -= 4;
	return arena_printf(arena, "%.*s-cert.pub", (int)len, public_key);
}

static int
read_certificate(const struct authority *authority, struct certificate *certificate)
{
	const char *const describe[] = { "ssh-keygen", "-L", "-f", certificate->path, NULL };
	struct span text;

	if (file_read(authority->arena, AT_FDCWD, certificate->path, TEXT_LIMIT, &text) < 0)
		return -1;
	certificate->line = arena_strndup(authority->arena, text.data, strcspn(text.data, "\r\n"));
	if (keygen_quietly(authority, describe, &text) != 0)
		return -1;
	certificate->text = text.data;
	return 0;
}

/* The fingerprint of the CA; "" where KEY.pub cannot be read. */
static const char *
authority_fingerprint(const struct authority *authority)
{
	struct entries entries = entries_new(authority->arena);
	struct span text;

	if (file_read(authority->arena, AT_FDCWD, beside(authority, ".pub"), TEXT_LIMIT, &text) < 0)
		return "";
	paste_read(&entries, "CA", text, &(struct paste_rules){ .repair = true });
	return entries.first != NULL && entries.first->key != NULL ? entries.first->key->fingerprint
	                                                           : "";
}

static bool
is_revoked(const struct authority *authority, const char *path)
{
	const char *const ask[]
	    = { "ssh-keygen", "-Q", "-f", beside(authority, ".krl"), path, NULL };
	struct span output;

	return access(ask[3], F_OK) == 0 && keygen_quietly(authority, ask, &output) != 0;
}

static bool
carries(const struct authority *authority, const struct cert *cert, const char *principals)
{
	char *rest = arena_strdup(authority->arena, principals), *next;
	size_t n = 0, have = 0;

	for (const char **p = cert->principals; *p != NULL; p++)
		have++;
	for (; (next = strsep(&rest, ",")) != NULL; n++)
		if (!cert_has(cert->principals, next))
			return false;
	return n == have;
}

/* Whether the certificate that is there says what is asked for, of the key that is there. */
static bool
still_serves(const struct authority *authority, const struct certificate_request *request,
    struct certificate *certificate, const char *fingerprint)
{
	struct cert cert;

	if (!cert_read(authority->arena, span_of(certificate->line), &cert) || cert.host
	    || cert_time(&cert, time(NULL)) != CERT_VALID
	    || strcmp(cert.identity, request->identity) != 0
	    || strcmp(cert.fingerprint, fingerprint) != 0
	    || strcmp(cert.authority, authority_fingerprint(authority)) != 0
	    || !carries(authority, &cert, request->principals)
	    || cert_has(cert.extensions, "permit-port-forwarding") == request->no_forwarding
	    || is_revoked(authority, certificate->path))
		return false;
	certificate->serial = (unsigned long)cert.serial;
	return true;
}

/* The fingerprint of the file to sign; NULL after a finding when it is no public key. */
static const char *
fingerprint_of(const struct authority *authority, const char *path, struct findings *findings)
{
	struct entries entries = entries_new(authority->arena);
	struct span text;

	if (file_read(authority->arena, AT_FDCWD, path, TEXT_LIMIT, &text) < 0) {
		failed(findings, path, strerror(errno));
		return NULL;
	}
	paste_read(&entries, path, text, &(struct paste_rules){ .repair = false });
	if (entries.first == NULL || entries.first->key == NULL) {
		struct finding *f = finding_add(findings, ERROR, CODE_CERTIFY, path, "%s",
		    entries.first != NULL ? entries.first->message : "there is no key in it");

		if (entries.first != NULL)
			finding_fix(findings, f, "%s", entries.first->fix);
		return NULL;
	}
	/* ssh-keygen takes the first line, and only a plain one. */
	if (entries.first->next != NULL || entries.first->key->options[0] != '\0') {
		failed(findings, path,
		    entries.first->next != NULL ? "there is more than one key in it"
		                                : "there are options in front of the key");
		return NULL;
	}
	return entries.first->key->fingerprint;
}

static int
run_signing(const struct authority *authority, const struct certificate_request *request,
    unsigned long serial)
{
	const char *argv[24];
	size_t n = 0;

	argv[n++] = "ssh-keygen";
	argv[n++] = "-q";
	argv[n++] = "-s";
	/* Without the private file, an agent holds the key (or a token behind it does). */
	if (access(authority->key, R_OK) == 0) {
		argv[n++] = authority->key;
	} else {
		argv[n++] = beside(authority, ".pub");
		argv[n++] = "-U";
	}
	argv[n++] = "-I";
	argv[n++] = request->identity;
	argv[n++] = "-n";
	argv[n++] = request->principals;
	argv[n++] = "-z";
	argv[n++] = arena_printf(authority->arena, "%lu", serial);
	argv[n++] = "-V";
	/* A minute back, for clocks that differ a little. */
	argv[n++] = arena_printf(authority->arena, "-1m:+%ldh", request->hours);
	if (request->no_forwarding) {
		argv[n++] = "-O";
		argv[n++] = "clear";
		argv[n++] = "-O";
		argv[n++] = "permit-pty";
	}
	argv[n++] = request->public_key[0] == '-'
	                ? arena_printf(authority->arena, "./%s", request->public_key)
	                : request->public_key;
	argv[n] = NULL;
	return keygen(authority, argv);
}

int
authority_sign(const struct authority *authority, const struct certificate_request *request,
    bool again, struct certificate *certificate, struct findings *findings)
{
	const char *fingerprint = fingerprint_of(authority, request->public_key, findings);

	if (fingerprint == NULL)
		return -1;
	if (access(authority->key, F_OK) < 0 && access(beside(authority, ".pub"), F_OK) < 0)
		return failed(findings, authority->key,
		    "no such file, and none with .pub behind for an agent's key");
	*certificate
	    = (struct certificate){ .path = certificate_path(authority->arena, request->public_key),
		      .line = "",
		      .text = "" };
	if (!again && read_certificate(authority, certificate) == 0
	    && still_serves(authority, request, certificate, fingerprint)) {
		certificate->was_valid = true;
		return 0;
	}
	certificate->serial = next_serial(authority, findings);
	if (certificate->serial == 0)
		return -1;
	if (run_signing(authority, request, certificate->serial) != 0)
		return failed(
		    findings, authority->key, "ssh-keygen did not sign; its words are above");
	if (read_certificate(authority, certificate) < 0)
		return failed(findings, certificate->path, "the new certificate cannot be read");
	record(authority, request, certificate->serial, fingerprint);
	return 0;
}

/* ---- revoking ------------------------------------------------------------------------------ */

/* The lists are read, changed and replaced: one at a time. */
static int
lock(const struct authority *authority)
{
	int fd
	    = open(beside(authority, ".serial"), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0)
		(void)flock(fd, LOCK_EX);
	return fd;
}

static int
revoke_locked(const struct authority *authority, const char *what, struct findings *findings)
{
	struct arena *arena = authority->arena;
	const char *krl = beside(authority, ".krl");
	const char *list = beside(authority, ".revoke-new");
	const char *new = beside(authority, ".krl-new");
	const char *argv[16];
	struct span output, old;
	size_t n = 0;
	int status, fd;

	/* ssh-keygen rewrites the list in place; pods may be copying it, so it works on a copy. */
	if (file_read(arena, AT_FDCWD, krl, TEXT_LIMIT * 16, &old) == 0) {
		if (file_replace(AT_FDCWD, new, old, 0644, NULL, false) < 0)
			return failed(findings, new, strerror(errno));
	} else if (errno != ENOENT) {
		return failed(findings, krl, strerror(errno));
	}
	argv[n++] = "ssh-keygen";
	argv[n++] = "-q";
	argv[n++] = "-k";
	if (access(new, F_OK) == 0)
		argv[n++] = "-u";
	argv[n++] = "-f";
	argv[n++] = new;
	argv[n++] = "-s";
	argv[n++] = beside(authority, ".pub");
	if (access(what, F_OK) == 0) {
		argv[n++] = what;
	} else {
		const char *line = arena_printf(arena, "serial: %s\n", what);

		if (what[strspn(what, "0123456789-")] != '\0' || what[0] == '-' || what[0] == '\0')
			return failed(findings, what, "neither a file nor a serial number");
		fd = open(list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 || write_all(fd, line, strlen(line)) < 0)
			return failed(findings, list, strerror(errno));
		close(fd);
		argv[n++] = list;
	}
	argv[n] = NULL;
	status = keygen_quietly(authority, argv, &output);
	(void)unlink(list);
	if (status != 0) {
		(void)unlink(new);
		return failed(findings, what,
		    output.len > 0 ? arena_strndup(arena, output.data, strcspn(output.data, "\r\n"))
		                   : "ssh-keygen failed");
	}
	if (rename(new, krl) < 0)
		return failed(findings, krl, strerror(errno));
	return 0;
}

int
authority_revoke(const struct authority *authority, const char *what, struct findings *findings)
{
	int fd = lock(authority);
	int result = revoke_locked(authority, what, findings);

	if (fd >= 0)
		close(fd);
	return result;
}
