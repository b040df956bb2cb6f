/* Codes that need a machine no container can be: each by the function that gives it. */
#include "sshd/backend.h"
#include "sshd/install_step.h"
#include "sshd/keyfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_install_failures(void **unused)
{
	static const struct {
		const char *output;
		enum code code;
	} cases[] = {
		{ "Err:1 http://deb.debian.org Temporary failure resolving 'deb.debian.org'",
		    CODE_INSTALL_DNS },
		{ "E: Could not connect to deb.debian.org:80, connection refused",
		    CODE_INSTALL_UNREACHABLE },
		{ "E: Unable to locate package openssh-server", CODE_INSTALL_NOT_FOUND },
		{ "E: Failed to fetch x  Hash Sum mismatch", CODE_INSTALL_HASH },
		{ "ERROR: unable to lock database: Resource temporarily unavailable",
		    CODE_INSTALL_LOCKED },
		{ "dpkg: error: cannot copy: No space left on device", CODE_INSTALL_DISK },
		{ "E: something else", CODE_INSTALL_FAILED },
	};
	struct arena *arena = arena_new();

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *detail = NULL;
		enum code code = install_diagnose(arena, cases[i].output, &detail);

		assert_string_equal(code_name(code), code_name(cases[i].code));
		assert_non_null(detail);
	}
	arena_free(arena);
}

static void
test_install_too_slow(void **unused)
{
	struct arena *arena = arena_new();
	const struct install_clock clock = install_clock(0);
	const char *const argv[] = { "sleep", "10", NULL };
	const char *const environment[] = { NULL };
	struct install_outcome outcome = { 0 };

	(void)unused;
	assert_int_equal(install_step(arena, &clock, "/bin/sleep", argv, environment, &outcome),
	    CODE_INSTALL_SLOW);
	arena_free(arena);
}

/* The unit tests' build has no sshd inside. */
static void
test_embedded_missing(void **unused)
{
	struct arena *arena = arena_new();
	struct settings settings = settings_new(arena);
	struct findings findings = findings_new(arena);

	(void)unused;
	assert_null(settings_set(&settings, SET_SSHD, "embedded", FROM_ARGUMENT));
	assert_int_equal(backend_plan(arena, &settings, NULL, &findings).kind, BACKEND_NONE);
	assert_non_null(findings.first);
	assert_int_equal(findings.first->code, CODE_EMBEDDED_MISSING);
	arena_free(arena);
}

static void
test_keys_nowhere(void **unused)
{
	struct arena *arena = arena_new();
	struct findings findings = findings_new(arena);
	struct entries entries = entries_new(arena);
	const struct account account = { .name = "ann", .home = "/nonexistent" };
	const struct state state = { .fd = -1, .path = "" };
	struct keyfile keyfile = { .account = &account, .entries = &entries, .path = "" };

	(void)unused;
	assert_int_equal(keyfile_write_to_state(&keyfile, arena, &state, &findings), -1);
	assert_int_equal(findings.last->code, CODE_KEYS_NOWHERE);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_install_failures),
		cmocka_unit_test(test_install_too_slow),
		cmocka_unit_test(test_embedded_missing),
		cmocka_unit_test(test_keys_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
