/* sshd/authorized_keys: the text of the file, taken apart and put together again. */
#include "sshd/authorized_keys.h"

#include "keys/paste.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEY(letter)                                                                                \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIjxL6g1II8NsO8odvBwGKvq2Dx/h/xrvsV9b9LVI" letter     \
	"Km " letter
#define BEGIN "# BEGIN sshinit\n# (made anew at each start; edit the lines outside, not these)\n"
#define END   "# END sshinit\n"

enum { NOW = 1795000000 }; /* 2026-11-18T11:06:40Z */
static const char at[] = "2026-11-18T11:06:40Z";

static struct entries
keys(struct arena *arena, const char *source, const char *text)
{
	struct entries entries = entries_new(arena);

	paste_read(&entries, source, span_of(text), &(struct paste_rules){ .repair = true });
	return entries;
}

static struct keyfile_text
apart(struct arena *arena, const char *text)
{
	return keyfile_take_apart(arena, "file", span_of(text), NOW);
}

static const char *
together(struct arena *arena, const struct keyfile_text *text, const struct entries *entries)
{
	struct span made = keyfile_put_together(arena, text, entries).text;

	return arena_strndup(arena, made.data, made.len);
}

static const char *
fingerprint(struct arena *arena, const char *key)
{
	return keys(arena, "x", key).first->key->fingerprint;
}

static void
test_everything_else_is_kept(void **unused)
{
	static const char *const texts[] = { "", "# mine\n", "# mine\r\n\xff\x00", "no line end",
		"a\n" BEGIN END "b\n", "a\n" BEGIN "junk\n" END "b", BEGIN END };
	struct arena *arena = arena_new();
	struct entries none = entries_new(arena), one = keys(arena, "PUBLIC_KEY", KEY("A"));

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct keyfile_text text = apart(arena, texts[i]);
		const char *with = together(arena, &text, &one);
		struct keyfile_text again = apart(arena, with);

		assert_null(text.wrong);
		assert_non_null(strstr(with, KEY("A") "\n"));
		assert_string_equal(together(arena, &again, &one), with);
		assert_int_equal(again.after.len, text.after.len);
		if (!text.has_block) {
			assert_string_equal(together(arena, &text, &none), texts[i]);
			assert_int_equal(strncmp(with, texts[i], strlen(texts[i])), 0);
		}
	}
	arena_free(arena);
}

static void
test_markers_that_do_not_pair(void **unused)
{
	static const char *const texts[] = { "# BEGIN sshinit\n", END, END BEGIN, BEGIN BEGIN END,
		BEGIN END END, BEGIN END BEGIN END };
	struct arena *arena = arena_new();

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_non_null(apart(arena, texts[i]).wrong);
	arena_free(arena);
}

static void
test_added_keys_stay(void **unused)
{
	struct arena *arena = arena_new();
	struct entries a = keys(arena, "PUBLIC_KEY", KEY("A")),
	               b = keys(arena, "--keys add", KEY("B"));
	struct keyfile_text text = apart(arena, "");
	const char *made;

	(void)unused;
	text = apart(arena, together(arena, &text, &a));
	assert_int_equal(keyfile_add(&text, b.first, NOW), KEY_CHANGED);
	assert_int_equal(keyfile_add(&text, b.first, NOW), KEY_AS_IT_WAS);
	assert_int_equal(keyfile_add(&text, a.first, NOW), KEY_AS_IT_WAS);
	made = together(arena, &text, &text.from);
	assert_string_equal(made, BEGIN
	    "# from PUBLIC_KEY\n" KEY("A") "\n# added 2026-11-18T11:06:40Z\n" KEY("B") "\n" END);
	text = apart(arena, made);
	assert_string_equal(keyfile_added_at(arena, text.added.first), at);
	/* The next start, with another source: the added key is still there. */
	a = keys(arena, "FILE", KEY("C"));
	made = together(arena, &text, &a);
	assert_string_equal(made,
	    BEGIN "# from FILE\n" KEY("C") "\n# added 2026-11-18T11:06:40Z\n" KEY("B") "\n" END);
	/* The form of earlier releases, and what a hand may have made of it. */
	text = apart(arena, BEGIN "# added\n" KEY("A") "\n# added   yesterday\n" KEY("B") "\n" END);
	assert_int_equal(text.added.count[VERDICT_OK], 2);
	assert_string_equal(keyfile_added_at(arena, text.added.first), "");
	assert_string_equal(keyfile_added_at(arena, text.added.last), "");
	arena_free(arena);
}

static void
test_removed_keys_stay_out(void **unused)
{
	struct arena *arena = arena_new();
	struct entries both = keys(arena, "PUBLIC_KEY", KEY("A") "\n" KEY("B") "\n");
	const char *a = fingerprint(arena, KEY("A"));
	struct keyfile_text text = apart(arena, "");
	struct keyfile_plan plan;
	const char *made;

	(void)unused;
	text = apart(arena, together(arena, &text, &both));
	assert_int_equal(keyfile_remove(&text, a), KEY_CHANGED);
	made = together(arena, &text, &text.from);
	assert_null(strstr(made, KEY("A")));
	assert_non_null(strstr(made, arena_printf(arena, "# removed %s\n", a)));
	/* A start: the source brings it again. */
	text = apart(arena, made);
	plan = keyfile_put_together(arena, &text, &both);
	assert_int_equal(plan.authorised, 1);
	assert_ptr_equal(plan.kept_out[0], both.first);
	assert_null(plan.kept_out[1]);
	/* Taken back, and removed again: it must be remembered still. */
	assert_int_equal(keyfile_add(&text, both.first, NOW), KEY_CHANGED);
	text = apart(arena, together(arena, &text, &text.from));
	text = apart(arena, together(arena, &text, &both));
	assert_int_equal(text.added.count[VERDICT_OK], 1);
	assert_int_equal(keyfile_remove(&text, a), KEY_CHANGED);
	text = apart(arena, together(arena, &text, &text.from));
	assert_int_equal(keyfile_put_together(arena, &text, &both).authorised, 1);
	assert_int_equal(keyfile_remove(&text, a), KEY_UNKNOWN);
	arena_free(arena);
}

/* Added first, in the variable later: gone from the variable, it stays; removed, it stays out. */
static void
test_added_and_in_a_source(void **unused)
{
	struct arena *arena = arena_new();
	struct entries a = keys(arena, "PUBLIC_KEY", KEY("A")), none = entries_new(arena);
	const char *print = fingerprint(arena, KEY("A"));
	struct keyfile_text text = apart(arena, "");

	(void)unused;
	assert_int_equal(keyfile_add(&text, a.first, NOW), KEY_CHANGED);
	text = apart(arena, together(arena, &text, &none));
	text = apart(arena, together(arena, &text, &a));
	assert_int_equal(keyfile_put_together(arena, &text, &none).authorised, 1);
	assert_string_equal(keyfile_added_at(arena, text.added.first), at);
	assert_int_equal(keyfile_remove(&text, print), KEY_CHANGED);
	text = apart(arena, together(arena, &text, &none));
	assert_int_equal(keyfile_put_together(arena, &text, &a).authorised, 0);
	/* One that no source ever had leaves nothing behind. */
	text = apart(arena, "");
	assert_int_equal(keyfile_add(&text, a.first, NOW), KEY_CHANGED);
	text = apart(arena, together(arena, &text, &none));
	assert_int_equal(keyfile_remove(&text, print), KEY_CHANGED);
	assert_string_equal(together(arena, &text, &none), BEGIN END);
	arena_free(arena);
}

static void
test_keys_outside_are_not_ours(void **unused)
{
	struct arena *arena = arena_new();
	struct entries a = keys(arena, "PUBLIC_KEY", KEY("A"));
	struct keyfile_text text = apart(arena, KEY("A") "\n");
	struct keyfile_plan plan = keyfile_put_together(arena, &text, &a);

	(void)unused;
	assert_int_equal(plan.outside, 1);
	assert_int_equal(plan.authorised, 0);
	assert_string_equal(together(arena, &text, &a), KEY("A") "\n");
	assert_int_equal(keyfile_remove(&text, fingerprint(arena, KEY("A"))), KEY_NOT_OURS);
	assert_int_equal(keyfile_remove(&text, "SHA256:x"), KEY_UNKNOWN);
	assert_int_equal(keyfile_add(&text, a.first, NOW), KEY_AS_IT_WAS);
	arena_free(arena);
}

/* A source's name is text of somebody else's, and must not forge a line of ours. */
static void
test_names_are_harmless(void **unused)
{
	struct arena *arena = arena_new();
	struct entries a = keys(arena, "x\n# END sshinit\ny", KEY("A"));
	struct keyfile_text text = apart(arena, "");
	struct keyfile_text again = apart(arena, together(arena, &text, &a));

	(void)unused;
	assert_null(again.wrong);
	assert_int_equal(again.from.count[VERDICT_OK], 1);
	assert_string_equal(again.from.first->source, "x?# END sshinit?y");
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_else_is_kept),
		cmocka_unit_test(test_markers_that_do_not_pair),
		cmocka_unit_test(test_added_keys_stay),
		cmocka_unit_test(test_removed_keys_stay_out),
		cmocka_unit_test(test_added_and_in_a_source),
		cmocka_unit_test(test_keys_outside_are_not_ours),
		cmocka_unit_test(test_names_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
