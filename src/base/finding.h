/*
 * finding: what a step has to say to the user.
 *
 * Every step of the plan reports by findings: how bad (severity), which mistake (code), about what
 * (subject: a file, a variable, a port), what is wrong (message) and what to do (fix). A start logs
 * them, --check prints them, --json carries them: one list, so diagnosis and behaviour cannot drift
 * apart. Codes, their sentences and their usual fixes stand in one table, base/codes.def.
 */
#ifndef SSHINIT_BASE_FINDING_H
#define SSHINIT_BASE_FINDING_H

#include "base/arena.h"

enum code {
	CODE_NONE,
#define CODE(id, name, sentence, fix) CODE_##id,
#include "base/codes.def"
#undef CODE
	CODE_COUNT
};

enum severity { NOTE, WARNING, ERROR };

struct finding {
	struct finding *next;
	enum severity severity;
	enum code code;
	const char *subject; /* "PUBLIC_KEY", "/root/.ssh", "port 22" */
	const char *message; /* the code's sentence, and the detail where there is one */
	const char *fix;     /* what to do; "" where nothing needs doing */
};

struct findings {
	struct arena *arena;
	struct finding *first, *last;
	size_t count[ERROR + 1]; /* by severity */
};

/* An empty list whose texts live in arena. */
struct findings findings_new(struct arena *arena);

/* Adds a finding. detail may be NULL; otherwise it is a printf format, and the message reads
 * "sentence: detail". The fix is the code's usual one until finding_fix replaces it. */
struct finding *finding_add(struct findings *findings, enum severity severity, enum code code,
    const char *subject, const char *detail, ...) __attribute__((format(printf, 5, 6)));

/* Replaces the usual fix by one made for this case, a printf format. */
void finding_fix(struct findings *findings, struct finding *finding, const char *fix, ...)
    __attribute__((format(printf, 3, 4)));

/* Moves all of more to the end of findings; both live in the same arena. */
void findings_join(struct findings *findings, struct findings *more);

/* The table's columns. "" for CODE_NONE. */
const char *code_name(enum code code);
const char *code_sentence(enum code code);
const char *code_fix(enum code code);

/* "error", "warning", "note", as --json spells them. */
const char *severity_name(enum severity severity);

#endif
