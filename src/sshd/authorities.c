#include "sshd/authorities.h"

#include "base/file.h"
#include "keys/paste.h"
#include "keys/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LIMIT = 1024 * 1024 };

static void
read_file(struct entries *authorities, const char *file, const struct state *state,
    const struct authorities_when *when, struct findings *findings)
{
	const struct paste_rules rules = { .repair = true, .now = when->now };
	struct arena *arena = authorities->arena;
	struct entries found = entries_new(arena);
	struct span text = { "", 0 }, in_force;
	const char *wrong = NULL;

	if (file_read(arena, AT_FDCWD, file, FILE_LIMIT, &text) < 0)
		wrong = strerror(errno);
	else
		paste_read(&found, file, text, &rules);
	if (when->running && entries_usable(&found) == 0 && !sources_mean_none(text)
	    && file_read_own(arena, state->fd, AUTHORITIES_NAME, FILE_LIMIT, &in_force) == 0) {
		finding_add(findings, ERROR, CODE_SOURCE_KEPT, file, "%s",
		    wrong != NULL ? wrong : "no usable CA in it");
		paste_read(authorities, file, in_force, &rules);
		return;
	}
	if (wrong != NULL)
		finding_add(findings, ERROR, CODE_SOURCE_UNREADABLE, file, "%s", wrong);
	else
		paste_read(authorities, file, text, &rules);
}

static void
complain(const struct entry *e, struct findings *findings)
{
	if (e->code == CODE_CERTIFICATE)
		finding_add(findings, ERROR, CODE_USER_CA, e->source,
		    "this is a certificate, and not the key of the CA that signed it");
	else
		finding_fix(findings,
		    finding_add(findings, ERROR, CODE_USER_CA, e->source, "%s", e->message), "%s",
		    e->fix);
}

/* sshd takes no options for these CAs, and a restriction without effect would let in more than its
 * author wants. */
static void
refuse_options(struct entries *authorities, struct findings *findings)
{
	for (struct entry *e = authorities->first; e != NULL; e = e->next) {
		if (e->key == NULL || e->key->options[0] == '\0'
		    || strcasecmp(e->key->options, "cert-authority") == 0)
			continue;
		finding_fix(findings,
		    finding_add(findings, ERROR, CODE_USER_CA, e->source,
		        "its options have no effect here: %s", e->key->options),
		    "remove the options, or give the whole line as one of the keys, where they "
		    "count");
		authorities->count[e->verdict]--;
		e->verdict = VERDICT_REFUSED;
		e->key = NULL;
		authorities->count[e->verdict]++;
	}
}

/* docker run -v makes one of a file that is not there. errno is set. */
static bool
is_directory(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return false;
	errno = EISDIR;
	return true;
}

struct entries
authorities_plan(struct arena *arena, const struct settings *settings, const struct state *state,
    const struct authorities_when *when, struct findings *findings)
{
	const char *text = settings_text(settings, SET_USER_CA);
	const char *file = settings_text(settings, SET_USER_CA_FILE);
	const char *revoked = settings_text(settings, SET_REVOKED_KEYS);
	struct entries authorities = entries_new(arena);

	if (revoked[0] != '\0' && (access(revoked, R_OK) < 0 || is_directory(revoked)))
		finding_add(
		    findings, ERROR, CODE_REVOKED_UNREADABLE, revoked, "%s", strerror(errno));
	if (text[0] != '\0')
		paste_read(&authorities, "SSHINIT_USER_CA", span_of(text),
		    &(struct paste_rules){ .repair = true, .now = when->now });
	if (file[0] != '\0')
		read_file(&authorities, file, state, when, findings);
	for (const struct entry *e = authorities.first; e != NULL; e = e->next)
		if (e->key == NULL)
			complain(e, findings);
	refuse_options(&authorities, findings);
	return authorities;
}
