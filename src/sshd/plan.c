#include "sshd/plan.h"

#include "base/buf.h"
#include "base/file.h"
#include "pod/api_plan.h"
#include "pod/capabilities.h"
#include "pod/session_env.h"
#include "sshd/authorities.h"
#include "sshd/config.h"
#include "sshd/embedded.h"
#include "sshd/fetch.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- looking ------------------------------------------------------------------------------- */

static struct entries
read_sources(struct plan *plan, const struct settings *settings, const struct entries *in_force,
    bool variables_only)
{
	struct entries entries = entries_new(plan->arena);
	const struct sources sources = { .settings = settings,
		.rules = { .repair = settings_flag(settings, SET_REPAIR), .now = plan->now },
		.state = plan->state.fd,
		.in_force = in_force };

	sources_read_variables(&entries, &sources, plan->environment);
	if (!variables_only)
		sources_read_files(&entries, &sources, &plan->findings);
	return entries;
}

/* Whether this user's keys come from sources of its own, named in its section. */
static bool
has_own_sources(const struct settings *common, const struct settings *own)
{
	return own->value[SET_KEYS_ENV] != common->value[SET_KEYS_ENV]
	       || own->value[SET_KEYS_FILE] != common->value[SET_KEYS_FILE]
	       || own->value[SET_KEYS_DIR] != common->value[SET_KEYS_DIR]
	       || own->value[SET_KEYS_URL] != common->value[SET_KEYS_URL];
}

/* The keys that sources had brought by the last time, while the pod runs; NULL at a start. */
static const struct entries *
in_force(const struct login *login, bool running)
{
	const struct keyfile *keyfile = &login->keyfile;

	return running ? &keyfile->apart.from : NULL;
}

static void
plan_logins(struct plan *plan, bool running)
{
	struct login **end = &plan->logins;
	struct entries *common = NULL;

	for (const struct account *a = plan->accounts; a != NULL; a = a->next) {
		struct login *login = arena_alloc(plan->arena, 1, sizeof(*login));
		struct entries *own;
		bool shares;

		login->account = a;
		login->settings = settings_for_user(plan->settings, a->name);
		login->keyfile = keyfile_look(plan->arena, a, plan->now, &plan->findings);
		keyfile_carry(&login->keyfile, plan->arena, &plan->state, &plan->findings);
		shares = !has_own_sources(plan->settings, &login->settings);
		own = shares ? common : NULL;
		if (own == NULL) {
			own = arena_alloc(plan->arena, 1, sizeof(*own));
			*own
			    = read_sources(plan, &login->settings, in_force(login, running), false);
			for (const struct entry *e = own->first; e != NULL; e = e->next)
				entries_append_copy(&plan->entries, e);
		}
		if (shares)
			common = own;
		login->entries = own;
		keyfile_use(&login->keyfile, plan->arena, own, &plan->findings);
		plan->authorised += login->keyfile.plan.authorised + login->keyfile.plan.outside;
		*end = login;
		end = &login->next;
	}
	/* Without an account nobody can log in, but what was pasted is worth judging all the same.
	 */
	if (plan->accounts == NULL)
		plan->entries = read_sources(plan, plan->settings, NULL, false);
}

static void
plan_ports(struct plan *plan, const long *holding)
{
	if (holding != NULL)
		memcpy(plan->ports, holding, sizeof(plan->ports));
	else
		ports_plan(plan->ports, plan->settings, &plan->findings);
}

static void
copy_findings(struct plan *plan, const struct findings *more)
{
	if (more == NULL)
		return;
	for (const struct finding *f = more->first; f != NULL; f = f->next) {
		struct finding *copy
		    = finding_add(&plan->findings, f->severity, f->code, f->subject, NULL);

		copy->message = f->message;
		copy->fix = f->fix;
	}
}

static void
plan_sessions(struct plan *plan)
{
	for (struct login *login = plan->logins; login != NULL; login = login->next) {
		login->session
		    = session_plan(&login->settings, plan->reach.platform, &plan->findings);
		if (plan->backend.kind == BACKEND_SYSTEM)
			session_plan_system(&login->session, &login->settings, &plan->findings);
	}
	plan->profile = profile_plan(plan->arena, "/etc", &plan->findings);
}

struct plan *
plan_make(const struct plan_inputs *inputs)
{
	struct arena *arena = arena_new();
	struct plan *plan = arena_alloc(arena, 1, sizeof(*plan));
	struct settings *settings = arena_alloc(arena, 1, sizeof(*settings));

	/* Lists made of them are the plan's, and go with it: a pod makes many plans. */
	*settings = *inputs->settings;
	settings->arena = arena;
	plan->arena = arena;
	plan->settings = settings;
	plan->environment = inputs->environment;
	plan->now = inputs->now;
	plan->state = inputs->state;
	plan->config = "";
	plan->findings = findings_new(arena);
	plan->entries = entries_new(arena);
	plan->authorities = entries_new(arena);
	plan->hostkey = (struct hostkey){
		.path = "", .kept = "", .certificate = "", .public_line = "", .fingerprint = ""
	};
	copy_findings(plan, inputs->findings);
	copy_findings(plan, inputs->state_findings);
	if (!settings_flag(plan->settings, SET_ENABLED)) {
		finding_add(&plan->findings, NOTE, CODE_DISABLED,
		    settings_where(plan->settings, SET_ENABLED), NULL);
		return plan;
	}
	if (inputs->variables_only) {
		plan->entries = read_sources(plan, plan->settings, NULL, true);
		return plan;
	}
	plan->accounts = accounts_plan(arena, plan->settings, &plan->findings);
	plan_logins(plan, inputs->running);
	plan->authorities = authorities_plan(arena, plan->settings, &plan->state,
	    &(struct authorities_when){ plan->now, inputs->running }, &plan->findings);
	plan->authorised += entries_usable(&plan->authorities);
	plan->backend = backend_plan(arena, plan->settings, plan->accounts, &plan->findings);
	fetch_plan(plan->settings, &plan->findings);
	(void)api_plan(plan->settings, &plan->findings);
	/* Without an account there is a finding that says so already. */
	if (plan->authorised == 0 && plan->accounts != NULL)
		finding_add(&plan->findings, ERROR, CODE_NO_KEYS, "keys", NULL);
	plan_ports(plan, inputs->holding);
	capabilities_plan(
	    plan->accounts, plan->ports, plan->backend.kind == BACKEND_SYSTEM, &plan->findings);
	plan->reach = platform_reach(arena, plan->settings, plan->environment, plan->ports[0]);
	plan_sessions(plan);
	plan->hostkey
	    = hostkey_look(arena, plan->settings, plan->reach.pod, &plan->state, &plan->findings);
	return plan;
}

void
plan_free(struct plan *plan)
{
	if (plan != NULL)
		arena_free(plan->arena);
}

bool
plan_can_serve(const struct plan *plan)
{
	return settings_flag(plan->settings, SET_ENABLED) && plan->authorised > 0
	       && plan->logins != NULL && plan->backend.kind != BACKEND_NONE;
}

bool
plan_is_broken(const struct plan *plan)
{
	return settings_flag(plan->settings, SET_ENABLED)
	       && (plan->findings.count[ERROR] > 0 || plan->entries.count[VERDICT_REFUSED] > 0);
}

/* ---- applying ------------------------------------------------------------------------------ */

/* All files in the homes, or all in the state directory: sshd is told one of the two. */
static bool
write_keyfiles(struct plan *plan, enum keyfile_place *place)
{
	size_t written = 0;
	bool state = false;

	for (struct login *login = plan->logins; login != NULL; login = login->next) {
		if (keyfile_write(&login->keyfile, plan->arena, &plan->state, &plan->findings) == 0)
			written++;
		state = state || login->keyfile.place == IN_STATE;
	}
	for (struct login *login = plan->logins; login != NULL && state; login = login->next)
		if (login->keyfile.place == IN_HOME)
			(void)keyfile_write_to_state(
			    &login->keyfile, plan->arena, &plan->state, &plan->findings);
	*place = state ? IN_STATE : IN_HOME;
	return written > 0;
}

static const char *const *
port_words(struct plan *plan)
{
	const char **words = arena_alloc(plan->arena, PORTS_MOST + 1, sizeof(*words));

	for (size_t i = 0; plan->ports[i] != 0; i++)
		words[i] = arena_printf(plan->arena, "%ld", plan->ports[i]);
	return words;
}

static const char *const *
user_words(struct plan *plan)
{
	const char **words;
	size_t n = 0;

	for (const struct login *login = plan->logins; login != NULL; login = login->next)
		n++;
	words = arena_alloc(plan->arena, n + 1, sizeof(*words));
	n = 0;
	for (const struct login *login = plan->logins; login != NULL; login = login->next)
		words[n++] = login->account->name;
	return words;
}

static int
put(struct plan *plan, const char *name, struct span text, mode_t mode)
{
	if (file_replace(plan->state.fd, name, text, mode, NULL, false) == 0)
		return 0;
	finding_add(&plan->findings, ERROR, CODE_STATE_NONE,
	    arena_printf(plan->arena, "%s/%s", plan->state.path, name), "%s", strerror(errno));
	return -1;
}

static const char **
session_variables(const struct plan *plan, const struct login *login)
{
	return session_env_plan(plan->arena, plan->settings, login->account->name,
	    plan->environment, arena_printf(plan->arena, "%s/bin", plan->state.path));
}

/* What sshd/wrap.c reads back. */
static struct span
session_file(const struct plan *plan, const struct login *login)
{
	struct span variables = session_env_text(plan->arena, session_variables(plan, login));
	struct buf text = buf_new(plan->arena);

	buf_printf(&text, "%s=%04o", EMBEDDED_UMASK, (unsigned)login->session.umask);
	buf_putc(&text, '\0');
	if (login->session.dir[0] != '\0') {
		buf_printf(&text, "%s=%s", EMBEDDED_SESSION_DIR, login->session.dir);
		buf_putc(&text, '\0');
	}
	buf_add(&text, variables.data, variables.len);
	return (struct span){ text.data, text.len };
}

/* One file for each login user, which that user alone can read. */
static const char *
write_session_env(struct plan *plan)
{
	int directory = dir_open(plan->state.fd, "env", 0711, NULL);

	if (directory < 0)
		return "";
	for (const struct login *login = plan->logins; login != NULL; login = login->next) {
		const struct account *a = login->account;
		const char *name = arena_printf(plan->arena, "%u", (unsigned)a->uid);

		if (account_put_file(
		        plan->arena, a, directory, name, session_file(plan, login), 0400)
		    < 0)
			finding_add(&plan->findings, WARNING, CODE_SESSION_ENV_LOST, a->name, "%s",
			    strerror(errno));
	}
	close(directory);
	return arena_printf(plan->arena, "%s/env", plan->state.path);
}

/* For SetEnv, which gives all users the same: what every one of them is to get. */
static const char *const *
common_variables(const struct plan *plan)
{
	const char **variables;

	if (plan->logins == NULL)
		return NULL;
	variables = session_variables(plan, plan->logins);
	for (const struct login *login = plan->logins->next; login != NULL; login = login->next)
		session_env_common(variables, (const char *const *)session_variables(plan, login));
	return (const char *const *)variables;
}

/* The CAs as one file, and the names that a certificate may carry, one file per user. */
static int
write_authorities(struct plan *plan, struct config *config)
{
	struct buf text = buf_new(plan->arena);
	const char **names = settings_list(plan->settings, SET_PRINCIPALS);
	int directory, wrong;

	for (const struct entry *e = plan->authorities.first; e != NULL; e = e->next)
		if (e->key != NULL)
			buf_printf(&text, "%s %s\n", e->key->type, e->key->blob);
	if (text.len == 0)
		return 0;
	config->user_ca = arena_printf(plan->arena, "%s/%s", plan->state.path, AUTHORITIES_NAME);
	if (put(plan, AUTHORITIES_NAME, (struct span){ text.data, text.len }, 0600) < 0)
		return -1;
	if (names[0] == NULL && plan->settings->users == NULL)
		return 0;
	directory = dir_open(plan->state.fd, "principals", 0711, NULL);
	wrong = directory < 0 ? errno : 0;
	for (const struct login *l = plan->logins; l != NULL && directory >= 0; l = l->next) {
		struct buf list = buf_new(plan->arena);

		names = settings_list(&l->settings, SET_PRINCIPALS);
		if (names[0] == NULL)
			buf_printf(&list, "%s\n", l->account->name);
		for (; *names != NULL; names++)
			buf_printf(&list, "%s\n", *names);
		if (file_replace(directory, l->account->name, (struct span){ list.data, list.len },
		        0644, NULL, false)
		    < 0)
			wrong = errno;
	}
	if (directory >= 0)
		close(directory);
	/* Not in silence: an old list goes on letting in names that were taken off it. */
	if (wrong != 0) {
		finding_add(&plan->findings, ERROR, CODE_STATE_NONE,
		    arena_printf(plan->arena, "%s/principals", plan->state.path), "%s",
		    strerror(wrong));
		return -1;
	}
	config->principals_file = arena_printf(plan->arena, "%s/principals/%%u", plan->state.path);
	return 0;
}

static int
write_config(struct plan *plan, enum keyfile_place place)
{
	const struct backend *backend = &plan->backend;
	struct config config = { .major = backend->major,
		.minor = backend->minor,
		.embedded = backend->kind == BACKEND_EMBEDDED,
		.ports = port_words(plan),
		.addresses = (const char *const *)settings_list(plan->settings, SET_LISTEN),
		.users = user_words(plan),
		.host_key = plan->hostkey.path,
		.host_certificate = plan->hostkey.certificate,
		.session = backend->sshd_session,
		.auth = backend->sshd_auth,
		.revoked_keys = settings_text(plan->settings, SET_REVOKED_KEYS) };

	config.keys_file = place == IN_HOME
	                       ? ".ssh/authorized_keys"
	                       : arena_printf(plan->arena, "%s/keys/%%u", plan->state.path);
	/* keyfile has verified that place itself; sshd would object to /tmp and /dev/shm above it.
	 */
	config.strict_modes = place == IN_HOME || plan->state.strict;
	if (write_authorities(plan, &config) < 0)
		return -1;
	if (config.embedded)
		config.session_env = write_session_env(plan);
	else
		config.variables = common_variables(plan);
	plan->config_text = config_text(plan->arena, &config, &plan->findings);
	if (put(plan, "sshd_config", plan->config_text, 0600) < 0)
		return -1;
	plan->config = arena_printf(plan->arena, "%s/sshd_config", plan->state.path);
	/* Keys that stood there for want of the home's file must not outlive it; but an sshd that
	 * goes on with the old configuration reads them. */
	for (const struct login *l = plan->logins; l != NULL && place == IN_HOME; l = l->next)
		keyfile_leave_state(&l->keyfile, plan->arena, &plan->state);
	return 0;
}

enum plan_outcome
plan_apply(struct plan *plan)
{
	enum keyfile_place place;
	int empty;

	if (plan->state.fd < 0)
		return PLAN_NOT_APPLIED;
	if (!write_keyfiles(plan, &place) || !plan_can_serve(plan))
		return PLAN_NOT_APPLIED;
	if (plan->backend.kind == BACKEND_INSTALL)
		return PLAN_NEEDS_SSHD;
	if (backend_prepare(&plan->backend, plan->arena, &plan->state, &plan->findings) < 0)
		return PLAN_NOT_APPLIED;
	profile_apply(&plan->profile, "/etc", &plan->findings);
	empty = dir_open(plan->state.fd, "empty", 0755, NULL);
	if (empty >= 0)
		close(empty);
	if (plan->hostkey.path[0] == '\0')
		plan->hostkey = hostkey_make(plan->arena, plan->settings, plan->reach.pod,
		    &plan->state, &plan->backend, &plan->findings);
	if (plan->hostkey.path[0] == '\0')
		return PLAN_NOT_APPLIED;
	return write_config(plan, place) < 0 ? PLAN_NOT_APPLIED : PLAN_APPLIED;
}

void
plan_flush(const struct plan *plan)
{
	for (const struct login *login = plan->logins; login != NULL; login = login->next)
		keyfile_flush(&login->keyfile, plan->arena);
	hostkey_flush(plan->arena, &plan->hostkey);
}
