/*
 * mutate: values made by damaging the vectors, and what sshinit claims about each.
 *
 *   mutate VECTORS COUNT SEED QUERIES CLAIMS LINES
 *
 * QUERIES are lines for the oracle, in its format; CLAIMS has a line for each of them:
 *   accept FINGERPRINT   sshinit would write this line: sshd must use it
 *   ok FINGERPRINT       this line is called ok as it stands: sshd must use it as it stands
 *   refuse -             this line is refused: does sshd use it?
 * LINES are the accepted lines as text, for ssh-keygen -l.
 */
#include "base/buf.h"
#include "keys/base64.h"
#include "keys/paste.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SEEDS_MAX = 2000, VALUE_MAX = 20000 };

static struct span seeds[SEEDS_MAX];
static size_t nseeds;
static uint64_t state;

static size_t
dice(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n == 0 ? 0 : (size_t)((state >> 11) % n);
}

static void
load(struct arena *arena, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);

	for (int i = 0; i < n; free(names[i++])) {
		size_t len = strlen(names[i]->d_name);
		FILE *file;
		char *data;

		if (nseeds == SEEDS_MAX || len < 5
		    || strcmp(names[i]->d_name + len - 4, ".txt") != 0)
			continue;
		file = fopen(arena_printf(arena, "%s/%s", folder, names[i]->d_name), "rb");
		if (file == NULL)
			continue;
		data = arena_alloc(arena, VALUE_MAX, 1);
		len = fread(data, 1, VALUE_MAX, file);
		fclose(file);
		if (len < VALUE_MAX)
			seeds[nseeds++] = (struct span){ data, len };
	}
	if (n >= 0)
		free(names);
}

/* What stands between two bytes of text is replaced. */
static struct span
replace(struct arena *arena, struct span text, size_t from, size_t len, struct span by)
{
	struct buf out = buf_new(arena);

	buf_add(&out, text.data, from);
	buf_add(&out, by.data, by.len);
	if (from + len < text.len)
		buf_add(&out, text.data + from + len, text.len - from - len);
	return (struct span){ out.data, out.len };
}

/* A byte of a blob behind its base64: most damage to the text never gets past that. */
static struct span
mutate_blob(struct arena *arena, struct span text)
{
	const char *at = memmem(text.data, text.len, "AAAA", 4);
	size_t from, len = 0, where;
	struct bytes bytes;
	uint8_t *copy;

	if (at == NULL)
		return text;
	from = (size_t)(at - text.data);
	while (from + len < text.len && (base64_char(at[len]) || at[len] == '='))
		len++;
	base64_read(arena, (struct span){ at, len }, &bytes);
	copy = arena_alloc(arena, bytes.len + 8, 1);
	memcpy(copy, bytes.data, bytes.len);
	where = dice(dice(2) == 0 ? 40 : bytes.len);
	if (where >= bytes.len)
		return text;
	switch (dice(5)) {
	case 0:
		copy[where] ^= (uint8_t)(1 << dice(8));
		break;
	case 1:
		copy[where] = (uint8_t)dice(256);
		break;
	case 2:
		memmove(copy + where, copy + where + 1, bytes.len - where - 1);
		bytes.len--;
		break;
	case 3:
		memmove(copy + where + 1, copy + where, bytes.len - where);
		bytes.len++;
		break;
	default:
		bytes.len = where;
		break;
	}
	return replace(arena, text, from, len,
	    span_of(base64_write(arena, (struct bytes){ copy, bytes.len })));
}

static struct span
mutate(struct arena *arena, struct span text)
{
	static const char *const pieces[] = { " ", "\t", "\n", "\r", "\r\n", ",", "\"", "'", "\\\"",
		"\\n", "\\", "=", "==", "#", "ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-nistp256 ",
		"sk-ssh-ed25519@openssh.com ", "rsa-sha2-512 ", "ssh-dss ",
		"ssh-rsa-cert-v01@openssh.com ", "restrict ", "no-pty,", "command=\"x y\" ",
		"from=\"10.0.0.0/8\" ", "from=\"10.0.0.1/8,!*\" ", "expiry-time=\"20301231\" ",
		"expiry-time=\"203002311259Z\",", "environment=\"A=b\",",
		"permitopen=\"[::1]:80\",", "permitlisten=\"80\" ", "tunnel=\"1\",",
		"tunnel=\"any\" ", "cert-authority ", "principals=\"x\",",
		"cert-authority,principals=\"a,b\" ", "AAAA", "AAAAC3NzaC1lZDI1NTE5AAAAI",
		"\xe2\x80\x8b", "\xc2\xa0", "\xef\xbb\xbf", "\v", "\f", "\033[0m", "> ", "- ",
		"PUBLIC_KEY=", "[", "]", "{\"key\":\"", "&#43;", "%20", "<br>", "A", "/", "+", "-",
		"_", "@", ".", "0", "\x7f", "\xff", "no-touch-required,", "verify-required ",
		"command=\"a\\\"b\" ", "X11-forwarding,", "NO-PTY ", "user-rc ", ",," };
	size_t from = dice(text.len + 1), len = dice(8);
	struct span other = seeds[dice(nseeds)];

	switch (dice(12)) {
	case 0:
		return replace(
		    arena, text, from, 1, (struct span){ (char[1]){ (char)dice(256) }, 1 });
	case 1:
		return replace(arena, text, from, len, (struct span){ "", 0 });
	case 2:
	case 3:
		return replace(
		    arena, text, from, 0, span_of(pieces[dice(sizeof(pieces) / sizeof(*pieces))]));
	case 4:
		return replace(
		    arena, text, 0, 0, span_of(pieces[dice(sizeof(pieces) / sizeof(*pieces))]));
	case 5:
		return replace(arena, text, text.len, 0,
		    span_of(pieces[dice(sizeof(pieces) / sizeof(*pieces))]));
	case 6:
		return span_take(text, from);
	case 7:
		return text.len + other.len < VALUE_MAX ? replace(arena, text, text.len, 0, other)
		                                        : text;
	case 8: /* from here to there */
		return replace(arena, text, from, text.len, span_skip(other, dice(other.len)));
	case 9: /* another case */
		if (from < text.len)
			return replace(arena, text, from, 1,
			    (struct span){ (char[1]){ (char)(text.data[from] ^ 0x20) }, 1 });
		return text;
	default:
		return mutate_blob(arena, text);
	}
}

static void
query(FILE *queries, struct span line)
{
	uint32_t len = (uint32_t)line.len;

	fwrite(&len, sizeof(len), 1, queries);
	fwrite(line.data, 1, line.len, queries);
}

/* Line number n of text, as sshd's getline sees it. */
static struct span
line_of(struct span text, unsigned n)
{
	for (;;) {
		const char *end = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);

		if (--n == 0)
			return span_take(text, len);
		text = span_skip(text, len + 1);
	}
}

static void
claim(struct arena *arena, struct span text, FILE *queries, FILE *claims, FILE *lines)
{
	struct entries entries = entries_new(arena);
	struct paste_rules rules = { .repair = true, .now = time(NULL) };
	bool leaked = false;

	paste_read(&entries, "mutated", text, &rules);
	for (struct entry *entry = entries.first; entry != NULL; entry = entry->next)
		leaked |= entry->code == CODE_PRIVATE_KEY || entry->code == CODE_PPK;
	for (struct entry *entry = entries.first; entry != NULL; entry = entry->next) {
		if (entry->key != NULL) {
			char *line = key_line(arena, entry->key);

			query(queries, span_of(line));
			fprintf(claims, "accept %s\n", entry->fingerprint);
			fprintf(lines, "%s\n", line);
		}
		if (entry->verdict == VERDICT_OK) {
			query(queries, line_of(text, entry->line));
			fprintf(claims, "ok %s\n", entry->fingerprint);
		} else if (entry->verdict == VERDICT_REFUSED && !leaked
		           && entries.count[VERDICT_REPAIRED] == 0) {
			query(queries, line_of(text, entry->line));
			fprintf(claims, "refuse %s\n", code_name(entry->code));
		}
	}
}

int
main(int argc, char **argv)
{
	struct arena *forever = arena_new();
	FILE *queries, *claims, *lines;
	size_t count;

	if (argc != 7)
		return 64;
	count = strtoul(argv[2], NULL, 10);
	state = strtoul(argv[3], NULL, 10) * 2654435761U + 88172645463325252U;
	queries = fopen(argv[4], "wb");
	claims = fopen(argv[5], "w");
	lines = fopen(argv[6], "w");
	load(forever, argv[1]);
	if (queries == NULL || claims == NULL || lines == NULL || nseeds == 0)
		return 1;
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_new();
		struct span text = seeds[dice(nseeds)];

		for (size_t n = i < nseeds ? 0 : 1 + dice(4); n > 0; n--)
			text = mutate(arena, text);
		if (i < nseeds)
			text = seeds[i];
		claim(arena, text, queries, claims, lines);
		arena_free(arena);
	}
	arena_free(forever);
	return fclose(queries) != 0 || fclose(claims) != 0 || fclose(lines) != 0;
}
