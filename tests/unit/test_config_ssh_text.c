/* The managed section, known_hosts and the diff: text in, text out. */
#include "laptop/block.h"
#include "laptop/diff.h"
#include "laptop/knownhosts.h"
#include "laptop/section.h"
#include "laptop/sshconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOldOldOldOldOldOldOldOldOldOldOldOldOldOldO"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct span
with(struct span text, const char *alias)
{
	struct section section;
	const char *why;

	assert_true(section_find(arena, text, &section, &why));
	section_put(&section, alias,
	    section_chunk_text(&section, alias, "--host h",
	        arena_printf(arena, "Host %s\n\tHostName h\n", alias)));
	return section_compose(text, &section, NULL);
}

static struct span
without(struct span text, const char *alias)
{
	struct section section;
	const char *why;

	assert_true(section_find(arena, text, &section, &why));
	section_put(&section, alias, (struct span){ "", 0 });
	return section_compose(text, &section, NULL);
}

static void
taking_out_gives_back_what_was_there(void **state)
{
	static const char *const rows[] = { "", "\n", "a\n", "Host *\n", "Host *",
		"User bob\nHost x\n", "# c\nHost *\n", "Host x\n\n# c\nMatch all\n\tUser z\n",
		"Host x\r\nUser y\r\n", "\xef\xbb\xbfHost *\n", "Include x\n", "Host my* !mypod\n",
		"=\n", "\"\n", "Host\n", "Host \"*\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span once = with(span_of(rows[i]), "mypod"), twice, back;

		twice = with(once, "mypod");
		assert_int_equal(twice.len, once.len);
		assert_memory_equal(twice.data, once.data, once.len);
		back = without(without(with(twice, "other"), "mypod"), "other");
		assert_string_equal(back.data, rows[i]);
	}
}

static void
the_section_stands_where_it_wins(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {
		{ "Host x\nHost *\n", 7 },
		{ "Host x\n# c\n# d\nHost *\n", 7 },
		{ "Host x\n# c\n\n# d\nHost *\n", 12 },
		{ "Host x\nMatch host y\n", 7 },
		{ "Host x\nHost ?ypod\n", 7 },
		{ "Host x\nHost MYPOD\n", 18 },
		{ "Host x\nHost m* !mypod\n", 22 },
		{ "User y\nHost *\n", 0 },
		{ "hOsT=x\n\thOsT\t=\ty\t*\n", 7 },
		{ "Host x\n User y\n", 15 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span text = with(span_of(rows[i].text), "mypod");
		const char *begin = strstr(text.data, SECTION_BEGIN);

		assert_int_equal(begin - text.data, rows[i].at);
	}
}

static void
damaged_markers_are_named_by_line(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ SECTION_END "\n", "the end on line 1 has no start before it" },
		{ "\n" SECTION_BEGIN "\n", "the start on line 2 has no end" },
		{ SECTION_BEGIN "\n" SECTION_BEGIN "\n" SECTION_END "\n",
		    "the start on line 1 has no end: another start follows on line 2" },
		{ SECTION_BEGIN "\n" SECTION_END "\n" SECTION_END,
		    "the end on line 3 has no start before it" },
		{ SECTION_BEGIN "\n" SECTION_END "\n\t" SECTION_BEGIN " \r\n" SECTION_END "\n",
		    "there are two sections: one from line 1 to line 2, one from line 3" },
	};
	struct section section;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_false(section_find(arena, span_of(rows[i].text), &section, &why));
		assert_string_equal(why, rows[i].why);
	}
	assert_true(
	    section_find(arena, span_of("#BEGIN sshinit\n# END sshinit x\n"), &section, &why));
	assert_false(section.found);
}

static void
values_are_quoted_where_they_must_be(void **state)
{
	static const struct {
		const char *value, *written;
	} rows[] = { { "~/.ssh/id", "~/.ssh/id" }, { "a b", "\"a b\"" }, { "50%", "50%%" },
		{ "a\"b", "\"a\\\"b\"" }, { "C:\\U", "\"C:\\U\"" },
		{ "\\\\s\\x", "\"\\\\\\s\\x\"" }, { "end\\", "\"end\\\\\"" }, { "#x", "\"#x\"" },
		{ "", "\"\"" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf buf = buf_new(arena);

		conf_quote(&buf, rows[i].value, true);
		assert_string_equal(buf.data, rows[i].written);
	}
}

static void
known_hosts_lines_are_replaced_by_name(void **state)
{
	const char *text = "a " KEY "\nb x\nA y\nab z";
	struct buf lines = buf_new(arena);

	(void)state;
	assert_string_equal(knownhosts_get(arena, span_of(text), "a"), "a " KEY "\nA y\n");
	assert_string_equal(knownhosts_get(arena, span_of(text), "ab"), "ab z\n");
	assert_string_equal(knownhosts_put(arena, span_of(text), "a", "").data, "b x\nab z");
	assert_string_equal(
	    knownhosts_put(arena, span_of(text), "a", "a q\n").data, "a q\nb x\nab z");
	assert_string_equal(
	    knownhosts_put(arena, span_of("ab z"), "c", "c q\n").data, "ab z\nc q\n");

	assert_true(knownhosts_line(&lines, "a", KEY));
	assert_true(knownhosts_line(&lines, "a", KEY " comment"));
	assert_string_equal(lines.data, "a " KEY "\n");
	assert_false(knownhosts_line(&lines, "a", "ssh-ed25519"));
	assert_false(knownhosts_line(&lines, "a", "ssh-ed25519 AAAA"));
	assert_false(knownhosts_line(&lines, "a", "@cert-authority * " KEY));
	assert_false(knownhosts_line(&lines, "a", "* " KEY));
	assert_false(knownhosts_line(&lines, "a", KEY "\r"));
}

static void
a_diff_shows_what_changed_and_where(void **state)
{
	static const struct {
		const char *before, *after, *diff;
	} rows[] = {
		{ "a\n", "a\n", "" },
		{ "", "a\n", "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n" },
		{ "a\n", "", "--- f\n+++ f\n@@ -1 +0,0 @@\n-a\n" },
		{ "a", "a\n", "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
		    "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n" },
		{ "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n",
		    "--- f\n+++ f\n@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-b\n" },
		{ "a\n1\n2\n3\n4\n5\n6\nb\n", "1\n2\n3\n4\n5\n6\n",
		    "--- f\n+++ f\n@@ -1,8 +1,6 @@\n-a\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = buf_new(arena);

		diff_unified(&out, "f", span_of(rows[i].before), span_of(rows[i].after));
		assert_string_equal(out.data, rows[i].diff);
	}
}

/* The whole block, for each line of it has its reason. */
static void
a_block_is_as_safe_as_what_is_known(void **state)
{
	struct ssh_option agent = { .key = "ForwardAgent", .value = "yes" };
	const struct pod pod = { .alias = "MyPod", .host = "192.0.2.1", .options = &agent };
	const struct pod with_key = { .alias = "a",
		.host = "b",
		.port = 9,
		.user = "ann",
		.identity = "~/my key",
		.jump = "c" };
	const struct block_rules unpinned = { "~/k", false }, pinned = { "~/k", true };

	(void)state;
	assert_string_equal(block_render(arena, &pod, &unpinned),
	    "Host MyPod\n\tForwardAgent yes\n\tHostName 192.0.2.1\n\tPort 22\n"
	    "\tHostKeyAlias mypod\n\tUserKnownHostsFile ~/k\n\tCheckHostIP no\n"
	    "\tHashKnownHosts no\n\tStrictHostKeyChecking accept-new\n"
	    "\tServerAliveInterval 30\n");
	assert_string_equal(block_render(arena, &with_key, &pinned),
	    "Host a\n\tHostName b\n\tPort 9\n\tUser ann\n\tIdentityFile \"~/my key\"\n"
	    "\tIdentitiesOnly yes\n\tProxyJump c\n\tHostKeyAlias a\n"
	    "\tUserKnownHostsFile ~/k\n\tCheckHostIP no\n\tHashKnownHosts no\n"
	    "\tStrictHostKeyChecking yes\n\tServerAliveInterval 30\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    taking_out_gives_back_what_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(the_section_stands_where_it_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_markers_are_named_by_line, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    values_are_quoted_where_they_must_be, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    known_hosts_lines_are_replaced_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_diff_shows_what_changed_and_where, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_block_is_as_safe_as_what_is_known, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
