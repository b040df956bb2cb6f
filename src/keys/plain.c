/* Plain "type blob comment" lines, unchecked: stands in for the parser (keys/paste.c) until it
 * lands. */
#pragma GCC diagnostic ignored "-Wmisleading-indentation"
#include "base/buf.h"
#include "keys/paste.h"
struct entries
entries_new(struct arena *a)
{
	return (struct entries){ .arena = a };
}
const char *
verdict_name(enum verdict v)
{
	return v == 0 ? "ok" : v == 1 ? "repaired" : "refused";
}
char *
key_line(struct arena *a, const struct key *k)
{
	return arena_printf(a, "%s %s %s", k->type, k->blob, k->comment);
}
void
paste_read(struct entries *es, const char *source, struct span t, const struct paste_rules *r)
{
	(void)r;
	unsigned n = 0;
	const char *p = t.data, *e = t.data + t.len;
	while (p < e) {
		const char *q = memchr(p, '\n', e - p);
		if (!q)
			q = e;
		n++;
		char *l = arena_strndup(es->arena, p, q - p);
		p = q + 1;
		if (!*l || *l == '#')
			continue;
		struct entry *x = arena_alloc(es->arena, 1, sizeof *x);
		x->source = source;
		x->line = n;
		x->warnings = findings_new(es->arena);
		char *ty = strtok(l, " "), *b = strtok(NULL, " "), *c = strtok(NULL, "");
		if (b && !strncmp(ty, "ssh-", 4)) {
			x->key = arena_alloc(es->arena, 1, sizeof *x->key);
			*x->key = (struct key){ .options = "",
				.type = ty,
				.blob = b,
				.comment = c ? c : "",
				.bits = 256,
				.fingerprint = arena_printf(es->arena, "SHA256:%.43s", b) };
			x->message = x->fix = "";
		} else {
			x->verdict = VERDICT_REFUSED;
			x->message = "bad";
			x->fix = "fix it";
		}
		es->count[x->verdict]++;
		if (es->last)
			es->last->next = x;
		else
			es->first = x;
		es->last = x;
	}
}
