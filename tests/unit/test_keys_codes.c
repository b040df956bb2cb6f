/*
 * Every code of key text is produced by some value, with a message and a fix that fit: a code that
 * no row below produces fails the test.
 */
#include "keys/paste.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIH1UlXRI3/7t5qn1L5ZyrDMwFHMYX9F8Klp1Ex4ia9GW"
#define KEY  "ssh-ed25519 " BLOB
#define KEY2 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEKcXFSV7NazjwFjpNwSN0LRngZSgdQx0KDiWkxF9hbV"
#define R1024                                                                                            \
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDAu7tvIvX6ZHrRXuZNfkR3XLHSsuCK9Zn3X58lxBcQzuo5xZgB6vRwwm" \
	"/QtJuF+zZPtY5hsQILBLmF+BZ5WpKZp1jBeSjH2G7lxet9kbcH+kIVj0tPFEoyKI9wvWqIwC4prx/WVk2wLTJjzBAhyNx"  \
	"fEq7C9CeiX9pQEbEqJfkKCQ=="
#define R768                                                                                             \
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAYQCxO38tKAJXIs9ivPxt7AYdfybgtAR1ow3Qkb9GPQ6wkFHQqcFDe6faKC" \
	"xH6iDRteo4D8L8BxwzN42uZSB0nfmjkIxFTcEU3mFSXEbWByg78aoddMrAAjatyrhH1pON6P0="
#define RUNPOD "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILXGDN/SclOozk1xsDztpmhGiKkkrfQB9SKoO8dSIQQZ"
#define NUMBER                                                                                          \
	"153895431603677073925890314593716504948446776958334195285080325329934839226701954473292358821" \
	"5680477243564876215737423"

static const struct row {
	enum code code;
	enum verdict verdict; /* of the entry that has it; a warning: VERDICT_OK */
	const char *text;
} rows[] = {
	{ CODE_EMPTY, VERDICT_REFUSED, " \n" },
	{ CODE_PLACEHOLDER, VERDICT_REFUSED, "<your public key>" },
	{ CODE_NOT_A_KEY, VERDICT_REFUSED, "good morning" },
	{ CODE_COMMENTED_OUT, VERDICT_REFUSED, "#" KEY },
	{ CODE_FINGERPRINT, VERDICT_REFUSED,
	    "256 SHA256:IOcPasxS7Re3A+qxzHvfnMf7qeUGRGR8JYfQc1+GKJY x" },
	{ CODE_PRIVATE_KEY, VERDICT_REFUSED, "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n" },
	{ CODE_PPK, VERDICT_REFUSED, "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n" },
	{ CODE_CERTIFICATE, VERDICT_REFUSED,
	    "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDE=" },
	{ CODE_KNOWN_HOSTS_LINE, VERDICT_REFUSED, "[192.0.2.1]:2222 " KEY },
	{ CODE_ALLOWED_SIGNERS, VERDICT_REFUSED, "me@example.com " KEY },
	{ CODE_SSH1, VERDICT_REFUSED, "1024 35 " NUMBER },
	{ CODE_PEM_PUBLIC, VERDICT_REFUSED,
	    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----" },
	{ CODE_X509, VERDICT_REFUSED,
	    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" },
	{ CODE_PGP, VERDICT_REFUSED, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n" },
	{ CODE_JSON, VERDICT_REFUSED, "{\"key\": \"" KEY "\"}" },
	{ CODE_JSON, VERDICT_REPAIRED, "[\"" KEY "\"]" },
	{ CODE_HTML_PAGE, VERDICT_REFUSED, "<!DOCTYPE html>" },
	{ CODE_PATH, VERDICT_REFUSED, "~/.ssh/id_ed25519.pub" },
	{ CODE_URL, VERDICT_REFUSED, "https://github.com/me.keys" },
	{ CODE_TOKEN, VERDICT_REFUSED, "hf_abcdefghijklmnopqrstuvwxyz012345" },
	{ CODE_IMPORT_ID, VERDICT_REFUSED, "gh:me" },
	{ CODE_CONNECTION_STRING, VERDICT_REFUSED, "ssh root@192.0.2.1 -p 2222" },
	{ CODE_COMMAND, VERDICT_REFUSED, "cat ~/.ssh/id_ed25519.pub" },
	{ CODE_COMMAND_OUTPUT, VERDICT_REFUSED, "cat: x: No such file or directory" },
	{ CODE_PASSWORD, VERDICT_REFUSED, "hunter2" },
	{ CODE_INVISIBLE, VERDICT_REPAIRED, "\xe2\x80\x8b" KEY },
	{ CODE_ODD_SPACE, VERDICT_REPAIRED, "\xc2\xa0" KEY },
	{ CODE_LINE_ENDS, VERDICT_REPAIRED, KEY " a\r" KEY2 " b" },
	{ CODE_LITERAL_NEWLINE, VERDICT_REPAIRED, KEY "\\n" },
	{ CODE_QUOTED, VERDICT_REPAIRED, "\"" KEY "\"" },
	{ CODE_LIST_MARKER, VERDICT_REPAIRED, "- " KEY },
	{ CODE_ENV_ASSIGNMENT, VERDICT_REPAIRED, "PUBLIC_KEY=" KEY },
	{ CODE_NO_SPACE, VERDICT_REPAIRED, "ssh-ed25519" BLOB },
	{ CODE_WRAPPED, VERDICT_REPAIRED, "ssh-ed25519\n" BLOB },
	{ CODE_TWO_KEYS_ONE_LINE, VERDICT_REPAIRED, KEY " a " KEY2 " b" },
	{ CODE_RFC4716, VERDICT_REPAIRED,
	    "---- BEGIN SSH2 PUBLIC KEY ----\n" BLOB "\n---- END SSH2 PUBLIC KEY ----\n" },
	{ CODE_NO_TYPE, VERDICT_REFUSED, BLOB },
	{ CODE_NO_BLOB, VERDICT_REFUSED, "ssh-ed25519" },
	{ CODE_TYPE_TYPO, VERDICT_REFUSED, "shh-ed25519 " BLOB },
	{ CODE_TYPE_UNKNOWN, VERDICT_REFUSED, "ssh-foo " BLOB },
	{ CODE_TYPE_MISMATCH, VERDICT_REFUSED, "ssh-rsa " BLOB },
	{ CODE_TYPE_TWICE, VERDICT_REFUSED, "ssh-ed25519 " KEY },
	{ CODE_FIELD_ORDER, VERDICT_REFUSED, BLOB " ssh-ed25519" },
	{ CODE_EMAIL_OBFUSCATED, VERDICT_REFUSED, "sk-ssh-ed25519[email protected] " BLOB },
	{ CODE_NON_ASCII, VERDICT_REFUSED,
	    "ssh\xe2\x80\x93"
	    "ed25519 " BLOB },
	{ CODE_LABEL, VERDICT_REFUSED, "my key: " KEY },
	{ CODE_BAD_BLOB, VERDICT_REFUSED, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAA==" },
	{ CODE_TRUNCATED, VERDICT_REFUSED, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1UlXRI3" },
	{ CODE_BASE64, VERDICT_REFUSED, KEY "." },
	{ CODE_BASE64_PADDING, VERDICT_REFUSED,
	    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDAu7tvIvX6ZHrRXuZNfkR3XLHSsuCK9Zn3X58lxBcQzuo5xZgB6vRww"
	    "m/QtJuF+zZPtY5hsQILBLmF+BZ5WpKZp1jBeSjH2G7lxet9kbcH+kIVj0tPFEoyKI9wvWqIwC4prx/WVk2wLTJjzBAhyN"
	    "xfEq7C9CeiX9pQEbEqJfkKCQ" },
	{ CODE_BASE64_URLSAFE, VERDICT_REFUSED,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1UlXRI3_7t5qn1L5ZyrDMwFHMYX9F8Klp1Ex4ia9GW" },
	{ CODE_PLUS_TO_SPACE, VERDICT_REFUSED,
	    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDAu7tvIvX6ZHrRXuZNfkR3XLHSsuCK9Zn3X58lxBcQzuo5xZgB6vRww"
	    "m/QtJuF zZPtY5hsQILBLmF BZ5WpKZp1jBeSjH2G7lxet9kbcH kIVj0tPFEoyKI9wvWqIwC4prx/WVk2wLTJjzBAhyN"
	    "xfEq7C9CeiX9pQEbEqJfkKCQ==" },
	{ CODE_BASE64_OF_LINE, VERDICT_REFUSED,
	    "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUgxVWxYUkkzLzd0NXFuMUw1WnlyRE13RkhNWVg5RjhLb"
	    "HAxRXg0aWE5R1cK" },
	{ CODE_HTML_ENTITIES, VERDICT_REFUSED, "&quot;" KEY "&quot;" },
	{ CODE_HTML_TAGS, VERDICT_REFUSED, "<p>" KEY "</p>" },
	{ CODE_PERCENT_ENCODED, VERDICT_REFUSED, "ssh-ed25519%20" BLOB },
	{ CODE_QUOTED_PRINTABLE, VERDICT_REFUSED,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1UlXRI3/7t5qn=\n1L5ZyrDMwFHMYX9F8Klp1Ex4ia9GW" },
	{ CODE_JSON_ESCAPES, VERDICT_REFUSED,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1UlXRI3\\/7t5qn1L5ZyrDMwFHMYX9F8Klp1Ex4ia9GW" },
	{ CODE_SHELL_ESCAPE, VERDICT_REFUSED, "ssh-ed25519\\ " BLOB },
	{ CODE_RSA_TOO_SHORT, VERDICT_REFUSED, R768 },
	{ CODE_OPTION_UNKNOWN, VERDICT_REFUSED, "no-ptty " KEY },
	{ CODE_OPTION_QUOTE, VERDICT_REFUSED, "command=ls " KEY },
	{ CODE_OPTION_SPACE, VERDICT_REFUSED, "no-pty, no-user-rc " KEY },
	{ CODE_OPTION_VALUE, VERDICT_REFUSED, "command " KEY },
	{ CODE_OPTION_DUPLICATE, VERDICT_REFUSED, "from=\"a\",from=\"b\" " KEY },
	{ CODE_OPTION_FROM, VERDICT_REFUSED, "from=\"10.0.0.1/8\" " KEY },
	{ CODE_OPTION_EXPIRY, VERDICT_REFUSED, "expiry-time=\"soon\" " KEY },
	{ CODE_OPTION_EXPIRED, VERDICT_REFUSED, "expiry-time=\"20200101\" " KEY },
	{ CODE_OPTION_PERMIT, VERDICT_REFUSED, "permitopen=\"host\" " KEY },
	{ CODE_OPTION_TUNNEL, VERDICT_REFUSED, "tunnel=\"x\" " KEY },
	{ CODE_PRINCIPALS_NON_CA, VERDICT_REFUSED, "principals=\"me\" " KEY },
	{ CODE_WEAK_RSA, VERDICT_OK, R1024 },
	{ CODE_DUPLICATE, VERDICT_OK, KEY "\n" KEY " again" },
	{ CODE_OPTION_EMPTY, VERDICT_OK, ",no-pty " KEY },
	{ CODE_JUNK_LINE, VERDICT_OK, "hello there\n" KEY },
	{ CODE_EXPIRES_SOON, VERDICT_OK, "expiry-time=\"20251125Z\" " KEY },
	{ CODE_FORCED_COMMAND, VERDICT_OK, "command=\"ls\" " KEY },
	{ CODE_EXAMPLE_KEY, VERDICT_OK, RUNPOD },
};

/* Too long for a row, or made below: the vectors have them. */
static const enum code elsewhere[]
    = { CODE_UTF16, CODE_ALGORITHM_NOT_ENABLED, CODE_TYPE_ODD, CODE_LONG_LINE, CODE_DSA };

static struct entries
paste(struct arena *arena, struct span text)
{
	struct entries entries = entries_new(arena);
	struct paste_rules rules = { .repair = true, .now = 1763620000 };

	paste_read(&entries, "PUBLIC_KEY", text, &rules);
	return entries;
}

static bool
has(const struct entries *entries, enum code code, enum verdict verdict)
{
	for (const struct entry *entry = entries->first; entry != NULL; entry = entry->next) {
		if (entry->code == code && entry->verdict == verdict)
			return true;
		for (const struct finding *f = entry->warnings.first; f != NULL; f = f->next)
			if (f->code == code && verdict == VERDICT_OK)
				return true;
	}
	return false;
}

static void
each_code_is_produced(void **state)
{
	bool seen[CODE_COUNT] = { false };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct entries entries = paste(arena, span_of(rows[i].text));

		if (!has(&entries, rows[i].code, rows[i].verdict))
			fail_msg("%s from %s: got %s", code_name(rows[i].code), rows[i].text,
			    code_name(entries.first->code));
		seen[rows[i].code] = true;
	}
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
		seen[elsewhere[i]] = true;
	for (int code = CODE_EMPTY; code <= CODE_EXAMPLE_KEY; code++)
		if (!seen[code])
			fail_msg("no test produces %s", code_name((enum code)code));
	arena_free(arena);
}

static void
utf16_is_read(void **state)
{
	struct arena *arena = arena_new();
	char wide[512];
	size_t n = 0;
	struct entries entries;

	(void)state;
	for (const char *p = KEY " me\r\n"; *p != '\0'; p++) {
		wide[n++] = *p;
		wide[n++] = '\0';
	}
	entries = paste(arena, (struct span){ wide, n });
	assert_true(has(&entries, CODE_UTF16, VERDICT_REPAIRED));
	assert_string_equal(entries.first->comment, "me");
	arena_free(arena);
}

static void
nothing_secret_is_said(void **state)
{
	struct arena *arena = arena_new();
	static const char *const texts[] = { "-----BEGIN RSA PRIVATE KEY-----\nSECRETSECRET\n",
		"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nSECRETSECRET\n",
		"Private-Lines: 1\nSECRETSECRET\n", "hf_SECRETabcdefgh0123456789ABCDEFGH",
		"sk-ant-SECRETabcdefgh0123456789", "HF_TOKEN=hf_SECRETabcdefgh0123456789ABCDEFGH",
		"Authorization: Bearer SECRETabcdefgh0123456789", "SECRET&dor3",
		"password: trSECRETb4dor", "root:SECRET1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct entries entries = paste(arena, span_of(texts[i]));

		assert_int_equal(entries.count[VERDICT_OK] + entries.count[VERDICT_REPAIRED], 0);
		for (const struct entry *entry = entries.first; entry != NULL; entry = entry->next)
			if (strstr(entry->message, "SECRET") != NULL
			    || strstr(entry->fix, "SECRET") != NULL
			    || strstr(entry->comment, "SECRET") != NULL
			    || strstr(entry->type, "SECRET") != NULL)
				fail_msg("%s: it is shown: %s", texts[i], entry->message);
	}
	arena_free(arena);
}

/* Lines are counted as an editor counts them, through armour and wraps. */
static void
lines_are_counted(void **state)
{
	struct arena *arena = arena_new();
	struct entries entries
	    = paste(arena, span_of("# mine\n\nnonsense here\n---- BEGIN SSH2 PUBLIC KEY ----\n" BLOB
	                           "\n---- END SSH2 PUBLIC KEY ----\n" KEY2 " x\n"));
	const struct entry *entry = entries.first;

	(void)state;
	assert_int_equal(entry->line, 3);
	assert_int_equal(entry->next->line, 4);
	assert_int_equal(entry->next->next->line, 7);
	arena_free(arena);
}

/* A key does not lose the options that belong to it. */
static void
options_stay_with_their_key(void **state)
{
	struct arena *arena = arena_new();
	struct entries entries = paste(arena, span_of("restrict\n" KEY "\n"));

	(void)state;
	assert_string_equal(entries.first->key->options, "restrict");
	entries = paste(arena, span_of(KEY " me restrict,pty " KEY2 " you"));
	assert_string_equal(entries.first->next->key->options, "restrict,pty");
	assert_string_equal(entries.first->key->comment, "me");
	entries = paste(arena, span_of("K=\"from=\\\"192.0.2.1\\\" " KEY "\""));
	for (const struct entry *entry = entries.first; entry != NULL; entry = entry->next)
		assert_true(entry->key == NULL || *entry->key->options != '\0');
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[]
	    = { cmocka_unit_test(each_code_is_produced), cmocka_unit_test(utf16_is_read),
		      cmocka_unit_test(nothing_secret_is_said), cmocka_unit_test(lines_are_counted),
		      cmocka_unit_test(options_stay_with_their_key) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
