#include "verbs/keys.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/options.h"
#include "base/table.h"
#include "keys/sources.h"
#include "pod/account.h"
#include "sshd/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REFUSED = 1 };

/* The source of a key that is given as a word. */
static const char by_argument[] = "--keys add";

struct request {
	const char *action; /* "list", "add", "remove" */
	bool json, force, disconnect;
	char **words; /* what to add or remove, NULL-terminated */
};

static int
read_arguments(struct request *request, const struct verb_call *call)
{
	const char *action = NULL;
	size_t n = 0;

	request->words = arena_alloc(call->settings->arena, (size_t)call->argc + 1, sizeof(char *));
	for (char **word = call->argv + 1; *word != NULL; word++) {
		const char *config = NULL, *wrong = NULL;

		if (strcmp(*word, "--json") == 0) {
			request->json = true;
		} else if (strcmp(*word, "--force") == 0) {
			request->force = true;
		} else if (strcmp(*word, "--disconnect") == 0) {
			request->disconnect = true;
		} else if (strncmp(*word, "--", 2) == 0) {
			int taken = options_take(call->settings, &config, word, &wrong);

			if (taken == 0)
				return options_wrong(*word, wrong);
			word += taken - 1;
		} else if (action == NULL) {
			action = *word;
		} else {
			request->words[n++] = *word;
		}
	}
	if (action == NULL || (strcmp(action, "list") == 0 && n == 0))
		return 0;
	request->action = action;
	if (strcmp(action, "add") != 0 && strcmp(action, "remove") != 0)
		return options_wrong(action, "--keys takes list, add or remove");
	if (n > 0)
		return 0;
	return options_wrong(action, strcmp(action, "add") == 0
	                                 ? "what? A key, a file or - must follow"
	                                 : "what? A fingerprint or a comment must follow");
}

/* ---- list ---------------------------------------------------------------------------------- */

static const char *
when(struct arena *arena, const struct login_record *record)
{
	if (record == NULL)
		return "never seen";
	return arena_printf(arena, "%s from %s", clock_utc(arena, record->when), record->address);
}

static void
list_text(const struct access *access, const struct access_key *keys)
{
	struct arena *arena = access->arena;
	size_t n = 0;

	/* The file is the user's, and root reads this list: nothing in it may speak to a terminal.
	 */
	for (const struct access_key *k = keys; k != NULL; k = k->next, n++) {
		const struct key *key = k->entry->key;

		printf("%s  %s %u  %s\n", key->fingerprint, key->type, key->bits,
		    key->comment[0] != '\0' ? table_plain(arena, key->comment) : "no comment");
		printf("    from %s%s%s; last used: %s%s%s%s\n", table_plain(arena, k->origin),
		    k->added_at[0] != '\0' ? " at " : "", k->added_at, when(arena, k->last_use),
		    key->options[0] != '\0' ? "; options: " : "", table_plain(arena, key->options),
		    key->authority ? "; a CA: its certificates log in" : "");
	}
	printf("%zu key%s may log in as %s\n", n, n == 1 ? "" : "s", access->account->name);
}

static json_t *
key_json(const struct access *access, const struct access_key *k)
{
	const struct key *key = k->entry->key;
	const struct login_record *last = k->last_use;

	return json_pack("{s:o, s:s, s:s, s:i, s:o, s:o, s:s, s:o, s:o, s:o, s:s}", "user",
	    json_lossy_string(access->account->name), "fingerprint", key->fingerprint, "type",
	    key->type, "bits", (int)key->bits, "comment", json_lossy_string(key->comment), "origin",
	    json_lossy_string(k->origin), "added_at", k->added_at, "options",
	    json_lossy_string(key->options), "last_use",
	    last != NULL ? json_integer((json_int_t)last->when) : json_null(), "last_address",
	    last != NULL ? json_lossy_string(last->address) : json_null(), "public_key", key->blob);
}

/* Every login user's; --user NAME narrows it. */
static int
list(const struct access *first, const struct request *request)
{
	struct findings findings = findings_new(first->arena);
	struct access access = *first;
	json_t *array = json_array(), *object;
	int status = 0;

	for (; access.account != NULL; access.account = access.account->next) {
		size_t errors = findings.count[ERROR];
		const struct access_key *keys = access_list(&access, &findings);

		/* "0 keys may log in" where they cannot be seen would be wrong. */
		if (keys == NULL && findings.count[ERROR] > errors) {
			status = REFUSED;
			continue;
		}
		if (!request->json)
			list_text(&access, keys);
		for (; keys != NULL && request->json; keys = keys->next)
			(void)json_array_append_new(array, key_json(&access, keys));
	}
	log_findings(&findings, WARNING);
	object = json_pack(
	    "{s:o, s:o}", "user", json_lossy_string(first->account->name), "keys", array);
	if (request->json)
		json_print(object);
	else
		json_decref(object);
	return status;
}

/* ---- add and remove ------------------------------------------------------------------------ */

static bool
is_blank_free(const char *word)
{
	return word[0] != '\0' && strpbrk(word, " \t\r\n") == NULL;
}

/* Whether the words begin with a key, for all base64 of keys begins alike. */
static bool
is_key_text(char **words)
{
	if (!is_blank_free(*words))
		return strstr(*words, " AAAA") != NULL || strstr(*words, "\tAAAA") != NULL;
	for (; *words != NULL && is_blank_free(*words); words++)
		if (strncmp(*words, "AAAA", 4) == 0)
			return true;
	return false;
}

/* A word is a file where one of that name exists, "-" is standard input, else it is key text; and
 * the shell at the other end of an ssh takes a key apart into words, which belong together again.
 * Key text is never a file: where a session starts others may write, and a file of theirs called
 * ssh-ed25519 would be taken for the key. */
static void
read_words(struct entries *entries, char **words, const struct paste_rules *rules)
{
	while (*words != NULL) {
		const char *word = *words++;

		if (strcmp(word, "-") == 0
		    || (!is_key_text(words - 1) && access(word, F_OK) == 0)) {
			if (sources_read_file(entries, word, rules) < 0)
				fprintf(stderr, "sshinit: %s: %s\n", word, strerror(errno));
			continue;
		}
		while (is_blank_free(words[-1]) && *words != NULL && is_blank_free(*words))
			word = arena_printf(entries->arena, "%s %s", word, *words++);
		paste_read(entries, by_argument, span_of(word), rules);
	}
}

static int
add_entry(const struct access *access, const struct entry *e, struct findings *findings)
{
	enum access_result result = access_add(access, e, findings);

	switch (result) {
	case ACCESS_DONE:
		printf("added     %s %s\n", e->key->fingerprint, e->key->comment);
		return 0;
	case ACCESS_AS_IT_WAS:
		printf("already   %s %s\n", e->key->fingerprint, e->key->comment);
		return 0;
	case ACCESS_REFUSED:
		if (e->code == CODE_PATH && strcmp(e->source, by_argument) == 0) {
			printf("refused   %s; and there is no such file here\n", e->message);
			return REFUSED;
		}
		printf("refused   %s:%u  %s\n          fix: %s\n", e->source, e->line, e->message,
		    e->fix);
		return REFUSED;
	default:
		return REFUSED;
	}
}

static int
add(const struct access *access, const struct request *request, const struct settings *settings)
{
	const struct paste_rules rules
	    = { .repair = settings_flag(settings, SET_REPAIR), .now = access->now };
	struct entries entries = entries_new(access->arena);
	struct findings findings = findings_new(access->arena);
	int status = 0;

	read_words(&entries, request->words, &rules);
	if (entries.first == NULL) {
		fputs("sshinit: there is no key in what was given\n", stderr);
		return REFUSED;
	}
	for (const struct entry *e = entries.first; e != NULL; e = e->next)
		status |= add_entry(access, e, &findings);
	log_findings(&findings, WARNING);
	return status;
}

/* The list shows the keys of all login users, and a change is made to those of the first. */
static void
say_unknown(const struct access *access, const char *which)
{
	struct access other = *access;

	if (access_count(access, which) > 1) {
		fprintf(stderr,
		    "sshinit: %s: more than one key has this comment\n"
		    "sshinit:   fix: say which by its fingerprint; sshinit --keys lists them all\n",
		    which);
		return;
	}
	for (other.account = access->account->next; other.account != NULL;
	     other.account = other.account->next) {
		if (access_count(&other, which) == 0)
			continue;
		fprintf(stderr,
		    "sshinit: %s: no key of %s, but one of %s\n"
		    "sshinit:   fix: say --user %s\n",
		    which, access->account->name, other.account->name, other.account->name);
		return;
	}
	fprintf(stderr,
	    "sshinit: %s: no key has this fingerprint or comment\n"
	    "sshinit:   fix: sshinit --keys lists them all\n",
	    which);
}

static int
remove_one(const struct access *access, const struct request *request, const char *which,
    struct findings *findings)
{
	const char *fingerprint = "";
	int ended;

	switch (access_remove(access, which, request->force, &fingerprint, findings)) {
	case ACCESS_DONE:
		printf("removed   %s\n", fingerprint);
		if (request->disconnect) {
			ended = access_disconnect(access, fingerprint);
			printf("          %d process%s of its sessions told to end\n", ended,
			    ended == 1 ? "" : "es");
		}
		return 0;
	case ACCESS_LAST:
		fprintf(stderr,
		    "sshinit: %s: this is the last key, and without it nobody can log in\n"
		    "sshinit:   fix: add another key first, or say --force\n",
		    which);
		return REFUSED;
	case ACCESS_NOT_OURS:
		fprintf(stderr,
		    "sshinit: %s: this key stands outside sshinit's block\n"
		    "sshinit:   fix: delete its line from %s/.ssh/authorized_keys\n",
		    which, access->account->home);
		return REFUSED;
	case ACCESS_UNKNOWN:
		say_unknown(access, which);
		return REFUSED;
	default:
		return REFUSED;
	}
}

/* --user may name somebody whom the sshinit that runs here was not told to let in. */
static void
warn_of_strangers(const struct account *accounts, const struct account *let_in)
{
	for (; accounts != NULL; accounts = accounts->next) {
		const struct account *a = let_in;

		while (a != NULL && strcmp(a->name, accounts->name) != 0)
			a = a->next;
		if (a == NULL)
			fprintf(stderr,
			    "sshinit: warning: %s: this account may not log in here, whatever its "
			    "keys\n"
			    "sshinit:   fix: name it in SSHINIT_USER when the pod starts\n",
			    accounts->name);
	}
}

int
verb_keys(const struct verb_call *call)
{
	struct arena *arena = call->settings->arena;
	struct findings findings = findings_new(arena);
	struct request request = { .action = "list" };
	struct state state = state_find(arena);
	struct access access = { .arena = arena, .state = &state, .now = time(NULL) };
	struct findings unheard = findings_new(arena);
	const struct account *let_in = accounts_plan(arena, call->settings, &unheard);
	int status = read_arguments(&request, call);

	if (status != 0)
		return status;
	access.account = accounts_plan(arena, call->settings, &findings);
	if (access.account == NULL) {
		log_findings(&findings, WARNING);
		return REFUSED;
	}
	if (call->running)
		warn_of_strangers(access.account, let_in);
	if (strcmp(request.action, "list") == 0)
		return list(&access, &request);
	if (strcmp(request.action, "add") == 0)
		return add(&access, &request, call->settings);
	for (char **word = request.words; *word != NULL; word++)
		status |= remove_one(&access, &request, *word, &findings);
	log_findings(&findings, WARNING);
	return status;
}
