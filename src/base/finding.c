#include "base/finding.h"

static const struct {
	const char *name, *sentence, *fix;
} codes[CODE_COUNT] = {
	[CODE_NONE] = { "", "", "" },
#define CODE(id, name, sentence, fix) [CODE_##id] = { name, sentence, fix },
#include "base/codes.def"
#undef CODE
};

const char *
code_name(enum code code)
{
	return codes[code].name;
}

const char *
code_sentence(enum code code)
{
	return codes[code].sentence;
}

const char *
code_fix(enum code code)
{
	return codes[code].fix;
}

const char *
severity_name(enum severity severity)
{
	static const char *const names[]
	    = { [NOTE] = "note", [WARNING] = "warning", [ERROR] = "error" };

	return names[severity];
}

struct findings
findings_new(struct arena *arena)
{
	return (struct findings){ .arena = arena };
}

struct finding *
finding_add(struct findings *findings, enum severity severity, enum code code, const char *subject,
    const char *detail, ...)
{
	struct arena *arena = findings->arena;
	struct finding *finding = arena_alloc(arena, 1, sizeof(*finding));

	finding->severity = severity;
	finding->code = code;
	finding->subject = arena_strdup(arena, subject);
	finding->message = code_sentence(code);
	finding->fix = code_fix(code);
	if (detail != NULL) {
		va_list args;

		va_start(args, detail);
		finding->message = arena_printf(
		    arena, "%s: %s", code_sentence(code), arena_vprintf(arena, detail, args));
		va_end(args);
	}
	if (findings->last == NULL)
		findings->first = finding;
	else
		findings->last->next = finding;
	findings->last = finding;
	findings->count[severity]++;
	return finding;
}

void
finding_fix(struct findings *findings, struct finding *finding, const char *fix, ...)
{
	va_list args;

	va_start(args, fix);
	finding->fix = arena_vprintf(findings->arena, fix, args);
	va_end(args);
}

void
findings_join(struct findings *findings, struct findings *more)
{
	if (more->first == NULL)
		return;
	if (findings->last == NULL)
		findings->first = more->first;
	else
		findings->last->next = more->first;
	findings->last = more->last;
	for (int severity = NOTE; severity <= ERROR; severity++)
		findings->count[severity] += more->count[severity];
	*more = findings_new(findings->arena);
}
