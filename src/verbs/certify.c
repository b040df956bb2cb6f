#include "verbs/certify.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/options.h"
#include "base/run.h"
#include "ca/authority.h"
#include "sshd/backend.h"

#include <bsd/stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSED = 1 };

static const char usage[]
    = "usage: sshinit --certify --ca-init --ca KEY\n"
      "       sshinit --certify --ca KEY --identity NAME --principal USER... [--hours N]\n"
      "               [--no-forwarding] [--again] FILE.pub\n"
      "       sshinit --certify --ca KEY --revoke SERIAL|FILE...\n";

struct request {
	const char *ca;
	bool init, revoke, again;
	struct certificate_request certificate;
	char **words;
};

static const char *
valid_name(const char *name)
{
	if (name[0] == '\0' || name[0] == '-')
		return "it must be a name";
	for (const char *c = name; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == ',' || *c == '"')
			return "it must not hold blanks, commas or quotes";
	return NULL;
}

/* The value of an option, "--name value" or "--name=value"; NULL when word is another option. */
static const char *
value_of(char ***word, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(**word, name, len) != 0)
		return NULL;
	if ((**word)[len] == '=')
		return **word + len + 1;
	if ((**word)[len] != '\0')
		return NULL;
	if ((*word)[1] == NULL)
		return "";
	(*word)++;
	return **word;
}

static int
read_arguments(struct request *request, const struct verb_call *call)
{
	struct arena *arena = call->settings->arena;
	struct buf principals = buf_new(arena);
	long limit = settings_number(call->settings, SET_CERTIFICATE_HOURS);
	size_t n = 0;

	request->words = arena_alloc(arena, (size_t)call->argc + 1, sizeof(char *));
	request->certificate.hours = limit;
	for (char **word = call->argv + 1; *word != NULL; word++) {
		const char *option = *word, *value, *wrong = NULL;

		if (strcmp(option, "--ca-init") == 0)
			request->init = true;
		else if (strcmp(option, "--revoke") == 0)
			request->revoke = true;
		else if (strcmp(option, "--again") == 0)
			request->again = true;
		else if (strcmp(option, "--no-forwarding") == 0)
			request->certificate.no_forwarding = true;
		else if ((value = value_of(&word, "--ca")) != NULL)
			request->ca = value;
		else if ((value = value_of(&word, "--identity")) != NULL) {
			wrong = valid_name(value);
			request->certificate.identity = value;
		} else if ((value = value_of(&word, "--principal")) != NULL) {
			wrong = valid_name(value);
			buf_printf(&principals, "%s%s", principals.len > 0 ? "," : "", value);
		} else if ((value = value_of(&word, "--hours")) != NULL) {
			request->certificate.hours = (long)strtonum(value, 1, limit, &wrong);
			if (wrong != NULL)
				wrong = arena_printf(
				    arena, "from 1 to %ld (the limit is certificate-hours)", limit);
		} else if (strncmp(option, "--", 2) == 0) {
			const char *config = NULL;
			int taken = options_take(call->settings, &config, word, &wrong);

			word += taken > 0 ? taken - 1 : 0;
		} else {
			request->words[n++] = *word;
		}
		if (wrong != NULL)
			return options_wrong(option, wrong);
	}
	request->certificate.principals = principals.data;
	return 0;
}

static int
wrong_usage(const char *what)
{
	fprintf(stderr, "sshinit: --certify: %s\n%s", what, usage);
	return EXIT_USAGE;
}

static int
check_request(const struct request *request)
{
	if (request->ca[0] == '\0')
		return wrong_usage("--ca KEY is missing");
	if (request->init)
		return request->words[0] == NULL ? 0 : wrong_usage("--ca-init takes no file");
	if (request->revoke)
		return request->words[0] != NULL ? 0 : wrong_usage("what is to be revoked?");
	if (request->certificate.identity == NULL)
		return wrong_usage("--identity NAME is missing");
	if (request->certificate.principals[0] == '\0')
		return wrong_usage("--principal USER is missing: the name to log in as");
	if (request->words[0] == NULL || request->words[1] != NULL)
		return wrong_usage("one public key file must be given");
	return 0;
}

static int
refused(const struct findings *findings)
{
	log_findings(findings, NOTE);
	return REFUSED;
}

static const char *
without_pub(struct arena *arena, const char *path)
{
	size_t len = strlen(path);

	if (len > 4 && strcmp(path + len - 4, ".pub") == 0)
		len -= 4;
	return arena_strndup(arena, path, len);
}

/* The file's name without directory and ".pub": what ssh -i takes, and where the certificate
 * belongs. */
static const char *
key_name(struct arena *arena, const char *public_key)
{
	const char *base = strrchr(public_key, '/');

	return without_pub(arena, base != NULL ? base + 1 : public_key);
}

/* front and text as one word of PowerShell, whose front may hold a variable. */
static const char *
powershell_word(struct arena *arena, const char *front, const char *text)
{
	struct buf buf = buf_new(arena);

	if (strcmp(shell_word(arena, text), text) == 0)
		return arena_printf(arena, "%s%s", front, text);
	buf_printf(&buf, "\"%s", front);
	for (; *text != '\0'; text++) {
		if (strchr("`\"$", *text) != NULL)
			buf_putc(&buf, '`');
		buf_putc(&buf, *text);
	}
	buf_putc(&buf, '"');
	return buf.data;
}

static void
print_certificate(struct arena *arena, const struct certificate *certificate,
    const struct certificate_request *request)
{
	const char *name = key_name(arena, request->public_key);
	const char *principals = request->principals != NULL ? request->principals : "";
	const char *to
	    = arena_printf(arena, "%.*s@HOST", (int)strcspn(principals, ","), principals);
	const char *file = arena_printf(arena, "%s-cert.pub", name);
	static const char folder[] = "$env:USERPROFILE\\.ssh\\";
	/* Without the comment, which may hold a quotation mark. */
	size_t type = strcspn(certificate->line, " ");
	size_t blob = strcspn(certificate->line + type + 1, " ");
	const char *line = arena_strndup(arena, certificate->line, type + 1 + blob);

	printf("%s%s\n\n%s\n\n", certificate->was_valid ? "still valid: " : "", certificate->path,
	    certificate->text);
	printf("Linux, macOS:\n  echo '%s' > ~/.ssh/%s\n  ssh -i ~/.ssh/%s -p PORT %s\n\n", line,
	    shell_word(arena, file), shell_word(arena, name), shell_word(arena, to));
	printf(
	    "Windows (PowerShell):\n  Set-Content -Path %s -Value '%s'\n  ssh -i %s -p PORT %s\n",
	    powershell_word(arena, folder, file), line, powershell_word(arena, folder, name),
	    powershell_word(arena, "", to));
}

static int
sign(const struct authority *authority, struct request *request, struct findings *findings)
{
	struct certificate certificate;

	request->certificate.public_key = request->words[0];
	if (authority_sign(authority, &request->certificate, request->again, &certificate, findings)
	    < 0)
		return refused(findings);
	print_certificate(authority->arena, &certificate, &request->certificate);
	return 0;
}

static int
revoke(const struct authority *authority, const struct request *request, struct findings *findings)
{
	for (char **what = request->words; *what != NULL; what++) {
		if (authority_revoke(authority, *what, findings) < 0)
			return refused(findings);
		printf("revoked   %s in %s.krl\n", *what, authority->key);
	}
	printf("Give the list to the pods as revoked-keys; sshd reads it at each login.\n");
	return 0;
}

int
verb_certify(const struct verb_call *call)
{
	struct arena *arena = call->settings->arena;
	struct findings findings = findings_new(arena);
	struct request request = { .ca = "" };
	struct authority authority = { .arena = arena };
	int status = read_arguments(&request, call);

	if (status == 0)
		status = check_request(&request);
	if (status != 0)
		return status;
	/* The public half is all there may be, where an agent has the other. */
	authority.key = without_pub(arena, request.ca);
	authority.keygen = backend_has_embedded()
	                       ? "/proc/self/exe"
	                       : run_find(arena, run_standard_path, "ssh-keygen");
	if (authority.keygen[0] == '\0')
		return options_wrong("--certify", "there is no ssh-keygen here");
	if (request.revoke)
		return revoke(&authority, &request, &findings);
	if (!request.init)
		return sign(&authority, &request, &findings);
	if (authority_make(&authority, &findings) < 0)
		return refused(&findings);
	printf("made      %s and %s.pub\n", authority.key, authority.key);
	printf("Give the public half to the pods as user-ca: SSHINIT_USER_CA=\"$(cat %s.pub)\"\n",
	    authority.key);
	return 0;
}
