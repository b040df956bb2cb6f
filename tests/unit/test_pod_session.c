/* pod/session_env, pod/profile, sshd/config: what a session gets, and how an sshd is told. */
#include "base/buf.h"
#include "pod/profile.h"
#include "pod/session_env.h"
#include "sshd/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- which variables ----------------------------------------------------------------------- */

static bool
has(const char *const *variables, const char *name)
{
	size_t len = strlen(name);

	for (; *variables != NULL; variables++)
		if (strncmp(*variables, name, len) == 0 && (*variables)[len] == '=')
			return true;
	return false;
}

static void
test_names(void **unused)
{
	/* session-env, a variable, whether a session gets it */
	static const struct {
		const char *setting, *name;
		bool wanted;
	} rows[] = {
		{ "yes", "PATH", true },
		{ "yes", "CUDA_HOME", true },
		{ "yes", "BASH_FUNC_x%%", true },
		{ "yes", "HOME", false },
		{ "yes", "USER", false },
		{ "yes", "LOGNAME", false },
		{ "yes", "SHELL", false },
		{ "yes", "PWD", false },
		{ "yes", "OLDPWD", false },
		{ "yes", "SHLVL", false },
		{ "yes", "TERM", false },
		{ "yes", "_", false },
		{ "yes", "SSH_AUTH_SOCK", false },
		{ "yes", "SSHINIT_PORT", false },
		{ "yes", "PUBLIC_KEY", false },
		{ "yes", "AUTHORIZED_KEYS", false },
		{ "yes", "PUBLIC_KEY_URL", false },
		{ "yes", "HOMEPAGE", true },
		{ "no", "CUDA_HOME", false },
		{ "-*_TOKEN", "HF_TOKEN", false },
		{ "-*_TOKEN", "HF_TOKENS", true },
		{ "HF_*,-*_TOKEN", "HF_TOKEN", false },
		{ "HF_*,-*_TOKEN", "HF_HOME", true },
		{ "HF_*,-*_TOKEN", "OTHER", false },
		{ "-*,HF_HOME", "HF_HOME", true },
		{ "*", "HOME", false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct settings settings = settings_new(arena);
		char *environment[] = { arena_printf(arena, "%s=x", rows[i].name), NULL };
		const char **variables;

		assert_null(
		    settings_set(&settings, SET_SESSION_ENV, rows[i].setting, FROM_ENVIRONMENT));
		variables
		    = session_env_plan(arena, &settings, "root", environment, "/run/sshinit/bin");
		if (has(variables, rows[i].name) != rows[i].wanted)
			fail_msg("%s: %s", rows[i].setting, rows[i].name);
		arena_free(arena);
	}
}

/* A user's section names sources of its own: whose keys a variable holds makes no difference. */
static void
test_key_variables_of_sections(void **unused)
{
	struct user_section alice = { .name = "alice", .value[SET_KEYS_ENV] = "ALICE_KEYS" };
	struct user_section bob = {
		.name = "bob", .value[SET_KEYS_FILE] = "/bob", .value[SET_SESSION_ENV] = "-CUDA_*"
	};
	static const char *const users[] = { "root", "alice", "bob" };

	(void)unused;
	alice.next = &bob;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		struct arena *arena = arena_new();
		struct settings settings = settings_new(arena);
		char *environment[] = { (char[]){ "PUBLIC_KEY=x" }, (char[]){ "ALICE_KEYS=x" },
			(char[]){ "CUDA_HOME=x" }, NULL };
		const char **variables;

		settings.users = &alice;
		variables = session_env_plan(arena, &settings, users[i], environment, "");
		assert_false(has(variables, "PUBLIC_KEY"));
		assert_false(has(variables, "ALICE_KEYS"));
		assert_int_equal(has(variables, "CUDA_HOME"), i < 2);
		arena_free(arena);
	}
}

static void
test_path(void **unused)
{
	struct arena *arena = arena_new();
	struct settings settings = settings_new(arena);
	char *given[] = { (char[]){ "A=1" }, (char[]){ "PATH=/opt/bin:/bin" }, NULL };
	char *none[] = { NULL }, *empty[] = { (char[]){ "PATH=" }, (char[]){ "A=1" }, NULL };
	const char **variables = session_env_plan(arena, &settings, "root", given, "/x/bin");

	(void)unused;
	assert_string_equal(variables[0], "SSHINIT_PATH=/opt/bin:/bin:/x/bin");
	assert_string_equal(variables[1], "A=1");
	assert_string_equal(variables[2], "PATH=/opt/bin:/bin:/x/bin");
	assert_null(variables[3]);
	variables = session_env_plan(arena, &settings, "root", none, "/x/bin");
	assert_true(has(variables, "PATH") && has(variables, "SSHINIT_PATH"));
	variables = session_env_plan(arena, &settings, "root", empty, "/x/bin");
	assert_memory_equal(variables[1], "PATH=/", strlen("PATH=/"));
	assert_string_equal(variables[2], "A=1");
	assert_null(variables[3]);
	arena_free(arena);
}

static void
test_common(void **unused)
{
	const char *variables[] = { "A=1", "SECRET=1", "B=2", NULL };
	const char *const others[] = { "B=2", "A=1", NULL };

	(void)unused;
	session_env_common(variables, others);
	assert_string_equal(variables[0], "A=1");
	assert_string_equal(variables[1], "B=2");
	assert_null(variables[2]);
}

/* ---- the line for the image's sshd --------------------------------------------------------- */

static void
test_set_env(void **unused)
{
	/* version, variable, what stands in the line; NULL: it is lost, and named */
	static const struct {
		int major, minor;
		const char *variable, *word;
	} rows[] = {
		{ 9, 2, "A=b c", "\"A=b c\"" },
		{ 9, 2, "A=", "\"A=\"" },
		{ 9, 2, "A=\"q\"", "\"A=\\\"q\\\"\"" },
		{ 9, 2, "A=b\\", "\"A=b\\\\\"" },
		{ 9, 2, "A=# $x `y` 'z'", "\"A=# $x `y` 'z'\"" },
		{ 9, 2, "A=a\nPermitRootLogin yes", NULL },
		{ 9, 2, "A=a\rb", NULL },
		{ 9, 2, "BASH_FUNC_f%%=() { :; }", NULL },
		{ 9, 2, "1A=x", NULL },
		{ 9, 2, "a-b=x", NULL },
		{ 8, 4, "A=b\\", "\"A=b\\\"" },
		{ 8, 4, "A=\"q\"", NULL },
		{ 8, 7, "A=\"q\"", "\"A=\\\"q\\\"\"" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct findings findings = findings_new(arena);
		const char *const variables[] = { rows[i].variable, NULL };
		struct config config
		    = { .major = rows[i].major, .minor = rows[i].minor, .variables = variables };
		const char *text = config_text(arena, &config, &findings).data;
		const char *line = strstr(text, "\nSetEnv ");

		if (rows[i].word == NULL) {
			assert_null(line);
			assert_int_equal(findings.count[WARNING], 1);
			assert_int_equal(findings.first->code, CODE_SESSION_ENV_LOST);
			assert_null(strstr(text, "PermitRootLogin yes"));
		} else {
			assert_non_null(line);
			line += strlen("\nSetEnv ");
			assert_int_equal(strcspn(line, "\n"), strlen(rows[i].word));
			assert_memory_equal(line, rows[i].word, strlen(rows[i].word));
			assert_null(findings.first);
		}
		arena_free(arena);
	}
}

static void
test_set_env_has_an_end(void **unused)
{
	struct arena *arena = arena_new();
	struct findings findings = findings_new(arena);
	const char **variables = arena_alloc(arena, 1001, sizeof(*variables));
	struct config config = { .major = 10, .variables = variables };
	const char *text;

	(void)unused;
	for (int i = 0; i < 1000; i++)
		variables[i] = arena_printf(arena, "V%d=x", i);
	text = config_text(arena, &config, &findings).data;
	assert_non_null(strstr(text, "\"V949=x\""));
	assert_null(strstr(text, "\"V950=x\""));
	assert_int_equal(findings.count[WARNING], 1);
	arena_free(arena);
}

/* ---- /etc/profile.d ------------------------------------------------------------------------ */

static char etc[64];

static void
write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", etc, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct profile
look(struct findings *findings)
{
	*findings = findings_new(findings->arena);
	return profile_plan(findings->arena, etc, findings);
}

static void
test_profile(void **unused)
{
	struct arena *arena = arena_new();
	struct findings findings = findings_new(arena);
	struct profile profile;
	char path[128];

	(void)unused;
	strcpy(etc, "/tmp/sshinit-etc-XXXXXX");
	assert_non_null(mkdtemp(etc));
	/* No profile, or one that leaves PATH alone: nothing to do. */
	assert_false(look(&findings).missing);
	write_file("profile", "umask 022\n");
	assert_false(look(&findings).missing);
	/* One that resets it and reads no directory: nothing can be done, and it is said. */
	write_file("profile", "PATH=/bin\n");
	assert_false(look(&findings).missing);
	assert_int_equal(findings.count[NOTE], 1);
	assert_int_equal(findings.first->code, CODE_PATH_RESET);
	/* One that reads it: written, in a directory that is made where it is missing. */
	write_file("profile", "PATH=/bin\nfor i in /etc/profile.d/*.sh; do . $i; done\n");
	profile = look(&findings);
	assert_true(profile.missing);
	profile_apply(&profile, etc, &findings);
	assert_null(findings.first);
	snprintf(path, sizeof(path), "%s/profile.d/sshinit.sh", etc);
	assert_int_equal(access(path, R_OK), 0);
	/* The same bytes: untouched. Other bytes: written again. */
	assert_false(look(&findings).missing);
	write_file("profile.d/sshinit.sh", "PATH=/changed\n");
	assert_true(look(&findings).missing);
	arena_free(arena);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/profile.d", etc);
	(void)rmdir(path);
	snprintf(path, sizeof(path), "%s/profile", etc);
	(void)unlink(path);
	(void)rmdir(etc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_key_variables_of_sections),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_set_env),
		cmocka_unit_test(test_set_env_has_an_end),
		cmocka_unit_test(test_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
