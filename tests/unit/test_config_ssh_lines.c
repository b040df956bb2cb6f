/* What people paste, and what they may not: words, hostline, pod. */
#include "laptop/hostline.h"
#include "laptop/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

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

static void
words_are_split_as_a_shell_does(void **state)
{
	static const struct {
		const char *text, *words[5];
	} rows[] = {
		{ "a b\tc", { "a", "b", "c" } },
		{ " 'a b' \"c d\" e\\ f ", { "a b", "c d", "e f" } },
		{ "a'b'\"c\"d", { "abcd" } },
		{ "'' \"\"", { "", "" } },
		{ "a # b", { "a" } },
		{ "a#b", { "a#b" } },
		{ "\"a\\\"b\\\\c\\d\"", { "a\"b\\c\\d" } },
		{ "'a\\b'", { "a\\b" } },
		{ "C:\\Users\\me\\.ssh\\id", { "C:\\Users\\me\\.ssh\\id" } },
		{ "\\\\server\\share\\id", { "\\\\server\\share\\id" } },
		{ "%USERPROFILE%\\.ssh\\id", { "%USERPROFILE%\\.ssh\\id" } },
		{ "$HOME/.ssh ${HOME}/x \"$HOME/y z\"", { "~/.ssh", "~/x", "~/y z" } },
	};
	struct words words;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = 0;

		assert_true(words_split(arena, span_of(rows[i].text), &words, &why));
		for (; n < words.count && rows[i].words[n] != NULL; n++)
			assert_string_equal(words.at[n], rows[i].words[n]);
		assert_int_equal(n, words.count);
		assert_null(rows[i].words[n]);
	}
}

static void
what_a_shell_would_act_on_is_refused(void **state)
{
	static const char *const rows[] = { "", "  ", "# x", "a;b", "a|b", "a&b", "a>b", "a<b",
		"(a)", "`a`", "\"`a`\"", "$a", "\"$a\"", "x$HOME/y", "$(a)", "a\nb", "a\rb",
		"a\033b", "'a", "\"a", "\"a\\\"" };
	struct words words;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_false(words_split(arena, span_of(rows[i]), &words, &why));
		assert_non_null(why);
	}
}

static void
quoted_words_come_back(void **state)
{
	static const char *const rows[] = { "a", "", "a b", "it's", "\"", "\\", "C:\\x y",
		"$HOME/x", "`id`", "#", "a;b|c&d>e", "~", "é", "\\\\server", "a\tb" };
	struct buf line = buf_new(arena);
	struct words words;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_putc(&line, ' ');
		buf_word(&line, rows[i]);
	}
	assert_true(words_split(arena, (struct span){ line.data, line.len }, &words, &why));
	assert_int_equal(words.count, sizeof(rows) / sizeof(*rows));
	for (size_t i = 0; i < words.count; i++)
		assert_string_equal(words.at[i], rows[i]);
}

static void
a_line_describes_a_pod(void **state)
{
	static const struct {
		const char *line, *pod; /* as pod_write writes it */
	} rows[] = {
		{ "ssh root@1.2.3.4 -p 17445 -i ~/.ssh/id_ed25519",
		    "--host 1.2.3.4 --port 17445 --user root --identity ~/.ssh/id_ed25519" },
		{ "ssh -p 17445 root@ssh4.vast.ai -L 8080:localhost:8080",
		    "--host ssh4.vast.ai --port 17445 --user root"
		    " --ssh-option 'LocalForward=8080 localhost:8080'" },
		{ "ssh -J DOMAIN user@WORKSPACE", "--host WORKSPACE --user user --jump DOMAIN" },
		{ "ssh -Nvp22 -lroot h -D1080",
		    "--host h --port 22 --user root --ssh-option DynamicForward=1080" },
		{ "ssh a@b@h", "--host h --user a@b" },
		{ "ssh -- h", "--host h" },
		{ "ssh -o HostName=h -o Port=9 -oUser=u -o 'IdentityFile /k' x",
		    "--host h --port 9 --user u --identity /k" },
		{ "/usr/bin/ssh h", "--host h" },
		{ "C:\\Windows\\System32\\OpenSSH\\ssh.exe root@h", "--host h --user root" },
		{ "cursor://vscode-remote/ssh-remote+u@h:9/dir?windowId=_blank",
		    "--host h --port 9 --user u" },
		{ "sftp://u@[::1]:9/dir", "--host ::1 --port 9 --user u" },
		{ "scp -rP 9 u@h:a u2.txt .", "--host h --port 9 --user u" },
		{ "scp -P 9 ./a:b u@h:", "--host h --port 9 --user u" },
		{ "rsync --rsh='ssh -p 9' a u@h:b", "--host h --port 9 --user u" },
		{ "h:9", "--host h --port 9" },
		{ "::1", "--host ::1" },
		{ "\n  ssh h \n", "--host h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct findings findings = findings_new(arena);
		struct buf text = buf_new(arena);
		struct pod pod = { 0 }, again = { 0 };

		if (!hostline_read(&pod, &findings, span_of(rows[i].line)))
			fail_msg("%s: %s", rows[i].line, findings.first->message);
		pod_write(&text, &pod);
		assert_string_equal(text.data, rows[i].pod);
		assert_true(pod_read(&again, arena, span_of(text.data)));
		text = buf_new(arena);
		pod_write(&text, &again);
		assert_string_equal(text.data, rows[i].pod);
	}
}

static void
a_refused_line_says_why(void **state)
{
	static const struct {
		struct span line;
		enum code code;
	} rows[] = {
		{ { "ssh h\0-oProxyCommand=id", 24 }, CODE_SSH_LINE },
		{ { "ssh -oProxyCommand=id h", 23 }, CODE_SSH_LINE },
		{ { "ssh -p 0 h", 10 }, CODE_POD_VALUE },
		{ { "ssh", 3 }, CODE_SSH_LINE },
		{ { "", 0 }, CODE_SSH_LINE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct findings findings = findings_new(arena);
		struct pod pod = { 0 };

		assert_false(hostline_read(&pod, &findings, rows[i].line));
		assert_non_null(findings.first);
		assert_int_equal(findings.first->severity, ERROR);
		assert_int_equal(findings.first->code, rows[i].code);
		assert_true(findings.first->fix[0] != '\0');
	}
}

static void
what_is_not_given_is_inherited(void **state)
{
	struct pod before = { 0 }, now = { 0 };
	struct buf text = buf_new(arena);

	(void)state;
	assert_true(pod_read(&before, arena,
	    span_of("--host old --port 1 --user u --identity /k --jump j"
	            " --ssh-option A=1 --ssh-option B=2 --ssh-option b=3")));
	assert_true(pod_read(&now, arena, span_of("--host new --ssh-option B=4")));
	pod_inherit(&now, arena, &before);
	pod_write(&text, &now);
	assert_string_equal(
	    text.data, "--host new --user u --identity /k --ssh-option B=4 --ssh-option A=1");
	now = (struct pod){ .port = 9 };
	text = buf_new(arena);
	pod_inherit(&now, arena, &before);
	pod_write(&text, &now);
	assert_string_equal(text.data, "--host old --port 9 --user u --identity /k --jump j"
	                               " --ssh-option A=1 --ssh-option B=2 --ssh-option b=3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_are_split_as_a_shell_does, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_a_shell_would_act_on_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(quoted_words_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_describes_a_pod, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refused_line_says_why, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_given_is_inherited, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
