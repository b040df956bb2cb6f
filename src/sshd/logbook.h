/*
 * logbook: sshd's log as it goes by.
 *
 * Every line goes to the file "log" of the state directory, 1 MB at most. What it tells of refused
 * logins becomes a line of the pod's log and the file "refusals.json", which --check reads.
 */
#ifndef SSHINIT_SSHD_LOGBOOK_H
#define SSHINIT_SSHD_LOGBOOK_H

#include "sshd/plan.h"
#include "sshd/refusals.h"

enum { LOGBOOK_LIMIT = 1024 * 1024 };

struct logbook {
	bool open;
	int log;      /* the file; -1 where there is none */
	size_t size;  /* of it */
	bool changed; /* since logbook_save */
	struct refusals refusals;
};

/* Takes one line of sshd's log. Opens what it needs at the first one. */
void logbook_line(
    struct logbook *logbook, const char *text, const struct state *state, const struct plan *plan);

/* Writes the refusals down. */
void logbook_save(struct logbook *logbook, const struct state *state);

/* Reads what logbook_save left in the state directory; nothing where there is nothing. */
void logbook_load(struct refusals *refusals, const struct state *state);

#endif
