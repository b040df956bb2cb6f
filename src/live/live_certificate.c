#include "live/live.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/run.h"
#include "keys/certificate.h"

#include <fcntl.h>
#include <string.h>

enum { FILE_LIMIT = 1024 * 1024, KEYGEN_MS = 10000 };

/* The names that let somebody in as this user. */
static bool
names_user(const struct login *login, const struct cert *cert)
{
	const char **names = settings_list(&login->settings, SET_PRINCIPALS);

	if (names[0] == NULL)
		return cert_has(cert->principals, login->account->name);
	for (; *names != NULL; names++)
		if (cert_has(cert->principals, *names))
			return true;
	return false;
}

static void
check_time(struct looks *looks, struct look *look, const struct cert *cert)
{
	const char *words = cert_validity(looks->arena, cert, looks->plan->now);

	switch (cert_time(cert, looks->plan->now)) {
	case CERT_EXPIRED:
		(void)look_complain(looks, look, ERROR, CODE_CERT_EXPIRED, "%s", words);
		break;
	case CERT_TOO_EARLY:
		(void)look_complain(looks, look, ERROR, CODE_CERT_EARLY, "%s", words);
		break;
	case CERT_VALID:
		break;
	}
}

/* What can be said only where the CAs are known: in the pod, or with user-ca on the command line.
 */
static void
check_authority(struct looks *looks, struct look *look, const struct cert *cert)
{
	const struct entry *e = looks->plan->authorities.first;
	struct buf trusted = buf_new(looks->arena);

	for (; e != NULL; e = e->next) {
		if (e->key == NULL)
			continue;
		if (strcmp(e->key->fingerprint, cert->authority) == 0)
			return;
		buf_printf(&trusted, "%s%s", trusted.len > 0 ? ", " : "", e->key->fingerprint);
	}
	if (trusted.len > 0)
		(void)look_complain(looks, look, ERROR, CODE_CERT_AUTHORITY,
		    "it is signed by %s, and trusted is %s", cert->authority, trusted.data);
	else if (looks->running)
		(void)look_complain(looks, look, ERROR, CODE_CERT_AUTHORITY,
		    "it is signed by %s, and user-ca names none", cert->authority);
}

static void
check_names(struct looks *looks, struct look *look, const struct cert *cert)
{
	struct buf users = buf_new(looks->arena);

	if (cert->principals[0] == NULL) {
		(void)look_complain(looks, look, ERROR, CODE_CERT_PRINCIPAL, "it carries none");
		return;
	}
	for (const struct login *login = looks->plan->logins; login != NULL; login = login->next) {
		if (names_user(login, cert))
			return;
		buf_printf(&users, "%s%s", users.len > 0 ? ", " : "", login->account->name);
	}
	if (looks->plan->logins != NULL)
		(void)look_complain(looks, look, ERROR, CODE_CERT_PRINCIPAL,
		    "it carries %s, and here %s may log in",
		    cert_words(looks->arena, cert->principals), users.data);
}

/* The list is sshd's own format, so ssh-keygen is asked. */
static void
check_revoked(struct looks *looks, struct look *look, const char *path)
{
	const char *list = settings_text(looks->plan->settings, SET_REVOKED_KEYS);
	const char *keygen = backend_has_embedded()
	                         ? "/proc/self/exe"
	                         : run_find(looks->arena, run_standard_path, "ssh-keygen");
	const char *const argv[] = { "ssh-keygen", "-Q", "-f", list, path, NULL };
	const char *const environment[] = { NULL };
	struct span output;

	if (list[0] == '\0' || keygen[0] == '\0')
		return;
	if (run_collect(looks->arena, keygen, argv, environment, KEYGEN_MS, &output) != 0
	    && strstr(output.data, "REVOKED") != NULL)
		(void)look_complain(looks, look, ERROR, CODE_CERT_REVOKED, "%s", list);
}

bool
live_is_certificate(struct arena *arena, const char *path)
{
	struct span text;
	struct cert cert;

	return file_read(arena, AT_FDCWD, path, FILE_LIMIT, &text) == 0
	       && cert_read(arena, text, &cert);
}

void
live_certificate(struct looks *looks, const char *path)
{
	struct arena *arena = looks->arena;
	struct span text;
	struct cert cert;
	struct look *look;
	const char *limits;

	if (file_read(arena, AT_FDCWD, path, FILE_LIMIT, &text) < 0
	    || !cert_read(arena, text, &cert))
		return;
	limits = cert_limits(arena, &cert);
	look = look_add(looks, path,
	    "a %s certificate (%s) for key %s: %s; identity \"%s\", serial %llu, for %s; signed by "
	    "CA %s; %s",
	    cert.host ? "host" : "user", cert.type, cert.fingerprint,
	    cert_validity(arena, &cert, looks->plan->now), cert.identity,
	    (unsigned long long)cert.serial, cert_words(arena, cert.principals), cert.authority,
	    limits[0] != '\0' ? limits : "permits all of a normal session");
	check_time(looks, look, &cert);
	if (cert.host) {
		(void)look_complain(looks, look, ERROR, CODE_CERT_HOST, NULL);
		return;
	}
	check_authority(looks, look, &cert);
	check_names(looks, look, &cert);
	check_revoked(looks, look, path);
	if (!cert_has(cert.extensions, "permit-port-forwarding"))
		(void)look_complain(looks, look, NOTE, CODE_CERT_FORWARDING, NULL);
}
