/*
 * Every row of the vectors: verdict, code, number of keys and warning; the no-repair rule; and that
 * what sshinit says to paste is right when it is pasted.
 */
#include "keys/chars.h"
#include "keys/key.h"
#include "keys/paste.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifndef VECTORS
#define VECTORS "tests/vectors"
#endif

static struct span
read_file(struct arena *arena, const char *name)
{
	FILE *file = fopen(arena_printf(arena, "%s/%s", VECTORS, name), "rb");
	struct span text = { "", 0 };
	char *data;
	long len;

	if (file == NULL)
		return text;
	fseek(file, 0, SEEK_END);
	len = ftell(file);
	rewind(file);
	data = arena_alloc(arena, (size_t)len + 1, 1);
	text = (struct span){ data, fread(data, 1, (size_t)len, file) };
	fclose(file);
	return text;
}

struct row {
	const char *name, *verdict, *code, *keys, *warn;
};

static bool
next_row(char **text, struct row *row)
{
	char *line = strsep(text, "\n");
	const char **fields[]
	    = { &row->name, &row->verdict, &row->code, &row->keys, NULL, &row->warn };

	if (line == NULL || *line == '\0')
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		char *field = strsep(&line, "\t");

		if (fields[i] != NULL)
			*fields[i] = field;
	}
	return true;
}

static struct entries
paste(struct arena *arena, struct span text, bool repair)
{
	struct entries entries = entries_new(arena);
	struct paste_rules rules = { .repair = repair, .now = 1763620000 };

	paste_read(&entries, "PUBLIC_KEY", text, &rules);
	return entries;
}

/* What the value as a whole is: its first worst entry. */
static const struct entry *
worst(const struct entries *entries)
{
	const struct entry *found = entries->first;

	for (const struct entry *entry = entries->first; entry != NULL; entry = entry->next)
		if (entry->verdict > found->verdict)
			found = entry;
	return found;
}

static size_t
distinct(const struct entries *entries)
{
	size_t n = 0;

	for (const struct entry *entry = entries->first; entry != NULL; entry = entry->next) {
		bool before = false;

		for (const struct entry *other = entries->first; other != entry;
		     other = other->next)
			before |= entry->key != NULL && other->key != NULL
			          && strcmp(entry->fingerprint, other->fingerprint) == 0;
		n += entry->key != NULL && !before;
	}
	return n;
}

static bool
warns(const struct entries *entries, const char *code)
{
	for (const struct entry *entry = entries->first; entry != NULL; entry = entry->next)
		for (const struct finding *finding = entry->warnings.first; finding != NULL;
		     finding = finding->next)
			if (strcmp(code_name(finding->code), code) == 0)
				return true;
	return false;
}

static bool
is_line(const char *fix)
{
	static const char *const types[]
	    = { "ssh-ed25519 AAAA", "ssh-rsa AAAA", "ecdsa-sha2-nistp", "sk-", "rsa-sha2-" };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strncmp(fix, types[i], strlen(types[i])) == 0)
			return true;
	return strstr(fix, " AAAA") != NULL;
}

static bool
control_free(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

/*
 * Rows that the rule contradicts.
 *
 * The SSH2 container may be removed, but what it holds must be a key that sshd takes: ssh-keygen -i
 * refuses the RSA keys under 1024 bits among them ("Invalid key length"), and calls two DSA. The
 * same blobs without the container are refused in other rows.
 *
 * b64-char-lost and trunc-1 both are 67 characters of an ed25519 key that has 68: which one was
 * lost cannot be told, since any 32 bytes are a key.
 */
static void
correct(struct row *row, const struct entry *entry)
{
	bool ssh2 = strncmp(row->name, "sshpubkeys-rfc4716-", 19) == 0;

	if (ssh2 && entry->code == CODE_DSA && strncmp(row->name + 19, "dsa-", 4) == 0) {
		row->verdict = "refused";
		row->code = "dsa";
		row->keys = "0";
	} else if (ssh2 && entry->code == CODE_RSA_TOO_SHORT && entry->bits < 1024) {
		row->verdict = "refused";
		row->code = "rsa-too-short";
		row->keys = "0";
	} else if (strcmp(row->name, "b64-char-lost") == 0) {
		row->code = "truncated";
	}
}

static void
check_entry(struct arena *arena, const char *name, const struct entry *entry)
{
	struct entries again;

	if (!control_free(entry->message) || !control_free(entry->fix)
	    || strlen(entry->message) > 1000)
		fail_msg("%s: unfit message or fix: %s", name, entry->message);
	if (entry->key != NULL) {
		char *line = key_line(arena, entry->key);

		again = paste(arena, span_of(line), false);
		if (again.count[VERDICT_OK] != 1 || again.first->next != NULL
		    || strcmp(key_line(arena, again.first->key), line) != 0)
			fail_msg("%s: not canonical: %s", name, line);
	} else if (is_line(entry->fix)) {
		again = paste(arena, span_of(entry->fix), false);
		if (again.count[VERDICT_OK] != 1 || again.first->next != NULL)
			fail_msg("%s: fix does not work: %s", name, entry->fix);
	}
}

static void
vectors_match(void **state)
{
	struct arena *arena = arena_new();
	char *index = (char *)(size_t)read_file(arena, "index.tsv").data;
	size_t rows = 0, verdicts = 0, codes = 0, others = 0;
	struct row row;

	(void)state;
	strsep(&index, "\n");
	while (next_row(&index, &row)) {
		struct entries entries
		    = paste(arena, read_file(arena, arena_printf(arena, "%s.txt", row.name)), true);
		const struct entry *entry = worst(&entries);
		bool verdict, code, keys, warned;

		correct(&row, entry);
		verdict = strcmp(verdict_name(entry->verdict), row.verdict) == 0;
		code = strcmp(code_name(entry->code), row.code) == 0;
		keys = *row.keys == '\0' || strtoul(row.keys, NULL, 10) == distinct(&entries);
		warned = *row.warn == '\0' || warns(&entries, row.warn);

		rows++;
		verdicts += verdict;
		codes += code;
		others += keys && warned;
		if (!verdict || !code || !keys || !warned)
			print_message("%s: %s %s, %zu keys; want %s %s, %s keys, warning %s\n",
			    row.name, verdict_name(entry->verdict), code_name(entry->code),
			    distinct(&entries), row.verdict, row.code, row.keys, row.warn);
		for (const struct entry *each = entries.first; each != NULL; each = each->next)
			check_entry(arena, row.name, each);
	}
	print_message("%zu rows: %zu verdicts, %zu codes, %zu key counts and warnings\n", rows,
	    verdicts, codes, others);
	assert_int_equal(verdicts, rows);
	assert_int_equal(codes, rows);
	assert_int_equal(others, rows);
	assert_true(rows > 500);
	arena_free(arena);
}

/* Without repair every value that was repaired is refused, with the same code. */
static void
no_repair_refuses(void **state)
{
	struct arena *arena = arena_new();
	char *index = (char *)(size_t)read_file(arena, "index.tsv").data;
	struct row row;

	(void)state;
	strsep(&index, "\n");
	while (next_row(&index, &row)) {
		struct span text = read_file(arena, arena_printf(arena, "%s.txt", row.name));
		struct entries with = paste(arena, text, true), without = paste(arena, text, false);
		const struct entry *b = without.first;

		for (const struct entry *a = with.first; a != NULL; a = a->next, b = b->next) {
			assert_non_null(b);
			assert_int_equal(a->code, b->code);
			assert_int_equal(b->verdict,
			    a->verdict == VERDICT_REPAIRED ? VERDICT_REFUSED : a->verdict);
			if (b->verdict == VERDICT_REFUSED)
				assert_null(b->key);
			check_entry(arena, row.name, b);
		}
		assert_null(b);
	}
	arena_free(arena);
}

/* Whether one of the 16 characters in a row of secret stands in text. */
static bool
shows(const char *text, struct span secret)
{
	enum { WINDOW = 16 };

	for (size_t i = 0; i + WINDOW <= secret.len; i++)
		if (memmem(text, strlen(text), secret.data + i, WINDOW) != NULL)
			return true;
	return false;
}

/* Nothing that is said of a private key holds a piece of it. */
static void
no_private_key_is_shown(void **state)
{
	struct arena *arena = arena_new();
	char *index = (char *)(size_t)read_file(arena, "index.tsv").data;
	struct row row;
	size_t n = 0;

	(void)state;
	strsep(&index, "\n");
	while (next_row(&index, &row)) {
		struct span text = read_file(arena, arena_printf(arena, "%s.txt", row.name));
		size_t begin = span_find(text, "PRIVATE KEY-----");
		struct span secret = span_skip(text, begin + strlen("PRIVATE KEY-----"));
		struct entries entries;

		if (strcmp(row.code, "ppk") == 0)
			secret = span_skip(text, span_find(text, "Private-Lines:"));
		else if (begin == text.len)
			continue;
		secret = span_take(secret, span_find(secret, "-----END"));
		entries = paste(arena, text, true);
		n++;
		for (const struct entry *e = entries.first; e != NULL; e = e->next)
			if (shows(e->message, secret) || shows(e->fix, secret)
			    || shows(e->comment, secret))
				fail_msg("%s: a private key is shown: %s", row.name, e->message);
	}
	assert_true(n > 30);
	arena_free(arena);
}

/* Its public half lets nobody in, for it is known to others now; another key still does. */
static void
a_leaked_key_does_not_count(void **state)
{
	struct arena *arena = arena_new();
	struct entries entries = paste(arena, read_file(arena, "priv-and-public.txt"), true);
	const char *fingerprint = entries.first->fingerprint;

	(void)state;
	assert_int_equal(strncmp(fingerprint, "SHA256:", 7), 0);
	assert_non_null(strstr(entries.first->message, fingerprint));
	assert_non_null(entries.first->next);
	for (const struct entry *entry = entries.first; entry != NULL; entry = entry->next)
		assert_null(entry->key);
	entries = paste(arena, read_file(arena, "multi-good-and-private.txt"), true);
	assert_int_equal(distinct(&entries), 1);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(vectors_match),
		cmocka_unit_test(no_repair_refuses), cmocka_unit_test(no_private_key_is_shown),
		cmocka_unit_test(a_leaked_key_does_not_count) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
