/*
 * The laptop's side: each way in which a private key is not what ssh wants, with files as
 * ssh-keygen makes them.
 */
#include "keys/identity.h"
#include "keys/paste.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test-identity-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int
remove_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") != 0 || system(command) != 0;
}

static void
run(const char *command)
{
	if (system(command) != 0) {
		print_message("skipped: no ssh-keygen here\n");
		skip();
	}
}

struct answer {
	struct arena *arena;
	struct findings findings;
	struct identity identity;
};

static struct answer
ask(const char *path, const char *authorized)
{
	struct answer answer = { .arena = arena_new() };
	struct entries entries = entries_new(answer.arena);
	struct paste_rules rules = { .repair = true, .now = 1763620000 };
	struct identity_question question = {
		.path = path, .home = folder, .ssh_keygen = "/usr/bin/ssh-keygen", .now = 1763620000
	};

	answer.findings = findings_new(answer.arena);
	if (authorized != NULL) {
		paste_read(&entries, "authorized", span_of(authorized), &rules);
		question.authorized = &entries;
	}
	answer.identity = identity_check(answer.arena, &answer.findings, &question);
	return answer;
}

/* Asks and wants this code first; CODE_NONE: nothing to report. */
static void
want(const char *path, const char *authorized, enum code code, const char *fix)
{
	struct answer answer = ask(path, authorized);
	const struct finding *first = answer.findings.first;

	if (code == CODE_NONE) {
		if (first != NULL)
			fail_msg("%s: %s", path, first->message);
		assert_true(answer.identity.usable);
	} else {
		assert_non_null(first);
		assert_string_equal(code_name(first->code), code_name(code));
		if (fix != NULL)
			assert_string_equal(first->fix, fix);
	}
	arena_free(answer.arena);
}

static void
good_keys_are_read(void **state)
{
	(void)state;
	run("ssh-keygen -q -t ed25519 -N '' -C me@laptop -f plain && "
	    "ssh-keygen -q -t ecdsa -N secret -f locked && "
	    "ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f pem && "
	    "ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N '' -f pkcs8");
	want("plain", NULL, CODE_NONE, NULL);
	want("locked", NULL, CODE_NONE, NULL);
	want("pem", NULL, CODE_NONE, NULL);
	want("pkcs8", NULL, CODE_NONE, NULL);
	want("~/plain", NULL, CODE_NONE, NULL);
}

/* Fingerprints as ssh-keygen prints them, even of a key whose passphrase nobody gave. */
static void
fingerprints_are_right(void **state)
{
	static const char *const names[] = { "f1", "f2", "f3" };

	(void)state;
	run("ssh-keygen -q -t ed25519 -N secret -C 'a b' -f f1 && "
	    "ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f f2 && "
	    "ssh-keygen -q -t ecdsa -b 521 -N '' -f f3");
	for (size_t i = 0; i < 3; i++) {
		struct answer answer = ask(names[i], NULL);
		char command[64], line[256];
		FILE *pipe;

		snprintf(command, sizeof(command), "ssh-keygen -lf %s.pub", names[i]);
		pipe = popen(command, "r");
		assert_non_null(fgets(line, sizeof(line), pipe));
		pclose(pipe);
		line[strcspn(line, "\n")] = '\0';
		assert_string_equal(
		    identity_listing(answer.arena, answer.identity.bits,
		        answer.identity.fingerprint, answer.identity.comment, answer.identity.type),
		    line);
		arena_free(answer.arena);
	}
}

static void
wrong_files_are_named(void **state)
{
	(void)state;
	run("ssh-keygen -q -t ed25519 -N '' -f k && mkdir d && : > empty && echo hello > text && "
	    "printf 'PuTTY-User-Key-File-3: ssh-ed25519\\nEncryption: none\\n' > k.ppk && "
	    "head -c 120 k > cut && chmod 600 cut");
	want("missing", NULL, CODE_IDENTITY_MISSING, NULL);
	want("d", NULL, CODE_IDENTITY_DIRECTORY, NULL);
	want("k.pub", NULL, CODE_IDENTITY_PUBLIC, "give the file without .pub: k");
	want("k.ppk", NULL, CODE_IDENTITY_PPK,
	    "puttygen k.ppk -O private-openssh -o k.ppk.openssh, or in PuTTYgen: Conversions, Export "
	    "OpenSSH key; then give the new file");
	want("empty", NULL, CODE_IDENTITY_NO_KEY, NULL);
	want("text", NULL, CODE_IDENTITY_NO_KEY, NULL);
	want("cut", NULL, CODE_IDENTITY_DAMAGED, NULL);
	want("C:\\Users\\me\\.ssh\\id_ed25519", NULL, CODE_IDENTITY_WINDOWS_PATH, NULL);
	want("C:Usersme.sshid_ed25519", NULL, CODE_IDENTITY_WINDOWS_PATH, NULL);
	want("%USERPROFILE%\\.ssh\\id_ed25519", NULL, CODE_IDENTITY_WINDOWS_PATH, NULL);
	want("\\\\wsl$\\Debian\\root\\.ssh\\id", NULL, CODE_IDENTITY_WINDOWS_PATH, NULL);
}

/* A key that was copied through a web page, a Windows editor or a secret store: ssh says "error in
 * libcrypto" or "invalid format", so it is not called good, and what the fix says mends it. */
static void
what_ssh_does_not_read_is_not_good(void **state)
{
	static const struct {
		const char *make;
		bool mended;
	} cases[] = { { "sed 's/$/\r/' k1", true }, { "head -c -1 k1", true },
		{ "sed 's/$/\r/' k1 | head -c -2", true },
		{ "printf '\357\273\277'; cat k1", true }, { "sed 's/^/    /' k1", true },
		{ "sed 's/$/  /' k1", true }, { "echo; cat k1", false },
		{ "tr -d '\n' <k1", false }, { "sed '$d' k1", false },
		{ "sed '4s/[A-Z]/a/g' k1", false } };

	(void)state;
	run("ssh-keygen -q -t ed25519 -N '' -f k1 && chmod 600 k1");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char command[200];
		struct answer answer;

		snprintf(
		    command, sizeof(command), "{ %s; } >'o d' && chmod 600 'o d'", cases[i].make);
		run(command);
		assert_int_not_equal(system("ssh-keygen -y -P '' -f 'o d' >/dev/null 2>&1"), 0);
		answer = ask("o d", NULL);
		if (answer.findings.first == NULL)
			fail_msg("%s: called good", cases[i].make);
		assert_int_equal(answer.findings.first->code, CODE_IDENTITY_DAMAGED);
		assert_false(answer.identity.usable);
		if (cases[i].mended) {
			run(answer.findings.first->fix);
			run("ssh-keygen -y -P '' -f 'o d' >/dev/null");
			want("o d", NULL, CODE_NONE, NULL);
		}
		arena_free(answer.arena);
	}
	/* What ssh reads all the same. */
	run("{ cat k1; echo; cat k1.pub; } >'o d'");
	want("o d", NULL, CODE_NONE, NULL);
	run("sed '2,4s/$/\r/' k1 >'o d'");
	want("o d", NULL, CODE_NONE, NULL);
}

/* A path with a blank, a quote or a dash in front stands in the fix as a shell needs it. */
static void
fixes_can_be_pasted(void **state)
{
	(void)state;
	run("ssh-keygen -q -t ed25519 -N '' -f other && "
	    "ssh-keygen -q -t ed25519 -N '' -f \"it's a key\" && chmod 644 \"it's a key\"");
	want("it's a key", NULL, CODE_IDENTITY_MODES, "chmod 600 'it'\\''s a key'");
	run("chmod 600 'it'\\''s a key' && cp other.pub \"it's a key.pub\"");
	want("it's a key", NULL, CODE_IDENTITY_MISMATCH,
	    "ssh-keygen -y -f 'it'\\''s a key' > 'it'\\''s a key.pub'");
	run("cp -- other ./-k && chmod 644 ./-k");
	want("-k", NULL, CODE_IDENTITY_MODES, "chmod 600 ./-k");
	run("chmod 600 ./-k && echo garbage > ./-k.pub");
	want("-k", NULL, CODE_IDENTITY_PUB_FILE, "ssh-keygen -y -f ./-k > ./-k.pub");
}

static void
modes_are_those_of_ssh(void **state)
{
	(void)state;
	run("ssh-keygen -q -t ed25519 -N '' -f m");
	chmod("m", 0644);
	want("m", NULL, CODE_IDENTITY_MODES, "chmod 600 m");
	chmod("m", 0640);
	want("m", NULL, CODE_IDENTITY_MODES, "chmod 600 m");
	chmod("m", 0400);
	want("m", NULL, CODE_NONE, NULL);
}

static void
pub_of_another_pair_is_found(void **state)
{
	(void)state;
	run("ssh-keygen -q -t ed25519 -N '' -f a && ssh-keygen -q -t ed25519 -N secret -f b && "
	    "cp a.pub b.pub");
	want("b", NULL, CODE_IDENTITY_MISMATCH, "ssh-keygen -y -f b > b.pub");
	run("echo nonsense > a.pub");
	want("a", NULL, CODE_IDENTITY_PUB_FILE, NULL);
}

static void
hidden_halves_are_told(void **state)
{
	struct answer answer;

	(void)state;
	run("ssh-keygen -q -t rsa -b 2048 -m PEM -N secret -f h && cp h h2 && chmod 600 h2");
	answer = ask("h", NULL);
	assert_int_equal(answer.findings.first->severity, NOTE);
	assert_int_equal(answer.findings.first->code, CODE_IDENTITY_HIDDEN);
	assert_true(answer.identity.encrypted);
	assert_string_not_equal(answer.identity.fingerprint, "");
	arena_free(answer.arena);
	answer = ask("h2", NULL);
	assert_string_equal(answer.identity.fingerprint, "");
	assert_true(answer.identity.usable);
	arena_free(answer.arena);
}

static void
authorized_keys_are_compared(void **state)
{
	char line[1000], other[1000];
	FILE *file;
	struct answer answer;

	(void)state;
	run("ssh-keygen -q -t ed25519 -N '' -C mine -f p && ssh-keygen -q -t ed25519 -N '' -C theirs -f q");
	file = fopen("p.pub", "r");
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	file = fopen("q.pub", "r");
	assert_non_null(fgets(other, sizeof(other), file));
	fclose(file);
	answer = ask("p", line);
	assert_true(answer.identity.authorized);
	assert_null(answer.findings.first);
	arena_free(answer.arena);
	line[strcspn(line, "\n")] = '\0';
	want("p", other, CODE_IDENTITY_NOT_AUTHORIZED, line);
	want("p", "", CODE_IDENTITY_NOT_AUTHORIZED, line);
	answer = ask("p", other);
	assert_non_null(strstr(answer.findings.first->message, "theirs (ED25519)"));
	arena_free(answer.arena);
}

static void
unreadable_is_no_secret(void **state)
{
	(void)state;
	if (getuid() == 0) {
		print_message("skipped: root may read every file\n");
		skip();
	}
	run("ssh-keygen -q -t ed25519 -N '' -f u && chmod 0 u");
	want("u", NULL, CODE_IDENTITY_UNREADABLE, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(good_keys_are_read),
		cmocka_unit_test(fingerprints_are_right), cmocka_unit_test(wrong_files_are_named),
		cmocka_unit_test(what_ssh_does_not_read_is_not_good),
		cmocka_unit_test(fixes_can_be_pasted), cmocka_unit_test(modes_are_those_of_ssh),
		cmocka_unit_test(pub_of_another_pair_is_found),
		cmocka_unit_test(hidden_halves_are_told),
		cmocka_unit_test(authorized_keys_are_compared),
		cmocka_unit_test(unreadable_is_no_secret) };

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
