#include "live/live.h"

#include "base/buf.h"
#include "base/file.h"
#include "pod/capabilities.h"
#include "pod/ways.h"
#include "sshd/logbook.h"
#include "sshd/refusal_words.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CONFIG_LIMIT = 8 * 1024 * 1024 };

const char *
live_config(const struct looks *looks)
{
	struct span text;

	if (looks->plan->state.fd < 0
	    || file_read_own(
	           looks->arena, looks->plan->state.fd, "sshd_config", CONFIG_LIMIT, &text)
	           < 0)
		return "";
	return text.data;
}

/* ---- where the keys come from -------------------------------------------------------------- */

/* "PUBLIC_KEY 2, /run/secrets/keys 1": the sources that gave a usable key, and how many each. */
static const char *
sources_text(struct arena *arena, const struct plan *plan)
{
	struct buf text = buf_new(arena);
	const char *source = NULL;
	size_t n = 0;

	for (const struct entry *e = plan->entries.first;; e = e->next) {
		if (source != NULL && (e == NULL || strcmp(e->source, source) != 0)) {
			buf_printf(&text, "%s%s %zu", text.len > 0 ? ", " : "", source, n);
			n = 0;
		}
		if (e == NULL)
			break;
		source = e->source;
		n += e->key != NULL ? 1 : 0;
	}
	return text.data;
}

static void
look_at_keys(struct looks *looks)
{
	const struct plan *plan = looks->plan;
	const char *sources = sources_text(looks->arena, plan);
	const char *names = settings_text(plan->settings, SET_KEYS_ENV);
	struct look *look;

	if (sources[0] != '\0')
		look
		    = look_add(looks, "keys", "%zu may log in; from %s", plan->authorised, sources);
	else
		look = look_add(looks, "keys",
		    "%zu may log in; no source holds one (variables looked at: %s)",
		    plan->authorised, names);
	look_covers(looks, look, CODE_NO_KEYS, NULL);
	look_covers(looks, look, CODE_DISABLED, NULL);
}

/* Which CA lets in whom, where there is one. */
static void
look_at_authorities(struct looks *looks)
{
	const struct plan *plan = looks->plan;
	const char *revoked = settings_text(plan->settings, SET_REVOKED_KEYS);
	struct look *look;

	for (const struct entry *e = plan->authorities.first; e != NULL; e = e->next) {
		if (e->key == NULL)
			continue;
		look = look_add(looks, "user CA", "%s %s: its certificates log in%s%s",
		    e->key->fingerprint, e->key->comment,
		    revoked[0] != '\0' ? ", but for those in " : "", revoked);
		look_covers(looks, look, CODE_REVOKED_UNREADABLE, NULL);
	}
}

/* ---- host key, capabilities, the way in ---------------------------------------------------- */

static void
look_at_host_key(struct looks *looks)
{
	const struct hostkey *key = &looks->plan->hostkey;
	struct look *look;

	if (key->path[0] == '\0')
		look = look_add(looks, "host key", "none yet; a start makes one");
	else
		look = look_add(looks, "host key", "%s in %s, %s%s", key->fingerprint,
		    key->kept[0] != '\0' ? key->kept : key->path,
		    key->lasting ? "outlives the container" : "ends with the container",
		    key->certificate[0] != '\0' ? ", with a certificate" : "");
	look_covers(looks, look, CODE_HOST_KEY_PLACE, NULL);
	look_covers(looks, look, CODE_HOST_KEY_NONE, NULL);
	look_covers(looks, look, CODE_HOST_KEY_GIVEN, NULL);
	look_covers(looks, look, CODE_HOST_CERT, NULL);
}

static void
look_at_capabilities(struct looks *looks)
{
	struct look *look = look_add(looks, "capabilities", "%s%s",
	    geteuid() != 0 ? "not root, so none is needed: " : "", capabilities_text(looks->arena));

	look_covers(looks, look, CODE_CAPABILITY, NULL);
}

static void
look_at_the_way_in(struct looks *looks)
{
	const struct plan *plan = looks->plan;
	const char *user = plan->logins != NULL ? plan->logins->account->name : "root";
	const char *line = reach_ssh_line(looks->arena, &plan->reach, user);

	if (line[0] != '\0')
		look_add(looks, "from outside", "%s", line);
	else
		look_add(looks, "from outside", "unknown here: %s",
		    ways_unknown(looks->arena, &plan->reach, plan->ports[0], ""));
}

/* ---- refused logins ------------------------------------------------------------------------ */

static int
newest_first(const void *a, const void *b)
{
	const struct refusal *one = a, *other = b;

	return (one->last < other->last) - (one->last > other->last);
}

void
live_refusals(struct looks *looks)
{
	struct refusals *refusals = arena_alloc(looks->arena, 1, sizeof(*refusals));

	if (looks->plan->state.fd < 0)
		return;
	logbook_load(refusals, &looks->plan->state);
	qsort(refusals->list, REFUSALS_MOST, sizeof(refusals->list[0]), newest_first);
	for (size_t i = 0; i < REFUSALS_MOST; i++) {
		const struct refusal *r = &refusals->list[i];
		struct findings words = findings_new(looks->arena);
		struct finding *finding;
		struct look *look;
		char when[32] = "";
		time_t last = r->last;
		struct tm parts;

		if (r->code == CODE_NONE)
			continue;
		if (gmtime_r(&last, &parts) != NULL)
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &parts);
		refusal_explain(&words, r, looks->plan);
		look = look_add(looks, words.first->subject, "last at %s", when);
		finding = look_complain(looks, look, WARNING, r->code, NULL);
		finding->message = words.first->message;
		finding->fix = words.first->fix;
	}
}

/* ---- all of it ----------------------------------------------------------------------------- */

struct looks
live_look(const struct plan *plan, bool running, const long *ports)
{
	struct looks looks = { .arena = plan->arena,
		.plan = plan,
		.live = findings_new(plan->arena),
		.running = running,
		.ports = ports };
	struct look *look;

	if (running) {
		look_add(&looks, "sshinit", "runs here; its files are in %s", plan->state.path);
	} else {
		look = look_add(&looks, "sshinit", "user id %u", (unsigned)geteuid());
		(void)look_complain(&looks, look, NOTE, CODE_NOT_RUNNING, NULL);
	}
	look_at_keys(&looks);
	look_at_authorities(&looks);
	if (!settings_flag(plan->settings, SET_ENABLED)) {
		looks_add_rest(&looks);
		return looks;
	}
	for (const struct login *login = plan->logins; login != NULL; login = login->next) {
		live_account(&looks, login);
		live_paths(&looks, login);
	}
	live_backend(&looks);
	live_image(&looks);
	look_at_host_key(&looks);
	look_at_capabilities(&looks);
	for (size_t i = 0; plan->ports[i] != 0; i++)
		live_port(&looks, plan->ports[i]);
	look_at_the_way_in(&looks);
	looks_add_rest(&looks);
	live_refusals(&looks);
	return looks;
}
