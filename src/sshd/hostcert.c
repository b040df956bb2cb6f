#include "sshd/hostcert.h"

#include "base/arena.h"
#include "keys/certificate.h"

#include <string.h>
#include <time.h>

const char *
hostcert_wrong(struct arena *arena, struct span text, const char *fingerprint)
{
	const time_t now = time(NULL);
	struct cert cert;

	if (!cert_read(arena, text, &cert))
		return "there is no certificate in it";
	if (!cert.host)
		return "it is a user's, not a host's (ssh-keygen -h makes those)";
	if (fingerprint[0] != '\0' && strcmp(cert.fingerprint, fingerprint) != 0)
		return arena_printf(arena, "it is for another key, %s", cert.fingerprint);
	return cert_time(&cert, now) == CERT_VALID ? "" : cert_validity(arena, &cert, now);
}
