/*
 * looks: what --check has looked at, a line of its answer for each.
 *
 * A look has a subject ("port 22"), the facts that were found, and complaints about them, which are
 * findings: those of the plan, put beside what they are about, and those that only the running pod
 * can tell (live).
 */
#ifndef SSHINIT_LIVE_LOOKS_H
#define SSHINIT_LIVE_LOOKS_H

#include "sshd/plan.h"

struct complaint {
	struct complaint *next;
	const struct finding *finding;
};

struct look {
	struct look *next;
	const char *subject;
	const char *facts;            /* "" when there is nothing to say but the complaints */
	struct complaint *complaints; /* NULL: all is well */
};

struct looks {
	struct arena *arena;
	const struct plan *plan;
	struct look *first, *last;
	struct findings live; /* what no plan can know */
	bool running;         /* an sshinit of this user was started here */
	const long *ports;    /* on which its sshd listens; NULL while it does not */
};

/* Adds a look; facts is a printf format. */
struct look *look_add(struct looks *looks, const char *subject, const char *facts, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts those of the plan's findings with this code beside the look, where their subject is the one
 * given (NULL: any). */
void look_covers(
    struct looks *looks, struct look *look, enum code code, const char *finding_subject);

/* Puts those of the live findings beside the look that no look has yet. */
void look_covers_live(struct looks *looks, struct look *look);

/* Adds a finding of our own to the look. detail may be NULL, else a printf format. */
struct finding *look_complain(struct looks *looks, struct look *look, enum severity severity,
    enum code code, const char *detail, ...) __attribute__((format(printf, 5, 6)));

/* A look for each finding of the plan that no look covers. */
void looks_add_rest(struct looks *looks);

/* "ok", or the worst of its complaints: "note", "warning", "error". */
const char *look_verdict(const struct look *look);

#endif
