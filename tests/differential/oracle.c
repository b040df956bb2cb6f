/*
 * oracle: what sshd does with a line of authorized_keys, told by OpenSSH's own code.
 *
 * The same calls in the same order as sshd's: read a key; where there is none, skip options and
 * read again; parse the options; then what is checked at a login and depends on the line alone. A
 * from= that excludes this or that client is no fault of the line, one that cannot be parsed is.
 *
 * stdin: records of a 4-byte length and a line without its end. stdout: a line for each, "used
 * FINGERPRINT" or "skipped".
 */
#include "includes.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth-options.h"
#include "authfile.h"
#include "digest.h"
#include "log.h"
#include "match.h"
#include "misc.h"
#include "sshkey.h"

/* libssh.a's signing wants it; nothing is signed here. */
int sshsk_sign(void);

int
sshsk_sign(void)
{
	return -1;
}

static int
checks_out(const struct sshauthopt *options)
{
	time_t now = time(NULL);

	if (options->valid_before != 0 && options->valid_before < (uint64_t)now)
		return 0;
	if (options->cert_principals != NULL && !options->cert_authority)
		return 0;
	if (options->required_from_host_keys != NULL
	    && match_host_and_ip("host.invalid", "192.0.2.7", options->required_from_host_keys)
	           == -1)
		return 0;
	return 1;
}

/* The fingerprint of the key that sshd would use, or NULL. */
static char *
judge(char *line)
{
	struct sshkey *key = sshkey_new(KEY_UNSPEC);
	struct sshauthopt *parsed = NULL;
	const char *reason;
	char *options = NULL, *print = NULL;

	line += strspn(line, " \t");
	if (*line == '\0' || *line == '\n' || *line == '#')
		goto out;
	if (sshkey_read(key, &line) != 0) {
		options = line;
		if (sshkey_advance_past_options(&line) != 0)
			goto out;
		line += strspn(line, " \t");
		if (sshkey_read(key, &line) != 0)
			goto out;
	}
	if (sshkey_is_cert(key)) /* a login key is never equal to one, a CA neither */
		goto out;
	parsed = sshauthopt_parse(options, &reason);
	if (parsed != NULL && checks_out(parsed))
		print = sshkey_fingerprint(key, SSH_DIGEST_SHA256, SSH_FP_BASE64);
out:
	sshauthopt_free(parsed);
	sshkey_free(key);
	return print;
}

int
main(void)
{
	uint32_t len;

	log_init("oracle", SYSLOG_LEVEL_QUIET, SYSLOG_FACILITY_AUTH, 1);
	while (fread(&len, sizeof(len), 1, stdin) == 1) {
		char *line = calloc(1, (size_t)len + 1), *print;

		if (line == NULL || fread(line, 1, len, stdin) != len)
			return 1;
		print = judge(line);
		printf("%s%s\n", print != NULL ? "used " : "skipped", print != NULL ? print : "");
		free(print);
		free(line);
	}
	return 0;
}
