#include "sshd/report.h"

#include "base/json.h"
#include "base/log.h"

#include <string.h>

#include "version.h"

enum { LOGGED_ENTRIES = 50 };

/* ---- the log ------------------------------------------------------------------------------- */

static void
log_entry(const struct entry *e)
{
	if (e->key == NULL) {
		log_say(LOG_ERROR, "error: %s line %u: %s", e->source, e->line, e->message);
		log_say(LOG_ERROR, "  fix: %s", e->fix);
		return;
	}
	log_say(LOG_INFO, "key: %s %u %s %s (%s)", e->key->type, e->key->bits, e->key->fingerprint,
	    e->key->comment[0] != '\0' ? e->key->comment : "no comment", e->source);
	if (e->verdict == VERDICT_REPAIRED)
		log_say(LOG_WARN, "  repaired: %s", e->message);
	for (const struct finding *f = e->warnings.first; f != NULL; f = f->next)
		log_say(LOG_WARN, "  warning: %s%s%s", f->message, f->fix[0] != '\0' ? "; " : "",
		    f->fix);
}

void
report_log_entries(const struct entries *entries)
{
	size_t good = 0, bad = 0;

	for (const struct entry *e = entries->first; e != NULL; e = e->next)
		if ((e->key != NULL ? good++ : bad++) < LOGGED_ENTRIES)
			log_entry(e);
	if (good > LOGGED_ENTRIES)
		log_say(LOG_INFO, "and %zu more keys", good - LOGGED_ENTRIES);
	if (bad > LOGGED_ENTRIES)
		log_say(LOG_ERROR, "and %zu more refused entries; sshinit --check shows them all",
		    bad - LOGGED_ENTRIES);
}

void
report_log_findings(const struct findings *findings, const struct set *before, struct set *now)
{
	for (const struct finding *f = findings->first; f != NULL; f = f->next) {
		const char *text = arena_printf(
		    now->arena, "%s\n%s\n%s", code_name(f->code), f->subject, f->message);

		if (set_add(now, text) && !set_has(before, text))
			log_finding(f);
	}
}

void
report_log_count(const struct plan *plan)
{
	log_say(LOG_INFO, "keys read again: %zu may log in", plan->authorised);
}

void
report_log_listening(const struct plan *plan)
{
	const char *user = plan->logins->account->name;
	const char *line = reach_ssh_line(plan->arena, &plan->reach, user);

	log_say(LOG_INFO, "host key: %s%s", plan->hostkey.fingerprint,
	    plan->hostkey.is_new ? " (new)" : "");
	for (size_t i = 0; plan->ports[i] != 0; i++)
		log_say(LOG_INFO, "listening on port %ld: %s, %s (%s)", plan->ports[i],
		    plan->backend.version, backend_name(plan->backend.kind), plan->backend.why);
	if (line[0] != '\0')
		log_say(LOG_INFO, "connect: %s -i ~/.ssh/id_ed25519", line);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *
number(long value)
{
	return value > 0 ? json_integer(value) : json_null();
}

static void
set(json_t *object, const char *name, json_t *value)
{
	(void)json_object_set_new(object, name, value);
}

static json_t *
entry_json(const struct entry *e)
{
	json_t *object = json_object(), *warnings = json_array();

	set(object, "source", json_lossy_string(e->source));
	set(object, "line", number(e->line));
	set(object, "verdict", json_lossy_string(verdict_name(e->verdict)));
	set(object, "type", json_lossy_string(e->type != NULL ? e->type : ""));
	set(object, "bits", number(e->bits));
	set(object, "fingerprint", json_lossy_string(e->fingerprint != NULL ? e->fingerprint : ""));
	set(object, "comment", json_lossy_string(e->comment != NULL ? e->comment : ""));
	set(object, "code", json_lossy_string(code_name(e->code)));
	set(object, "message", json_lossy_string(e->message != NULL ? e->message : ""));
	set(object, "fix", json_lossy_string(e->fix != NULL ? e->fix : ""));
	for (const struct finding *f = e->warnings.first; f != NULL; f = f->next)
		(void)json_array_append_new(
		    warnings, json_pack("{s:s, s:o, s:o}", "code", code_name(f->code), "message",
		                  json_lossy_string(f->message), "fix", json_lossy_string(f->fix)));
	set(object, "warnings", warnings);
	return object;
}

json_t *
report_finding_json(const struct finding *f)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "severity", severity_name(f->severity),
	    "code", code_name(f->code), "subject", json_lossy_string(f->subject), "message",
	    json_lossy_string(f->message), "fix", json_lossy_string(f->fix));
}

static json_t *
findings_json(const struct findings *findings)
{
	json_t *array = json_array();

	for (const struct finding *f = findings->first; f != NULL; f = f->next)
		(void)json_array_append_new(array, report_finding_json(f));
	return array;
}

static json_t *
connect_json(const struct plan *plan)
{
	const struct reach *reach = &plan->reach;
	json_t *object = json_object(), *keys = json_array(), *ports = json_array();

	set(object, "platform",
	    reach->platform != NULL ? json_lossy_string(reach->platform) : json_null());
	set(object, "pod", reach->pod != NULL ? json_lossy_string(reach->pod) : json_null());
	set(object, "host",
	    reach->host != NULL && reach->host[0] != '\0' ? json_lossy_string(reach->host)
	                                                  : json_null());
	set(object, "port", number(reach->port));
	set(object, "user",
	    plan->logins != NULL ? json_lossy_string(plan->logins->account->name) : json_null());
	set(object, "jump",
	    reach->jump != NULL && reach->jump[0] != '\0' ? json_lossy_string(reach->jump)
	                                                  : json_null());
	if (plan->hostkey.public_line[0] != '\0')
		(void)json_array_append_new(keys, json_lossy_string(plan->hostkey.public_line));
	set(object, "host_keys", keys);
	set(object, "host_key_fingerprint",
	    plan->hostkey.fingerprint[0] != '\0' ? json_lossy_string(plan->hostkey.fingerprint)
	                                         : json_null());
	for (size_t i = 0; plan->ports[i] != 0; i++)
		(void)json_array_append_new(ports, json_integer(plan->ports[i]));
	set(object, "listening", ports);
	return object;
}

json_t *
report_connect_json(const struct plan *plan)
{
	json_t *object = json_object();

	set(object, "version", json_lossy_string(SSHINIT_VERSION));
	set(object, "connect", connect_json(plan));
	return object;
}

static const char *
text_of(const struct plan *plan, const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return arena_strdup(plan->arena, value != NULL ? value : "");
}

void
report_connect_load(struct plan *plan, const json_t *object)
{
	const json_t *connect = json_object_get(object, "connect");
	const json_t *key = json_array_get(json_object_get(connect, "host_keys"), 0);
	const json_t *port = json_object_get(connect, "port");
	const json_t *ports = json_object_get(connect, "listening");
	size_t n = 0;

	plan->reach = (struct reach){ .platform = text_of(plan, connect, "platform"),
		.pod = text_of(plan, connect, "pod"),
		.host = text_of(plan, connect, "host"),
		.port = json_is_integer(port) ? (long)json_integer_value(port) : -1,
		.jump = text_of(plan, connect, "jump") };
	plan->hostkey.public_line
	    = arena_strdup(plan->arena, json_is_string(key) ? json_string_value(key) : "");
	plan->hostkey.fingerprint = text_of(plan, connect, "host_key_fingerprint");
	for (; n < json_array_size(ports) && n < PORTS_MOST; n++)
		plan->ports[n] = (long)json_integer_value(json_array_get(ports, n));
	plan->ports[n] = 0;
}

json_t *
report_json(const struct plan *plan)
{
	json_t *object = json_object(), *entries = json_array();

	for (const struct entry *e = plan->entries.first; e != NULL; e = e->next)
		(void)json_array_append_new(entries, entry_json(e));
	set(object, "version", json_lossy_string(SSHINIT_VERSION));
	set(object, "ok", json_boolean(!plan_is_broken(plan)));
	set(object, "entries", entries);
	set(object, "findings", findings_json(&plan->findings));
	set(object, "connect", connect_json(plan));
	return object;
}
