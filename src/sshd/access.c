#include "sshd/access.h"

#include "keys/fingerprint.h"
#include "pod/context.h"
#include "pod/sockets.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

/* ---- finding ------------------------------------------------------------------------------- */

/* The key file as it stands; change and context are filled in by who wants to write. */
static struct keyfile
look(const struct access *access, struct findings *findings)
{
	struct findings unheard = findings_new(access->arena);
	struct keyfile keyfile = keyfile_look(
	    access->arena, access->account, access->now, findings != NULL ? findings : &unheard);

	/* The start may have found out only by writing that the home keeps no such file. */
	if (keyfile.place == IN_HOME && keyfile_in_state(&keyfile, access->arena, access->state))
		keyfile.place = IN_STATE;
	else if (keyfile.place == IN_STATE)
		(void)keyfile_in_state(&keyfile, access->arena, access->state);
	return keyfile;
}

/* Where the keys stand in root's state directory, what we would read or write is not what sshd
 * reads; "added" would be a lie. Not where a sshinit of our own runs, with an sshd of its own. */
static bool
is_kept_by_root(const struct access *access, struct findings *findings)
{
	const char *name = access->account->name, *path;
	long worker = context_worker(access->arena, access->state);

	if (strchr(name, '/') != NULL || (worker > 1 && kill((pid_t)worker, 0) == 0))
		return false;
	path = state_of_root(access->arena, arena_printf(access->arena, "keys/%s", name));
	if (path == NULL)
		return false;
	if (findings != NULL)
		finding_add(findings, ERROR, CODE_KEYS_OF_ROOT, path, NULL);
	return true;
}

/* Whether which is a fingerprint of the key, in any of the forms that tools print. */
static bool
is_fingerprint_of(struct arena *arena, const struct key *key, const char *which)
{
	size_t len = strlen(which);
	struct bytes blob;
	const char *md5;

	while (len > 0 && which[len - 1] == '=')
		len--;
	if (strlen(key->fingerprint) == len && strncmp(key->fingerprint, which, len) == 0)
		return true;
	if (base64_read(arena, span_of(key->blob), &blob) != BASE64_OK)
		return false;
	md5 = fingerprint_md5(arena, blob);
	return strcasecmp(md5, which) == 0
	       || (strncasecmp(md5, "MD5:", 4) == 0 && strcasecmp(md5 + 4, which) == 0);
}

struct search {
	struct arena *arena;
	const char *which;
	const struct key *found;
	size_t by_comment; /* keys whose comment it is */
	bool by_fingerprint;
};

static void
search_in(struct search *search, const struct entries *entries)
{
	for (const struct entry *e = entries->first; e != NULL && !search->by_fingerprint;
	     e = e->next) {
		if (e->key == NULL)
			continue;
		if (is_fingerprint_of(search->arena, e->key, search->which)) {
			search->found = e->key;
			search->by_fingerprint = true;
		} else if (strcmp(e->key->comment, search->which) == 0) {
			search->found = e->key;
			search->by_comment++;
		}
	}
}

static struct search
search_all(struct arena *arena, const struct keyfile_text *apart, const char *which)
{
	struct search search = { .arena = arena, .which = which };

	if (which[0] == '\0')
		return search;
	search_in(&search, &apart->from);
	search_in(&search, &apart->added);
	search_in(&search, &apart->outside);
	return search;
}

/* The fingerprint of the one key that which names, NULL where there is none or more than one. */
static const char *
find_key(struct arena *arena, const struct keyfile_text *apart, const char *which)
{
	const struct search search = search_all(arena, apart, which);

	return search.by_fingerprint || search.by_comment == 1 ? search.found->fingerprint : NULL;
}

size_t
access_count(const struct access *access, const char *which)
{
	const struct keyfile keyfile = look(access, NULL);
	const struct search search = search_all(access->arena, &keyfile.apart, which);

	return search.by_fingerprint ? 1 : search.by_comment;
}

/* ---- listing ------------------------------------------------------------------------------- */

static const struct login_record *
last_use(const struct login_record *records, const char *fingerprint)
{
	const struct login_record *last = NULL;

	for (; records != NULL; records = records->next)
		if (strcmp(records->fingerprint, fingerprint) == 0)
			last = records;
	return last;
}

static struct access_key **
list_entries(struct access_key **end, const struct access *access, const struct entries *entries,
    const struct entries *added, const char *origin, const struct login_record *records)
{
	for (const struct entry *e = entries->first; e != NULL; e = e->next) {
		if (e->key == NULL)
			continue;
		*end = arena_alloc(access->arena, 1, sizeof(**end));
		(*end)->entry = e;
		(*end)->origin = origin != NULL ? origin : e->source;
		(*end)->added_at = entries == added ? keyfile_added_at(access->arena, e) : "";
		(*end)->last_use = last_use(records, e->key->fingerprint);
		end = &(*end)->next;
	}
	return end;
}

struct access_key *
access_list(const struct access *access, struct findings *findings)
{
	struct keyfile keyfile;
	const struct login_record *records = logins_read(access->arena, access->state);
	struct access_key *first = NULL, **end = &first;
	const struct entries *added;

	if (is_kept_by_root(access, findings))
		return NULL;
	keyfile = look(access, findings);
	added = &keyfile.apart.added;
	end = list_entries(end, access, &keyfile.apart.from, added, NULL, records);
	end = list_entries(end, access, added, added, "added", records);
	(void)list_entries(end, access, &keyfile.apart.outside, added, "image", records);
	return first;
}

/* ---- changing ------------------------------------------------------------------------------ */

struct change {
	const struct access *access;
	const struct entry *add;
	const char *remove;
	bool force;
};

static size_t
count_keys(const struct entries *entries, const char *but)
{
	size_t n = 0;

	for (const struct entry *e = entries->first; e != NULL; e = e->next)
		n += e->key != NULL && strcmp(e->key->fingerprint, but) != 0;
	return n;
}

/* Those that sshinit lets in. */
static size_t
count_ours(const struct keyfile_text *apart, const char *but)
{
	return count_keys(&apart->from, but) + count_keys(&apart->added, but);
}

static enum access_result
apply_removal(struct keyfile_text *apart, const struct change *change, const char **fingerprint)
{
	*fingerprint = find_key(apart->arena, apart, change->remove);
	if (*fingerprint == NULL)
		return ACCESS_UNKNOWN;
	if (!change->force
	    && count_ours(apart, *fingerprint) + count_keys(&apart->outside, "") == 0)
		return ACCESS_LAST;
	switch (keyfile_remove(apart, *fingerprint)) {
	case KEY_CHANGED:
		return ACCESS_DONE;
	case KEY_NOT_OURS:
		return ACCESS_NOT_OURS;
	case KEY_AS_IT_WAS:
	case KEY_UNKNOWN:
		break;
	}
	return ACCESS_UNKNOWN;
}

/* Runs in the child that holds the lock. Its answer is "RESULT KEYS FINGERPRINT", where KEYS are
 * those that sshinit lets in now. */
static bool
apply_change(void *context, struct keyfile_text *apart, struct buf *answer)
{
	const struct change *change = context;
	enum access_result result;
	const char *fingerprint = "";

	if (change->add != NULL) {
		result = keyfile_add(apart, change->add, change->access->now) == KEY_CHANGED
		             ? ACCESS_DONE
		             : ACCESS_AS_IT_WAS;
		fingerprint = change->add->key->fingerprint;
	} else {
		result = apply_removal(apart, change, &fingerprint);
	}
	if (answer != NULL)
		buf_printf(answer, "%d %zu %s", (int)result, count_ours(apart, ""),
		    fingerprint != NULL ? fingerprint : "");
	return result == ACCESS_DONE;
}

static void
tell_worker(const struct access *access)
{
	long worker = context_worker(access->arena, access->state);

	if (worker > 1)
		(void)kill((pid_t)worker, SIGHUP);
}

static enum access_result
make_change(struct change *change, const char **fingerprint, struct findings *findings)
{
	const struct access *access = change->access;
	struct keyfile keyfile;
	enum access_result result;
	size_t keys;
	char *next;

	*fingerprint = "";
	if (is_kept_by_root(access, findings))
		return ACCESS_FAILED;
	keyfile = look(access, NULL);
	keyfile.change = apply_change;
	keyfile.context = change;
	keyfile.stay = true;
	if (keyfile_write(&keyfile, access->arena, access->state, findings) < 0
	    || keyfile.answer == NULL || keyfile.answer[0] == '\0')
		return ACCESS_FAILED;
	result = (enum access_result)strtol(keyfile.answer, &next, 10);
	keys = strtoul(next, &next, 10);
	*fingerprint = next + (*next == ' ');
	if (result != ACCESS_DONE)
		return result;
	keyfile_flush(&keyfile, access->arena);
	if (keys <= 1)
		tell_worker(access);
	return result;
}

enum access_result
access_add(const struct access *access, const struct entry *entry, struct findings *findings)
{
	struct change change = { .access = access, .add = entry };
	const char *fingerprint;

	if (entry->key == NULL)
		return ACCESS_REFUSED;
	return make_change(&change, &fingerprint, findings);
}

enum access_result
access_remove(const struct access *access, const char *which, bool force, const char **fingerprint,
    struct findings *findings)
{
	struct change change = { .access = access, .remove = which, .force = force };

	return make_change(&change, fingerprint, findings);
}

/* Whether the port has had another session since: clients use their ports again. */
static bool
is_over(const struct login_record *record)
{
	for (const struct login_record *later = record->next; later != NULL; later = later->next)
		if (later->port == record->port && strcmp(later->address, record->address) == 0)
			return true;
	return false;
}

int
access_disconnect(const struct access *access, const char *fingerprint)
{
	const struct login_record *record = logins_read(access->arena, access->state);
	pid_t pids[SOCKETS_HOLDERS];
	int ended = 0;

	for (; record != NULL; record = record->next) {
		int n;

		if (strcmp(record->fingerprint, fingerprint) != 0 || is_over(record))
			continue;
		n = sockets_holders(pids, record->address, record->port);
		for (int i = 0; i < n; i++)
			ended += kill(pids[i], SIGTERM) == 0;
	}
	return ended;
}
