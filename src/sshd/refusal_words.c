#include "sshd/refusal_words.h"

#include "base/buf.h"
#include "base/set.h"

#include <string.h>
#include <strings.h>

enum { LISTED = 5 };

static const char name_characters[]
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* ---- what the plan knows ------------------------------------------------------------------- */

static const struct login *
login_of(const struct plan *plan, const char *user)
{
	for (const struct login *login = plan->logins; login != NULL; login = login->next)
		if (strcmp(login->account->name, user) == 0)
			return login;
	return NULL;
}

/* "root" or "root, ann" */
static const char *
all_users(struct arena *arena, const struct plan *plan)
{
	struct buf text = buf_new(arena);

	for (const struct login *login = plan->logins; login != NULL; login = login->next)
		buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", login->account->name);
	return text.len > 0 ? text.data : "nobody";
}

static bool
is_removed(const struct login *login, const char *fingerprint)
{
	for (const char **removed = login->keyfile.apart.removed;
	     removed != NULL && *removed != NULL; removed++)
		if (strcmp(*removed, fingerprint) == 0)
			return true;
	return false;
}

/* Calls see for each key that may log in to this account. */
static void
each_key(
    const struct login *login, void (*see)(void *context, const struct entry *e), void *context)
{
	const struct entries *lists[]
	    = { login->entries, &login->keyfile.apart.outside, &login->keyfile.apart.added };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct entry *e = lists[i]->first; e != NULL; e = e->next)
			if (e->key != NULL && !e->key->authority
			    && !is_removed(login, e->key->fingerprint))
				see(context, e);
}

struct listing {
	struct arena *arena;
	struct buf text;
	struct set seen; /* the same key in two sources is one key */
	size_t count, of_type;
	const char *type;
	const struct entry *wanted; /* the one with this fingerprint */
	const char *fingerprint;
};

/* "ED25519" of sshd's log is "ssh-ed25519" in a key; "ED25519-CERT" counts too. */
static bool
is_type(const char *logged, const char *type)
{
	static const char *const names[][2]
	    = { { "ED25519", "ssh-ed25519" }, { "RSA", "ssh-rsa" }, { "ECDSA", "ecdsa-sha2-" },
		      { "ED25519-SK", "sk-ssh-ed25519" }, { "ECDSA-SK", "sk-ecdsa-" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(logged, names[i][0]) == 0)
			return strncmp(type, names[i][1], strlen(names[i][1])) == 0;
	return false;
}

static void
list_key(void *context, const struct entry *e)
{
	struct listing *listing = context;

	if (strcmp(e->key->fingerprint, listing->fingerprint) == 0)
		listing->wanted = e;
	if (!set_add(&listing->seen, e->key->fingerprint))
		return;
	listing->count++;
	listing->of_type += is_type(listing->type, e->key->type) ? 1 : 0;
	if (listing->count <= LISTED)
		buf_printf(&listing->text, "%s%s %s", listing->count > 1 ? ", " : "",
		    e->key->fingerprint,
		    e->key->comment[0] != '\0' ? e->key->comment : "(no comment)");
}

static struct listing
list_keys(struct arena *arena, const struct login *login, const struct refusal *r)
{
	struct listing listing = { .arena = arena,
		.text = buf_new(arena),
		.seen = set_new(arena),
		.type = r->type,
		.fingerprint = r->fingerprint };

	each_key(login, list_key, &listing);
	if (listing.count > LISTED)
		buf_printf(&listing.text, " and %zu more", listing.count - LISTED);
	return listing;
}

/* An entry of any source with that fingerprint, refused ones included. */
static const struct entry *
entry_of(const struct entries *entries, const char *fingerprint)
{
	for (const struct entry *e = entries->first; e != NULL; e = e->next)
		if (e->fingerprint != NULL && fingerprint[0] != '\0'
		    && strcmp(e->fingerprint, fingerprint) == 0)
			return e;
	return NULL;
}

/* The first entry that was refused without its key being readable: it may have been any. */
static const struct entry *
refused_entry(const struct entries *entries)
{
	for (const struct entry *e = entries->first; e != NULL; e = e->next)
		if (e->verdict == VERDICT_REFUSED
		    && (e->fingerprint == NULL || e->fingerprint[0] == '\0'))
			return e;
	return NULL;
}

static const char *
private_file(const char *type)
{
	return strncmp(type, "RSA", 3) == 0     ? "~/.ssh/id_rsa"
	       : strncmp(type, "ECDSA", 5) == 0 ? "~/.ssh/id_ecdsa"
	                                        : "~/.ssh/id_ed25519";
}

/* ---- why this key does not count ----------------------------------------------------------- */

struct words {
	struct arena *arena;
	const struct plan *plan;
	const struct refusal *r;
	const struct login *login; /* NULL: no account of ours */
	const char *detail, *fix;  /* fix "": the code's own */
};

static const char *
of_other_login(const struct words *w)
{
	for (const struct login *other = w->plan->logins; other != NULL; other = other->next) {
		struct listing listing = list_keys(w->arena, other, w->r);

		if (other != w->login && listing.wanted != NULL)
			return other->account->name;
	}
	return NULL;
}

/* The likely reason, "" when there is nothing to go by. */
static const char *
likely_reason(struct words *w, const struct listing *listing)
{
	const struct refusal *r = w->r;
	const struct entry *given = entry_of(&w->plan->entries, r->fingerprint);
	const struct entry *refused = refused_entry(&w->plan->entries);
	const char *other = of_other_login(w);

	if (is_removed(w->login, r->fingerprint)) {
		w->fix = "take it back with sshinit --keys add, or use another key";
		return "; it was removed with sshinit --keys remove";
	}
	if (given != NULL && given->verdict == VERDICT_REFUSED) {
		w->fix = given->fix;
		return arena_printf(w->arena,
		    "; it stands in %s line %u, but was refused there: %s", given->source,
		    given->line, given->message);
	}
	if (listing->wanted != NULL) {
		const struct finding *warning = listing->wanted->warnings.first;

		if (warning != NULL)
			return arena_printf(
			    w->arena, "; it is authorised, but: %s", warning->message);
		w->fix
		    = "log in again; where it is refused again, run sshinit --reload in the pod: it "
		      "writes the keys anew";
		return "; it is authorised now: it was given after this login, or something else "
		       "has written over authorized_keys";
	}
	if (other != NULL) {
		w->fix = arena_printf(w->arena, "log in as that user: ssh %s@...", other);
		return arena_printf(w->arena, "; it may log in as %s", other);
	}
	if (refused != NULL) {
		w->fix
		    = arena_printf(w->arena, "correct it: sshinit --check says how; or %s", w->fix);
		return arena_printf(w->arena,
		    "; perhaps it is the one in %s line %u, refused there: %s", refused->source,
		    refused->line, refused->message);
	}
	if (listing->count > 0 && listing->of_type == 0)
		return arena_printf(w->arena,
		    "; none of them is of type %s, so the client used another key file than the "
		    "one whose public half was given",
		    r->type);
	return "";
}

static void
explain_key(struct words *w)
{
	const struct refusal *r = w->r;
	struct listing listing;
	const char *why;

	if (w->login == NULL) {
		w->detail = arena_printf(w->arena, "%s %s", r->type, r->fingerprint);
		return;
	}
	listing = list_keys(w->arena, w->login, r);
	w->fix = arena_printf(w->arena,
	    "use the private half of one of them (ssh -i FILE %s@...), or add the client's key to "
	    "PUBLIC_KEY (cat %s.pub)",
	    r->user, private_file(r->type));
	why = likely_reason(w, &listing);
	w->detail = arena_printf(w->arena, "%s %s%s; %zu may log in: %s%s", r->type, r->fingerprint,
	    r->keys > 1 ? arena_printf(w->arena, " and %u more", r->keys - 1) : "", listing.count,
	    listing.text.data, why);
}

/* Accounts that exist and are not let in: sshd says why. */
static void
explain_user(struct words *w)
{
	const char *why = w->r->detail;
	const char *users = all_users(w->arena, w->plan);

	if (why[0] == '\0')
		w->detail = arena_printf(
		    w->arena, "the image has no account \"%s\"; %s may log in", w->r->user, users);
	else if (strstr(why, "AllowUsers") != NULL)
		w->detail = arena_printf(w->arena,
		    "\"%s\" is not among the users sshinit was told of; %s may log in", w->r->user,
		    users);
	else
		w->detail = arena_printf(w->arena, "\"%s\": %s", w->r->user, why);
	if (strstr(why, "expired") != NULL)
		w->fix = arena_printf(w->arena, "chage -E -1 %s in the image", w->r->user);
	else if (strstr(why, "locked") != NULL)
		w->fix = arena_printf(
		    w->arena, "usermod -p '*' %s in the image, or sshd = embedded", w->r->user);
	else if (strstr(why, "shell") != NULL)
		w->fix = arena_printf(w->arena, "usermod -s /bin/sh %s in the image", w->r->user);
	else if (w->plan->logins != NULL)
		w->fix = arena_printf(w->arena,
		    "ssh %s@..., or let that user in: SSHINIT_USER=%s with an account in the image",
		    w->plan->logins->account->name, "NAME");
}

static void
explain_modes(struct words *w)
{
	const char *path = w->r->detail;

	w->detail = arena_printf(w->arena,
	    "%s belongs to another user, or group or others may write "
	    "to it",
	    path);
	w->fix = arena_printf(w->arena, "chown %s %s && chmod go-w %s", w->r->user,
	    shell_word(w->arena, path), shell_word(w->arena, path));
}

static void
explain_certificate(struct words *w)
{
	const struct refusal *r = w->r;
	bool trusted = false;

	for (const struct entry *e = w->plan->authorities.first; e != NULL; e = e->next)
		trusted
		    = trusted || (e->key != NULL && strcmp(e->key->fingerprint, r->authority) == 0);
	switch (r->reason) {
	case REASON_EXPIRED:
		w->detail = arena_printf(w->arena, "%s is over", r->fingerprint);
		w->fix
		    = "get a new certificate (sshinit --certify, or your CA's page); ssh-keygen -L -f "
		      "FILE-cert.pub shows its time";
		break;
	case REASON_TOO_EARLY:
		w->detail = arena_printf(w->arena, "%s is not valid yet", r->fingerprint);
		w->fix = "compare the clocks: date on the CA's machine and in the pod";
		break;
	case REASON_PRINCIPAL:
		w->detail = arena_printf(w->arena, "%s does not carry the name that %s asks for",
		    r->fingerprint, r->user);
		w->fix = arena_printf(w->arena,
		    "sign it with -n %s, or allow its names with SSHINIT_PRINCIPALS; ssh-keygen -L -f "
		    "FILE-cert.pub shows them",
		    r->user);
		break;
	default:
		w->detail = arena_printf(w->arena, "%s is signed by CA %s, which %s",
		    r->fingerprint, r->authority,
		    trusted ? "is trusted here, but it was not accepted"
		            : "this pod does not trust");
		if (!trusted)
			w->fix = "give that CA's public key with SSHINIT_USER_CA, or get a "
			         "certificate from the CA that is trusted";
		break;
	}
}

static void
explain_address(struct words *w)
{
	const char *bracket = strchr(w->r->detail, '(');

	w->detail = arena_printf(
	    w->arena, "%s %s %s", w->r->type, w->r->fingerprint, bracket != NULL ? bracket : "");
}

static void
explain_algorithm(struct words *w)
{
	const struct refusal *r = w->r;

	if (r->reason == REASON_SHORT) {
		w->detail = "its RSA key is too short";
	} else if (r->reason == REASON_ALGORITHM) {
		w->detail = arena_printf(
		    w->arena, "it signs with %s, which is not safe any more", r->detail);
	} else {
		w->detail = r->detail;
		if (strstr(r->detail, "host key type") != NULL
		    && strstr(r->detail, "ssh-rsa") != NULL)
			w->fix
			    = "the client insists on an old host key type: remove HostKeyAlgorithms "
			      "from its ~/.ssh/config";
	}
}

static struct words
explain(struct arena *arena, const struct refusal *refusal, const struct plan *plan)
{
	struct words w = { .arena = arena,
		.plan = plan,
		.r = refusal,
		.login = login_of(plan, refusal->user),
		.detail = "",
		.fix = "" };

	switch (refusal->code) {
	case CODE_REFUSED_KEY:
		explain_key(&w);
		break;
	case CODE_REFUSED_USER:
		explain_user(&w);
		break;
	case CODE_REFUSED_MODES:
		explain_modes(&w);
		break;
	case CODE_REFUSED_CERTIFICATE:
		explain_certificate(&w);
		break;
	case CODE_REFUSED_ADDRESS:
		explain_address(&w);
		break;
	case CODE_REFUSED_ALGORITHM:
		explain_algorithm(&w);
		break;
	case CODE_REFUSED_TOO_MANY:
		w.detail
		    = arena_printf(arena, "%u, the first %s %s; agents and ~/.ssh/config add keys",
		        refusal->keys, refusal->type, refusal->fingerprint);
		w.fix = arena_printf(arena,
		    "name the one to use: ssh -o IdentitiesOnly=yes -i %s %s@...", private_file(""),
		    refusal->user);
		break;
	case CODE_REFUSED_UNSIGNED:
		w.detail = arena_printf(arena,
		    "%s %s; others may read the private key's file, or the .pub file beside it is "
		    "another key's, or the passphrase or the touch was not given",
		    refusal->type, refusal->fingerprint);
		w.fix
		    = "chmod 600 FILE, and compare what ssh-keygen -y -f FILE prints with FILE.pub; or "
		      "sshinit --check --identity FILE says what it is";
		break;
	case CODE_REFUSED_FORWARD: /* the subject says where to */
		break;
	case CODE_REFUSED_REVOKED:
		w.detail = arena_printf(
		    arena, "%s %s is in %s", refusal->type, refusal->fingerprint, refusal->detail);
		break;
	default:
		w.fix = arena_printf(arena, "name the private key: ssh -i %s %s@...",
		    private_file(""), refusal->user);
		break;
	}
	return w;
}

static const char *
subject_of(struct arena *arena, const struct refusal *r)
{
	const char *times = r->count > 1 ? arena_printf(arena, " (%lu times)", r->count) : "";

	/* Clients choose the name; in quotes it cannot be taken for our own words. */
	if (r->user[strspn(r->user, name_characters)] != '\0')
		return arena_printf(arena, "login as \"%s\" from %s%s", r->user, r->address, times);
	if (r->code == CODE_REFUSED_FORWARD)
		return arena_printf(arena, "forward to \"%s\"%s", r->detail, times);
	if (r->user[0] == '\0')
		return arena_printf(arena, "login from %s%s", r->address, times);
	return arena_printf(arena, "login as %s from %s%s", r->user, r->address, times);
}

void
refusal_explain(struct findings *findings, const struct refusal *refusal, const struct plan *plan)
{
	struct arena *arena = findings->arena;
	struct words w = explain(arena, refusal, plan);
	struct finding *finding = finding_add(findings, WARNING, refusal->code,
	    subject_of(arena, refusal), w.detail[0] != '\0' ? "%s" : NULL, w.detail);

	if (w.fix[0] != '\0')
		finding_fix(findings, finding, "%s", w.fix);
}

const char *
refusal_line(struct arena *arena, const struct refusal *refusal, const struct plan *plan)
{
	struct findings findings = findings_new(arena);
	const struct finding *finding;

	refusal_explain(&findings, refusal, plan);
	finding = findings.first;
	return arena_printf(
	    arena, "%s: %s; fix: %s", finding->subject, finding->message, finding->fix);
}
