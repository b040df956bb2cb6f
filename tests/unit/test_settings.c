/*
 * base/settings, options and log: which of several places wins, what a file with a mistake is
 * worth, and what the lines on standard error must never hold.
 */
#include "base/log.h"
#include "base/options.h"

#include <fcntl.h>
#include <ini.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- variables ----------------------------------------------------------------------------- */

static const char *
value_of(struct arena *arena, char *const *environment, enum setting setting, size_t findings_want)
{
	struct settings settings = settings_new(arena);
	struct findings findings = findings_new(arena);

	settings_read_environment(&settings, environment, &findings);
	assert_int_equal(findings.count[WARNING], findings_want);
	return settings_text(&settings, setting);
}

static void
our_own_variables_win(void **unused)
{
	struct arena *arena = arena_new();
	char ours[] = "SSHINIT_KEYS_FILE=/ours", known[] = "PUBLIC_KEY_FILE=/known";
	char *const both[] = { ours, known, NULL }, *const other_way[] = { known, ours, NULL };
	char *const alone[] = { known, NULL };

	(void)unused;
	assert_string_equal(value_of(arena, both, SET_KEYS_FILE, 0), "/ours");
	assert_string_equal(value_of(arena, other_way, SET_KEYS_FILE, 0), "/ours");
	assert_string_equal(value_of(arena, alone, SET_KEYS_FILE, 0), "/known");
	arena_free(arena);
}

/* Compose files pass on what is not set as empty. */
static void
an_empty_variable_is_not_set(void **unused)
{
	struct arena *arena = arena_new();
	char port[] = "SSHINIT_PORT=", strict[] = "SSHINIT_STRICT=", wrong[] = "SSHINIT_MODE=x";
	char *const environment[] = { port, strict, NULL }, *const bad[] = { wrong, NULL };

	(void)unused;
	assert_string_equal(value_of(arena, environment, SET_PORT, 0), "22");
	assert_string_equal(value_of(arena, environment, SET_STRICT, 0), "no");
	assert_string_equal(value_of(arena, bad, SET_MODE, 1), "exec");
	arena_free(arena);
}

/* ---- the file ------------------------------------------------------------------------------ */

static char path[] = "/tmp/test-settings-XXXXXX";

/* Reads such a file; the port it leaves, and how many errors. */
static const char *
port_of(struct arena *arena, const char *text, size_t len, size_t errors)
{
	struct settings settings = settings_new(arena);
	struct findings findings = findings_new(arena);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
	settings_read_file(&settings, path, true, &findings);
	assert_int_equal(findings.count[ERROR], errors);
	if (errors > 0)
		assert_false(settings_given(&settings, SET_USER));
	return settings_text(&settings, SET_PORT);
}

static void
a_file_counts_as_a_whole_or_not_at_all(void **unused)
{
	static const char *const wrong[] = { "port = 7\nuser = ann\nport = 8\n",
		"port = 7\nuser = ann\nnonsense = 1\n", "port = 7\nuser = ann\nmode = odd\n",
		"port = 7\nuser = ann\n[other]\nstrict = yes\n",
		"port = 7\nuser = ann\nwhat is this\n" };
	static const char nul[] = "port = 7\nuser = ann\n\0strict = yes\n";
	struct arena *arena = arena_new();
	/* inih would read what is behind the cut as a line of its own. */
	char *line = arena_printf(arena, "port = 7\nuser = ann\nkeys-file = %0*dstrict = yes\n",
	    INI_MAX_LINE - 1 - (int)strlen("keys-file = "), 0);

	(void)unused;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_string_equal(port_of(arena, wrong[i], strlen(wrong[i]), 1), "22");
	assert_string_equal(port_of(arena, nul, sizeof(nul) - 1, 1), "22");
	assert_string_equal(port_of(arena, line, strlen(line), 1), "22");
	/* In another section it is another's. */
	assert_string_equal(port_of(arena, "port = 7\n[user ann]\nport = 8\n", 29, 0), "7");
	arena_free(arena);
}

static void
a_missing_file_is_an_error_where_it_was_named(void **unused)
{
	struct arena *arena = arena_new();
	struct settings settings = settings_new(arena);
	struct findings findings = findings_new(arena);

	(void)unused;
	settings_read_file(&settings, "/tmp/not/there", false, &findings);
	assert_null(findings.first);
	settings_read_file(&settings, "/tmp/not/there", true, &findings);
	assert_int_equal(findings.count[ERROR], 1);
	arena_free(arena);
}

/* ---- standard error ------------------------------------------------------------------------ */

static int kept = -1;

/* From now on standard error is fd. */
static void
divert(int fd)
{
	assert_true(fd >= 0);
	kept = dup(STDERR_FILENO);
	assert_true(kept >= 0 && dup2(fd, STDERR_FILENO) >= 0);
}

static void
give_back(void)
{
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
}

/* Standard error into the file; what it got since. */
static int
file_begin(void)
{
	int fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);

	divert(fd);
	return fd;
}

static const char *
file_end(int fd)
{
	static char text[4096];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	give_back();
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	return text;
}

static void
a_private_key_in_a_wrong_place_is_not_repeated(void **unused)
{
	static const char *const words[]
	    = { "--nonsense=-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET",
		      "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n" };

	(void)unused;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		int fd = file_begin(), status = options_wrong(words[i], "there is no such option");
		const char *said = file_end(fd);

		assert_int_equal(status, EXIT_USAGE);
		assert_non_null(strstr(said, "there is no such option"));
		assert_null(strstr(said, "SECRET"));
	}
}

/* Nor is one that stands where the value of a setting belongs. */
static void
a_private_key_is_no_value(void **unused)
{
	struct arena *arena = arena_new();
	struct settings settings = settings_new(arena);
	static const enum setting shown[]
	    = { SET_USER, SET_KEYS_ENV, SET_KEYS_FILE, SET_PORT, SET_MODE };

	(void)unused;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const char *wrong = settings_set(&settings, shown[i],
		    "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n", FROM_ENVIRONMENT);

		assert_non_null(wrong);
		assert_null(strstr(wrong, "SECRET"));
		assert_false(settings_given(&settings, shown[i]));
	}
	arena_free(arena);
}

static void
a_line_of_the_log_is_one_line(void **unused)
{
	int fd = file_begin();
	const char *said;

	(void)unused;
	log_say(LOG_ERROR, "%s", "a\nsshinit: error: b\x1b[2J\x7f\xc2\x9bx\xc3\xa9");
	said = file_end(fd);
	assert_string_equal(
	    said, "sshinit: a\\x0asshinit: error: b\\x1b[2J\\x7f\\xc2\x9bx\xc3\xa9\n");
}

static void
colours_only_where_they_are_wanted(void **unused)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), fd;

	(void)unused;
	assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	divert(fd);
	unsetenv("NO_COLOR");
	bool plain = log_colour();
	setenv("NO_COLOR", "1", 1);
	bool unwanted = log_colour();
	setenv("NO_COLOR", "", 1);
	bool empty = log_colour();
	unsetenv("NO_COLOR");
	give_back();
	close(fd);
	close(terminal);
	assert_true(plain);
	assert_false(unwanted);
	assert_true(empty);
	fd = file_begin();
	bool file = log_colour();
	give_back();
	close(fd);
	assert_false(file);
}

static int
make_file(void **unused)
{
	int fd = mkstemp(path);

	(void)unused;
	return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **unused)
{
	(void)unused;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(our_own_variables_win),
		cmocka_unit_test(an_empty_variable_is_not_set),
		cmocka_unit_test(a_file_counts_as_a_whole_or_not_at_all),
		cmocka_unit_test(a_missing_file_is_an_error_where_it_was_named),
		cmocka_unit_test(a_private_key_in_a_wrong_place_is_not_repeated),
		cmocka_unit_test(a_private_key_is_no_value),
		cmocka_unit_test(a_line_of_the_log_is_one_line),
		cmocka_unit_test(colours_only_where_they_are_wanted) };

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
