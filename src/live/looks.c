#include "live/looks.h"

#include <string.h>

struct look *
look_add(struct looks *looks, const char *subject, const char *facts, ...)
{
	struct look *look = arena_alloc(looks->arena, 1, sizeof(*look));
	va_list args;

	look->subject = arena_strdup(looks->arena, subject);
	va_start(args, facts);
	look->facts = arena_vprintf(looks->arena, facts, args);
	va_end(args);
	if (looks->last == NULL)
		looks->first = look;
	else
		looks->last->next = look;
	looks->last = look;
	return look;
}

static void
put(struct looks *looks, struct look *look, const struct finding *finding)
{
	struct complaint *complaint = arena_alloc(looks->arena, 1, sizeof(*complaint));
	struct complaint **end = &look->complaints;

	complaint->finding = finding;
	while (*end != NULL)
		end = &(*end)->next;
	*end = complaint;
}

static bool
is_covered(const struct looks *looks, const struct finding *finding)
{
	for (const struct look *look = looks->first; look != NULL; look = look->next)
		for (const struct complaint *c = look->complaints; c != NULL; c = c->next)
			if (c->finding == finding)
				return true;
	return false;
}

void
look_covers(struct looks *looks, struct look *look, enum code code, const char *finding_subject)
{
	for (const struct finding *f = looks->plan->findings.first; f != NULL; f = f->next)
		if (f->code == code && !is_covered(looks, f)
		    && (finding_subject == NULL || strcmp(f->subject, finding_subject) == 0))
			put(looks, look, f);
}

void
look_covers_live(struct looks *looks, struct look *look)
{
	for (const struct finding *f = looks->live.first; f != NULL; f = f->next)
		if (!is_covered(looks, f))
			put(looks, look, f);
}

struct finding *
look_complain(struct looks *looks, struct look *look, enum severity severity, enum code code,
    const char *detail, ...)
{
	struct finding *finding;
	va_list args;

	if (detail == NULL) {
		finding = finding_add(&looks->live, severity, code, look->subject, NULL);
	} else {
		va_start(args, detail);
		finding = finding_add(&looks->live, severity, code, look->subject, "%s",
		    arena_vprintf(looks->arena, detail, args));
		va_end(args);
	}
	put(looks, look, finding);
	return finding;
}

void
looks_add_rest(struct looks *looks)
{
	for (const struct finding *f = looks->plan->findings.first; f != NULL; f = f->next)
		if (!is_covered(looks, f))
			put(looks, look_add(looks, f->subject, "%s", ""), f);
}

const char *
look_verdict(const struct look *look)
{
	int worst = -1;

	for (const struct complaint *c = look->complaints; c != NULL; c = c->next)
		worst = (int)c->finding->severity > worst ? (int)c->finding->severity : worst;
	return worst < 0 ? "ok" : severity_name((enum severity)worst);
}
