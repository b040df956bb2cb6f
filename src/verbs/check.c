#include "verbs/check.h"

#include "base/json.h"
#include "base/options.h"
#include "base/table.h"
#include "keys/identity.h"
#include "live/live.h"
#include "sshd/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct request {
	bool json;
	const char *identity; /* a private key on this machine; NULL: none */
	char **files;         /* NULL-terminated; empty: look at the pod */
	char **certificates;  /* those of the files that are certificates; NULL-terminated */
};

static int
read_arguments(struct request *request, struct settings *settings, int argc, char **argv)
{
	size_t n = 0, certificates = 0;

	request->files = arena_alloc(settings->arena, (size_t)argc + 1, sizeof(char *));
	request->certificates = arena_alloc(settings->arena, (size_t)argc + 1, sizeof(char *));
	for (char **word = argv + 1; *word != NULL; word++) {
		const char *config = NULL, *wrong = NULL;
		int taken;

		if (strcmp(*word, "--json") == 0) {
			request->json = true;
		} else if (strncmp(*word, "--identity=", strlen("--identity=")) == 0) {
			request->identity = *word + strlen("--identity=");
		} else if (strcmp(*word, "--identity") == 0) {
			request->identity = *++word != NULL ? *word : "";
		} else if (strcmp(*word, "-") != 0 && (*word)[0] != '-'
		           && live_is_certificate(settings->arena, *word)) {
			request->certificates[certificates++] = *word;
		} else if (strcmp(*word, "-") == 0 || (*word)[0] != '-') {
			request->files[n++] = *word;
		} else if (strcmp(*word, "--") == 0) {
			continue;
		} else {
			taken = options_take(settings, &config, word, &wrong);
			if (taken == 0)
				return options_wrong(*word, wrong);
			word += taken - 1;
		}
		if (request->identity != NULL && request->identity[0] == '\0')
			return options_wrong("--identity", "it needs the path of a private key");
	}
	return 0;
}

/* Keys alone, from files: nothing of this machine counts. */
static struct plan *
plan_files(const struct settings *settings, const struct findings *findings, char **files)
{
	char *const nothing[] = { NULL };
	const struct plan_inputs inputs = { .settings = settings,
		.findings = findings,
		.environment = nothing,
		.now = time(NULL),
		.state = { .fd = -1, .path = "" },
		.variables_only = true };
	struct plan *plan = plan_make(&inputs);
	const struct paste_rules rules
	    = { .repair = settings_flag(settings, SET_REPAIR), .now = plan->now };

	for (; *files != NULL; files++)
		if (sources_read_file(&plan->entries, *files, &rules) < 0)
			finding_add(&plan->findings, ERROR, CODE_SOURCE_UNREADABLE, *files, "%s",
			    strerror(errno));
	return plan;
}

/* A private key, beside the public keys of the files: is it one that ssh will use, and that a pod
 * with those keys lets in. */
static struct identity
look_at_identity(struct looks *looks, const struct request *request)
{
	const struct plan *plan = looks->plan;
	/* This binary is ssh-keygen too; its name decides. */
	const struct identity_question question = { .path = request->identity,
		.home = getenv("HOME"),
		.ssh_keygen = backend_has_embedded() ? "/proc/self/exe" : "/usr/bin/ssh-keygen",
		.authorized = request->files[0] != NULL ? &plan->entries : NULL,
		.now = plan->now };
	struct identity identity = identity_check(looks->arena, &looks->live, &question);
	struct look *look = look_add(looks, identity.path, "%s%s%s",
	    identity.fingerprint[0] != '\0' ? identity_listing(
	        looks->arena, identity.bits, identity.fingerprint, identity.comment, identity.type)
	                                    : "",
	    identity.encrypted ? ", with a passphrase" : "",
	    request->files[0] == NULL ? ""
	    : identity.authorized     ? ", one of the keys given"
	                              : ", none of the keys given");

	look_covers_live(looks, look);
	return identity;
}

static struct plan *
plan_pod(const struct verb_call *call)
{
	const struct plan_inputs inputs = { .settings = call->settings,
		.findings = call->findings,
		.environment = call->environment,
		.now = time(NULL),
		.state = state_find(call->settings->arena),
		.holding = call->ports };

	return plan_make(&inputs);
}

/* Certificates count where a CA is known: in a pod, or where user-ca says which. */
static void
look_at_certificates(struct looks *looks, struct plan *plan, const struct request *request,
    const struct verb_call *call)
{
	const struct plan *pod;

	if (request->certificates[0] != NULL
	    && (call->running || settings_given(call->settings, SET_USER_CA)
	        || settings_given(call->settings, SET_USER_CA_FILE))) {
		pod = plan_pod(call);
		plan->authorities = pod->authorities;
		plan->logins = call->running ? pod->logins : NULL;
	}
	for (char **path = request->certificates; *path != NULL; path++)
		live_certificate(looks, *path);
}

/* ---- text ---------------------------------------------------------------------------------- */

struct count {
	size_t lines, errors, warnings;
};

static const char *
entry_subject(struct arena *arena, const struct entry *e)
{
	return arena_printf(arena, "%s line %u",
	    strcmp(e->source, "-") == 0 ? "standard input" : e->source, e->line);
}

static void
print_fix(struct table *table, const char *fix)
{
	if (fix != NULL && fix[0] != '\0')
		table_below(table, "fix: ", fix);
}

static void
print_entry(struct table *table, const struct entry *e, struct count *count)
{
	static const enum tone tones[] = { [VERDICT_OK] = TONE_GOOD,
		[VERDICT_REPAIRED] = TONE_DOUBTFUL,
		[VERDICT_REFUSED] = TONE_BAD };
	struct arena *arena = table->out.arena;
	const char *text = e->message;

	count->lines++;
	if (e->verdict == VERDICT_REFUSED)
		count->errors++;
	if (e->verdict == VERDICT_REPAIRED)
		count->warnings++;
	if (e->key != NULL)
		text = arena_printf(arena, "%s %u %s %s", e->key->type, e->key->bits,
		    e->key->fingerprint,
		    e->key->comment[0] != '\0' ? e->key->comment : "(no comment)");
	table_row(
	    table, tones[e->verdict], verdict_name(e->verdict), entry_subject(arena, e), text);
	if (e->verdict == VERDICT_REPAIRED)
		table_below(table, "", e->message);
	if (e->verdict != VERDICT_OK)
		print_fix(table, e->fix);
	for (const struct finding *f = e->warnings.first; f != NULL; f = f->next) {
		count->warnings++;
		table_below(table, "warning: ", f->message);
		print_fix(table, f->fix);
	}
}

static void
print_finding(struct table *table, const struct finding *f, bool with_severity, struct count *count)
{
	count->errors += f->severity == ERROR ? 1 : 0;
	count->warnings += f->severity == WARNING ? 1 : 0;
	table_below(table,
	    with_severity ? arena_printf(table->out.arena, "%s: ", severity_name(f->severity)) : "",
	    f->message);
	print_fix(table, f->fix);
}

static void
print_look(struct table *table, const struct look *look, struct count *count)
{
	const char *verdict = look_verdict(look);
	enum tone tone = strcmp(verdict, "ok") == 0        ? TONE_GOOD
	                 : strcmp(verdict, "error") == 0   ? TONE_BAD
	                 : strcmp(verdict, "warning") == 0 ? TONE_DOUBTFUL
	                                                   : TONE_PLAIN;
	const struct complaint *c = look->complaints;

	count->lines++;
	/* One that is nothing but a finding says it in its own line. */
	if (look->facts[0] == '\0' && c != NULL) {
		table_row(table, tone, verdict, look->subject, c->finding->message);
		print_fix(table, c->finding->fix);
		count->errors += c->finding->severity == ERROR ? 1 : 0;
		count->warnings += c->finding->severity == WARNING ? 1 : 0;
		c = c->next;
	} else {
		table_row(table, tone, verdict, look->subject, look->facts);
	}
	for (; c != NULL; c = c->next)
		print_finding(
		    table, c->finding, c->next != NULL || look->complaints->next != NULL, count);
}

/* "1 error", "2 errors" */
static const char *
counted(struct arena *arena, size_t n, const char *what)
{
	return arena_printf(arena, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void
print_text(const struct plan *plan, const struct looks *looks)
{
	struct table table = table_new(plan->arena);
	struct count count = { 0 };
	size_t usable = entries_usable(&plan->entries);

	for (const struct entry *e = plan->entries.first; e != NULL; e = e->next)
		table_fit(&table, entry_subject(plan->arena, e));
	for (const struct look *look = looks->first; look != NULL; look = look->next)
		table_fit(&table, look->subject);
	for (const struct entry *e = plan->entries.first; e != NULL; e = e->next)
		print_entry(&table, e, &count);
	for (const struct look *look = looks->first; look != NULL; look = look->next)
		print_look(&table, look, &count);
	table_line(&table,
	    arena_printf(plan->arena, "%zu checked: %zu usable, %zu refused, %s, %s", count.lines,
	        usable, plan->entries.count[VERDICT_REFUSED],
	        counted(plan->arena, count.errors - plan->entries.count[VERDICT_REFUSED], "error"),
	        counted(plan->arena, count.warnings, "warning")));
	table_print(&table);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *
look_json(const struct look *look)
{
	json_t *complaints = json_array();

	for (const struct complaint *c = look->complaints; c != NULL; c = c->next)
		(void)json_array_append_new(complaints, report_finding_json(c->finding));
	return json_pack("{s:o, s:s, s:o, s:o}", "subject", json_lossy_string(look->subject),
	    "verdict", look_verdict(look), "facts", json_lossy_string(look->facts), "complaints",
	    complaints);
}

static json_t *
identity_json(const struct identity *identity)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b}", "path",
	    json_lossy_string(identity->path), "type", json_lossy_string(identity->type), "bits",
	    identity->bits > 0 ? json_integer(identity->bits) : json_null(), "fingerprint",
	    json_lossy_string(identity->fingerprint), "md5", json_lossy_string(identity->md5),
	    "comment", json_lossy_string(identity->comment), "public",
	    json_lossy_string(identity->line), "encrypted", identity->encrypted, "usable",
	    identity->usable, "authorized", identity->authorized);
}

/* The plan's object, with what was looked at beside it, and what only a look could tell among the
 * findings. */
static void
print_json(
    const struct plan *plan, const struct looks *looks, const struct identity *identity, bool ok)
{
	json_t *object = report_json(plan), *checks = json_array();
	json_t *findings = json_object_get(object, "findings");

	for (const struct look *look = looks->first; look != NULL; look = look->next)
		(void)json_array_append_new(checks, look_json(look));
	for (const struct finding *f = looks->live.first; f != NULL; f = f->next)
		(void)json_array_append_new(findings, report_finding_json(f));
	(void)json_object_set_new(object, "checks", checks);
	(void)json_object_set_new(object, "ok", json_boolean(ok));
	if (identity->path != NULL)
		(void)json_object_set_new(object, "identity", identity_json(identity));
	json_print(object);
}

/* A user who is not root sees nothing of root's sshinit, and what its own start would do is not
 * what was asked. */
static struct looks
look_at_nothing(const struct plan *plan)
{
	struct looks looks
	    = { .arena = plan->arena, .plan = plan, .live = findings_new(plan->arena) };

	(void)look_complain(&looks, look_add(&looks, "sshinit", "user id %u", (unsigned)geteuid()),
	    ERROR, CODE_OF_ROOT, NULL);
	looks_add_rest(&looks);
	return looks;
}

int
verb_check(const struct verb_call *call)
{
	struct request request = { 0 };
	struct identity identity = { 0 };
	struct looks looks;
	struct plan *plan;
	bool ok;
	int status = read_arguments(&request, call->settings, call->argc, call->argv);

	if (status != 0)
		return status;
	if (request.files[0] != NULL || request.certificates[0] != NULL
	    || request.identity != NULL) {
		plan = plan_files(call->settings, call->findings, request.files);
		looks = (struct looks){ .arena = plan->arena,
			.plan = plan,
			.live = findings_new(plan->arena),
			.running = call->running };
		look_at_certificates(&looks, plan, &request, call);
		looks_add_rest(&looks);
		if (request.identity != NULL)
			identity = look_at_identity(&looks, &request);
	} else if (!call->running && state_of_root(call->settings->arena, "worker") != NULL) {
		plan = plan_files(call->settings, call->findings, request.files);
		looks = look_at_nothing(plan);
	} else {
		plan = plan_pod(call);
		looks = live_look(plan, call->running, call->ports);
	}
	ok = !plan_is_broken(plan) && looks.live.count[ERROR] == 0;
	if (request.json)
		print_json(plan, &looks, &identity, ok);
	else
		print_text(plan, &looks);
	plan_free(plan);
	return ok ? 0 : 1;
}
