#include "sshd/refusals.h"

#include <string.h>

/* How many lines of other connections may stand between a reason and the line it belongs to. */
enum { REASON_LINES = 8, NOT_ALLOWED_LINES = 64, FIRST_MILESTONE = 10 };

static void
copy(char *field, size_t size, const char *text)
{
	size_t len = strlen(text);

	len = len < size ? len : size - 1;
	memcpy(field, text, len);
	field[len] = '\0';
}

/* ---- connections --------------------------------------------------------------------------- */

static struct attempt *
attempt_of(struct refusals *refusals, const struct sshd_line *line, bool make)
{
	struct attempt *oldest = &refusals->attempts[0];

	for (size_t i = 0; i < CONNECTIONS_MOST; i++) {
		struct attempt *attempt = &refusals->attempts[i];

		if (attempt->used && attempt->port == line->port
		    && strcmp(attempt->so_far.address, line->address) == 0) {
			attempt->age = refusals->lines;
			return attempt;
		}
		if (oldest->used && (!attempt->used || attempt->age < oldest->age))
			oldest = attempt;
	}
	if (!make)
		return NULL;
	memset(oldest, 0, sizeof(*oldest));
	oldest->used = true;
	oldest->port = line->port;
	oldest->age = refusals->lines;
	copy(oldest->so_far.address, LINE_ADDRESS, line->address);
	return oldest;
}

static void
take_user(struct attempt *attempt, const struct sshd_line *line)
{
	if (line->user[0] != '\0')
		copy(attempt->so_far.user, LINE_USER, line->user);
}

static void
take_key(struct refusals *refusals, struct attempt *attempt, const struct sshd_line *line)
{
	struct refusal *r = &attempt->so_far;
	bool has_reason = refusals->reason.reason != REASON_NONE
	                  && refusals->lines - refusals->reason_at <= REASON_LINES;

	take_user(attempt, line);
	attempt->keys++;
	/* The key that tells most: one with a reason, else a certificate, else the first. */
	if ((has_reason && r->reason == REASON_NONE) || r->fingerprint[0] == '\0') {
		copy(r->type, LINE_TYPE, line->type);
		copy(r->fingerprint, LINE_PRINT, line->fingerprint);
		copy(r->authority, LINE_PRINT, line->authority);
	}
	if (has_reason && r->reason == REASON_NONE) {
		r->reason = refusals->reason.reason;
		copy(r->detail, LINE_DETAIL, refusals->reason.detail);
	}
	refusals->reason.reason = REASON_NONE;
}

/* A key that may log in. What is left is the client's signature, and then LINE_ACCEPTED. */
static void
take_postponed(struct refusals *refusals, struct attempt *attempt, const struct sshd_line *line)
{
	struct refusal *r = &attempt->so_far;

	take_user(attempt, line);
	attempt->unsigned_key = true;
	if (refusals->known_key.kind == LINE_KNOWN_KEY
	    && refusals->lines - refusals->known_key_at <= REASON_LINES) {
		copy(r->type, LINE_TYPE, refusals->known_key.type);
		copy(r->fingerprint, LINE_PRINT, refusals->known_key.fingerprint);
		refusals->known_key.kind = LINE_OTHER;
	}
}

/* ---- refusals ------------------------------------------------------------------------------ */

static enum code
code_of(const struct attempt *attempt)
{
	const struct refusal *r = &attempt->so_far;

	if (attempt->unknown_user)
		return CODE_REFUSED_USER;
	switch (r->reason) {
	case REASON_MODES:
		return CODE_REFUSED_MODES;
	case REASON_EXPIRED:
	case REASON_TOO_EARLY:
	case REASON_PRINCIPAL:
		return CODE_REFUSED_CERTIFICATE;
	case REASON_REVOKED:
		return CODE_REFUSED_REVOKED;
	case REASON_ADDRESS:
		return CODE_REFUSED_ADDRESS;
	case REASON_ALGORITHM:
	case REASON_SHORT:
		return CODE_REFUSED_ALGORITHM;
	case REASON_NONE:
		break;
	}
	if (attempt->unsigned_key)
		return CODE_REFUSED_UNSIGNED;
	if (attempt->too_many)
		return CODE_REFUSED_TOO_MANY;
	if (r->authority[0] != '\0')
		return CODE_REFUSED_CERTIFICATE;
	return attempt->keys > 0 ? CODE_REFUSED_KEY : CODE_REFUSED_NO_KEY;
}

static bool
is_same(const struct refusal *a, const struct refusal *b)
{
	if (a->code != b->code || strcmp(a->address, b->address) != 0)
		return false;
	/* A name that does not exist may be any name: those of one address are one refusal. */
	if (a->code == CODE_REFUSED_USER)
		return true;
	if (a->code == CODE_REFUSED_MODES || a->code == CODE_REFUSED_ALGORITHM
	    || a->code == CODE_REFUSED_FORWARD)
		return strcmp(a->user, b->user) == 0 && strcmp(a->detail, b->detail) == 0;
	return strcmp(a->user, b->user) == 0 && strcmp(a->fingerprint, b->fingerprint) == 0
	       && strcmp(a->authority, b->authority) == 0 && a->reason == b->reason;
}

/* The place for a refusal: where the same one stands, else a free one, else the one that matters
 * least: of its own address where that has its share, else seen least often, longest ago. */
static struct refusal *
place_for(struct refusals *refusals, const struct refusal *new)
{
	struct refusal *least = NULL, *own = NULL, *empty = NULL;
	size_t of_address = 0;

	for (size_t i = 0; i < REFUSALS_MOST; i++) {
		struct refusal *r = &refusals->list[i];

		if (r->code == CODE_NONE) {
			empty = empty != NULL ? empty : r;
			continue;
		}
		if (is_same(r, new))
			return r;
		if (strcmp(r->address, new->address) == 0) {
			of_address++;
			if (own == NULL || r->last < own->last)
				own = r;
		}
		if (least == NULL || r->count < least->count
		    || (r->count == least->count && r->last < least->last))
			least = r;
	}
	if (of_address >= REFUSALS_PER_ADDRESS)
		return own;
	return empty != NULL ? empty : least;
}

static bool
is_milestone(unsigned long count)
{
	while (count >= FIRST_MILESTONE && count % FIRST_MILESTONE == 0)
		count /= FIRST_MILESTONE;
	return count == 1;
}

/* How many of the list came new from this address since then. */
static unsigned
new_of(const struct refusals *refusals, const char *address, int64_t since)
{
	unsigned n = 0;

	for (size_t i = 0; i < REFUSALS_MOST; i++)
		if (refusals->list[i].code != CODE_NONE && refusals->list[i].first >= since
		    && strcmp(refusals->list[i].address, address) == 0)
			n++;
	return n;
}

static enum telling
count_refusal(
    struct refusals *refusals, const struct refusal *new, int64_t now, const struct refusal **told)
{
	struct refusal *place = place_for(refusals, new);
	bool again = place->code != CODE_NONE && is_same(place, new);
	bool worth = true;

	if (again) {
		place->count++;
		place->keys = new->keys;
		copy(place->detail, LINE_DETAIL, new->detail);
		copy(place->user, LINE_USER, new->user);
		worth = is_milestone(place->count);
	} else {
		/* An address that goes on inventing keys has been told of often enough. */
		worth
		    = new_of(refusals, new->address, now - REFUSALS_PERIOD) < REFUSALS_PER_ADDRESS;
		*place = *new;
		place->count = 1;
		place->first = now;
	}
	place->last = now;
	*told = place;
	if (!worth)
		return TELL_NOTHING;
	if (now < refusals->period || now - refusals->period >= REFUSALS_PERIOD) {
		refusals->period = now;
		refusals->told = 0;
	}
	refusals->told++;
	if (refusals->told > REFUSALS_TOLD)
		return refusals->told == REFUSALS_TOLD + 1 ? TELL_LIMIT : TELL_NOTHING;
	return TELL_REFUSAL;
}

/* The connection is over. */
static enum telling
end(struct refusals *refusals, const struct sshd_line *line, int64_t now,
    const struct refusal **told)
{
	struct attempt *attempt = attempt_of(refusals, line, line->user[0] != '\0');
	struct refusal refusal;

	if (attempt == NULL)
		return TELL_NOTHING;
	attempt->used = false;
	/* Without a name it never came as far as to ask for an account: a port scan. */
	if (line->user[0] == '\0' && attempt->so_far.user[0] == '\0')
		return TELL_NOTHING;
	take_user(attempt, line);
	if (refusals->not_allowed.kind == LINE_NOT_ALLOWED
	    && refusals->lines - refusals->not_allowed_at <= NOT_ALLOWED_LINES
	    && strcmp(refusals->not_allowed.user, attempt->so_far.user) == 0) {
		attempt->unknown_user = true;
		copy(attempt->so_far.detail, LINE_DETAIL, refusals->not_allowed.detail);
		refusals->not_allowed.kind = LINE_OTHER;
	}
	/* What a client without a usable algorithm was told stands in front of no key at all. */
	if (attempt->keys == 0 && refusals->reason.reason >= REASON_ALGORITHM
	    && refusals->lines - refusals->reason_at <= REASON_LINES) {
		attempt->so_far.reason = refusals->reason.reason;
		copy(attempt->so_far.detail, LINE_DETAIL, refusals->reason.detail);
		refusals->reason.reason = REASON_NONE;
	}
	refusal = attempt->so_far;
	refusal.keys = attempt->keys;
	refusal.code = code_of(attempt);
	return count_refusal(refusals, &refusal, now, told);
}

/* One that a single line tells all of. */
static enum telling
refuse(struct refusals *refusals, enum code code, const struct sshd_line *line, int64_t now,
    const struct refusal **told)
{
	struct refusal refusal = { .code = code };

	copy(refusal.address, LINE_ADDRESS, line->address);
	copy(refusal.detail, LINE_DETAIL, line->detail);
	return count_refusal(refusals, &refusal, now, told);
}

enum telling
refusals_line(
    struct refusals *refusals, const char *text, int64_t now, const struct refusal **refusal)
{
	struct sshd_line line = sshd_line_read(text);
	struct attempt *attempt;

	*refusal = NULL;
	refusals->lines++;
	switch (line.kind) {
	case LINE_OTHER:
		break;
	case LINE_ACCEPTED:
		attempt = attempt_of(refusals, &line, false);
		if (attempt != NULL)
			attempt->used = false;
		break;
	case LINE_FAILED_KEY:
		take_key(refusals, attempt_of(refusals, &line, true), &line);
		break;
	case LINE_KNOWN_KEY:
		refusals->known_key = line;
		refusals->known_key_at = refusals->lines;
		break;
	case LINE_POSTPONED:
		take_postponed(refusals, attempt_of(refusals, &line, true), &line);
		break;
	case LINE_NO_USER:
		attempt = attempt_of(refusals, &line, true);
		attempt->unknown_user = true;
		take_user(attempt, &line);
		break;
	case LINE_NOT_ALLOWED:
		/* Of an account that has expired it is said next that it is locked. */
		if (refusals->lines - refusals->not_allowed_at > 1
		    || strcmp(refusals->not_allowed.user, line.user) != 0)
			refusals->not_allowed = line;
		refusals->not_allowed_at = refusals->lines;
		break;
	case LINE_REASON:
		refusals->reason = line;
		refusals->reason_at = refusals->lines;
		break;
	case LINE_TOO_MANY:
		attempt = attempt_of(refusals, &line, true);
		attempt->too_many = true;
		take_user(attempt, &line);
		break;
	case LINE_NEGOTIATE:
		return refuse(refusals, CODE_REFUSED_ALGORITHM, &line, now, refusal);
	case LINE_FORWARD:
		return refuse(refusals, CODE_REFUSED_FORWARD, &line, now, refusal);
	case LINE_END:
		return end(refusals, &line, now, refusal);
	}
	return TELL_NOTHING;
}

void
refusals_restore(struct refusals *refusals, const struct refusal *refusal)
{
	for (size_t i = 0; i < REFUSALS_MOST; i++)
		if (refusals->list[i].code == CODE_NONE) {
			refusals->list[i] = *refusal;
			return;
		}
}
