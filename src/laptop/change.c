#include "laptop/change.h"

#include "laptop/block.h"
#include "laptop/diff.h"
#include "laptop/knownhosts.h"

#include <unistd.h>

struct changes
changes_new(struct arena *arena)
{
	return (struct changes){ .arena = arena };
}

static struct change *
push(struct changes *changes, const struct conffile *file, struct span text)
{
	struct change **end = &changes->first;

	while (*end != NULL)
		end = &(*end)->next;
	*end = arena_alloc(changes->arena, 1, sizeof(**end));
	(*end)->file = file;
	(*end)->text = text;
	return *end;
}

static bool
differs(struct span a, struct span b)
{
	return a.len != b.len || memcmp(a.data, b.data, a.len) != 0;
}

static void
push_texts(struct changes *changes, const struct home *home, struct home_texts texts)
{
	/* What is included has to be there first, and goes last. */
	if (home->include && texts.own.len > 0 && differs(home->own.text, texts.own))
		push(changes, &home->own, texts.own);
	if (differs(home->config.text, texts.config))
		push(changes, &home->config, texts.config)->backup = true;
	if ((!home->include || texts.own.len == 0) && differs(home->own.text, texts.own))
		push(changes, &home->own, texts.own)->delete = true;
}

void
changes_add(struct changes *changes, const struct home *home, const struct pod *pod,
    const char *pinned, const char *keys)
{
	const char *name = block_key_name(changes->arena, pod->alias);
	const char *both = arena_printf(changes->arena, "%s%s", pinned, keys);
	struct home_texts texts = home_with(home, pod->alias, pod, keys[0] != '\0');
	struct span known = knownhosts_put(changes->arena, home->known.text, name, keys);

	/* The old Host block needs the old key, the new one the new key: while one replaces the
	 * other, both stand there. */
	if (differs(home->known.text, known) && pinned[0] != '\0' && keys[0] != '\0')
		push(changes, &home->known,
		    knownhosts_put(changes->arena, home->known.text, name, both))
		    ->hidden
		    = true;
	else if (differs(home->known.text, known) && keys[0] != '\0')
		push(changes, &home->known, known);
	push_texts(changes, home, texts);
	if (differs(home->known.text, known) && pinned[0] != '\0')
		push(changes, &home->known, known);
}

void
changes_remove(struct changes *changes, const struct home *home, const char *alias)
{
	const char *name = block_key_name(changes->arena, alias);
	struct span known = knownhosts_put(changes->arena, home->known.text, name, "");

	push_texts(changes, home, home_with(home, alias, NULL, false));
	if (differs(home->known.text, known))
		push(changes, &home->known, known)->delete = true;
}

void
changes_diff(const struct changes *changes, struct buf *out)
{
	for (const struct change *change = changes->first; change != NULL; change = change->next)
		if (!change->hidden)
			diff_unified(out, change->file->path, change->file->text, change->text);
}

static bool
write_locked(const struct changes *changes, struct findings *findings)
{
	/* The question may have stood on the terminal for an hour. */
	for (const struct change *change = changes->first; change != NULL; change = change->next)
		if (!conffile_unchanged(findings, change->file))
			return false;
	for (const struct change *change = changes->first; change != NULL; change = change->next) {
		bool good
		    = change->delete &&change->text.len == 0
		          ? conffile_delete(findings, change->file)
		          : conffile_write(findings, change->file, change->text, change->backup);

		if (!good)
			return false;
	}
	return true;
}

bool
changes_write(const struct changes *changes, struct findings *findings)
{
	bool good;
	int lock;

	if (changes->first == NULL)
		return true;
	if ((lock = conffile_lock(findings, changes->first->file)) < 0)
		return false;
	good = write_locked(changes, findings);
	close(lock);
	return good;
}
