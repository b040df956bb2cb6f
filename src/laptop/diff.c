#include "laptop/diff.h"

#include <stdint.h>

enum {
	CONTEXT = 3,
	/* Where more lines differ than this allows, they are shown as replaced as a whole. */
	CELLS_MAX = 4 * 1024 * 1024
};

struct lines {
	struct span *at;
	size_t count;
};

/* What became of a line: ' ' both, '-' only before, '+' only after. */
struct edit {
	char sign;
	size_t before, after; /* how many lines stand above it, on each side */
	struct span text;
};

struct edits {
	struct edit *at;
	size_t count;
	size_t before, after;
};

static struct lines
split(struct arena *arena, struct span text)
{
	struct lines lines = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n' || i + 1 == text.len;
	lines.at = arena_alloc(arena, count + 1, sizeof(*lines.at));
	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data) + 1;

		lines.at[lines.count++] = span_take(text, len);
		text = span_skip(text, len);
	}
	return lines;
}

static bool
same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void
push(struct edits *edits, char sign, struct span text)
{
	edits->at[edits->count++] = (struct edit){ sign, edits->before, edits->after, text };
	edits->before += sign != '+';
	edits->after += sign != '-';
}

/* The lines that differ, by the longest common subsequence where that is affordable. */
static void
middle(struct arena *arena, struct edits *edits, const struct span *a, size_t n,
    const struct span *b, size_t m)
{
	size_t i = 0, j = 0;

	if (n > 0 && m > 0 && n < CELLS_MAX / m) {
		size_t width = m + 1;
		uint32_t *common = arena_alloc(arena, (n + 1) * width, sizeof(*common));

		for (size_t x = n; x-- > 0;)
			for (size_t y = m; y-- > 0;) {
				uint32_t down = common[(x + 1) * width + y];
				uint32_t right = common[x * width + y + 1];

				common[x * width + y] = same(a[x], b[y])
				                            ? common[(x + 1) * width + y + 1] + 1
				                            : (down > right ? down : right);
			}
		while (i < n && j < m) {
			if (same(a[i], b[j])) {
				push(edits, ' ', a[i++]);
				j++;
			} else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) {
				push(edits, '-', a[i++]);
			} else {
				push(edits, '+', b[j++]);
			}
		}
	}
	while (i < n)
		push(edits, '-', a[i++]);
	while (j < m)
		push(edits, '+', b[j++]);
}

static void
range(struct buf *out, char sign, size_t above, size_t count)
{
	buf_printf(out, "%c%zu", sign, count == 0 ? above : above + 1);
	if (count != 1)
		buf_printf(out, ",%zu", count);
}

static void
hunk(struct buf *out, const struct edits *edits, size_t from, size_t to)
{
	size_t before = 0, after = 0;

	for (size_t i = from; i < to; i++) {
		before += edits->at[i].sign != '+';
		after += edits->at[i].sign != '-';
	}
	buf_puts(out, "@@ ");
	range(out, '-', edits->at[from].before, before);
	buf_putc(out, ' ');
	range(out, '+', edits->at[from].after, after);
	buf_puts(out, " @@\n");
	for (size_t i = from; i < to; i++) {
		struct span text = edits->at[i].text;

		buf_putc(out, edits->at[i].sign);
		buf_add(out, text.data, text.len);
		if (text.data[text.len - 1] != '\n')
			buf_puts(out, "\n\\ No newline at end of file\n");
	}
}

void
diff_unified(struct buf *out, const char *name, struct span before, struct span after)
{
	struct lines a, b;
	struct edits edits = { 0 };
	size_t head = 0, tail = 0;

	if (same(before, after))
		return;
	a = split(out->arena, before);
	b = split(out->arena, after);
	while (head < a.count && head < b.count && same(a.at[head], b.at[head]))
		head++;
	while (tail < a.count - head && tail < b.count - head
	       && same(a.at[a.count - 1 - tail], b.at[b.count - 1 - tail]))
		tail++;

	edits.at = arena_alloc(out->arena, a.count + b.count, sizeof(*edits.at));
	for (size_t i = 0; i < head; i++)
		push(&edits, ' ', a.at[i]);
	middle(out->arena, &edits, a.at + head, a.count - head - tail, b.at + head,
	    b.count - head - tail);
	for (size_t i = a.count - tail; i < a.count; i++)
		push(&edits, ' ', a.at[i]);

	buf_printf(out, "--- %s\n+++ %s\n", name, name);
	for (size_t i = 0; i < edits.count;) {
		size_t from, to, last;

		if (edits.at[i].sign == ' ') {
			i++;
			continue;
		}
		from = i > CONTEXT ? i - CONTEXT : 0;
		for (last = i, to = i; to < edits.count && to <= last + 1 + CONTEXT + CONTEXT; to++)
			if (edits.at[to].sign != ' ')
				last = to;
		to = last + 1 + CONTEXT < edits.count ? last + 1 + CONTEXT : edits.count;
		hunk(out, &edits, from, to);
		i = to;
	}
}
