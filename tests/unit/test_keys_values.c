/*
 * Values in the style of the vectors that no vector holds: what the value as a whole is judged to
 * be, how many keys it leaves, and that a line to paste is right when it is pasted.
 */
#include "keys/key.h"
#include "keys/paste.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIH1UlXRI3/7t5qn1L5ZyrDMwFHMYX9F8Klp1Ex4ia9GW"
#define KEY  "ssh-ed25519 " BLOB " me@laptop"
#define KEY2 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEKcXFSV7NazjwFjpNwSN0LRngZSgdQx0KDiWkxF9hbV you"
#define RSA                                                                                              \
	"AAAAB3NzaC1yc2EAAAADAQABAAAAgQDAu7tvIvX6ZHrRXuZNfkR3XLHSsuCK9Zn3X58lxBcQzuo5xZgB6vRwwm/QtJuF+z" \
	"ZPtY5hsQILBLmF+BZ5WpKZp1jBeSjH2G7lxet9kbcH+kIVj0tPFEoyKI9wvWqIwC4prx/WVk2wLTJjzBAhyNxfEq7C9Cei" \
	"X9pQEbEqJfkKCQ=="
#define LINE64                                                                                          \
	"c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUgxVWxYUkkzLzd0NXFuMUw1WnlyRE13RkhNWVg5RjhLb" \
	"HAxRXg0aWE5R1cK"
/* the same once more in base64 */
#define LINE64_64                                                                                        \
	"YzNOb0xXVmtNalUxTVRrZ1FVRkJRVU16VG5waFF6RnNXa1JKTVU1VVJUVkJRVUZCU1VneFZXeFlVa2t6THpkME5YRnVNVX" \
	"cxV25seVJFMTNSa2hOV1ZnNVJqaExiSEF4UlhnMGFXRTVSMWNL"
#define SSH2 "---- BEGIN SSH2 PUBLIC KEY ----"
#define END2 "---- END SSH2 PUBLIC KEY ----"
#define TAIL "IrAyGjM76zKDI9AhrFsqAAAACmFubkBsYXB0b3ABAgM="

static const struct row {
	const char *text;
	enum verdict verdict;
	enum code code;
	size_t keys;
} rows[] = {
	/* words in front, and no blank between them and the type */
	{ "ssh_key: \"" KEY "\"", VERDICT_REFUSED, CODE_LABEL, 0 },
	{ "PUBLIC_KEY: '" KEY "'", VERDICT_REFUSED, CODE_LABEL, 0 },
	{ "me:" KEY, VERDICT_REFUSED, CODE_LABEL, 0 },
	{ "me," KEY, VERDICT_REFUSED, CODE_LABEL, 0 },
	{ "\"me\",\"" KEY "\"", VERDICT_REFUSED, CODE_LABEL, 0 },
	{ "/root/.ssh/authorized_keys:" KEY, VERDICT_REFUSED, CODE_LABEL, 0 },
	{ "| me | " KEY " |", VERDICT_REFUSED, CODE_LABEL, 0 },
	{ "String key = \"" KEY "\";", VERDICT_REFUSED, CODE_LABEL, 0 },
	{ "{\"key\":\"" KEY "\"", VERDICT_REFUSED, CODE_JSON, 0 },
	{ "ssh_key: |\n  " KEY "\n", VERDICT_REFUSED, CODE_LABEL, 1 },
	{ "command=\"ls\"," KEY, VERDICT_REFUSED, CODE_NO_TYPE, 0 },
	{ "2024-01-02T10:00:00Z INFO " KEY, VERDICT_REFUSED, CODE_OPTION_UNKNOWN, 0 },
	/* types */
	{ "ssh-rsa4096 " RSA, VERDICT_REFUSED, CODE_TYPE_TYPO, 0 },
	{ "ssh-rsa-2048 " RSA, VERDICT_REFUSED, CODE_TYPE_TYPO, 0 },
	{ "id_rsa.pub " RSA, VERDICT_REFUSED, CODE_TYPE_TYPO, 0 },
	{ "ssh-ed25519 me@example.com", VERDICT_REFUSED, CODE_NO_BLOB, 0 },
	{ "ssh-rsa {{ key }}", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "ssh-rsa AAAAB3... you\n" KEY, VERDICT_REFUSED, CODE_PLACEHOLDER, 1 },
	/* encodings */
	{ "<key>" KEY "</key>", VERDICT_REFUSED, CODE_HTML_TAGS, 0 },
	{ "<ns:ssh-key id=\"1\">" KEY "</ns:ssh-key>", VERDICT_REFUSED, CODE_HTML_TAGS, 0 },
	{ "PUBLIC_KEY=" LINE64, VERDICT_REFUSED, CODE_BASE64_OF_LINE, 0 },
	{ LINE64_64, VERDICT_REFUSED, CODE_BASE64_OF_LINE, 0 },
	{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1UlXRI3%AEt5qn1L5ZyrDMwFHMYX9F8Klp1Ex4ia9GW",
	    VERDICT_REFUSED, CODE_BASE64, 0 },
	{ "Add-Content $HOME\\.ssh\\authorized_keys \"" KEY "\"", VERDICT_REFUSED, CODE_COMMAND,
	    0 },
	/* several layers */
	{ "set \"PUBLIC_KEY=" KEY "\"", VERDICT_REPAIRED, CODE_ENV_ASSIGNMENT, 1 },
	{ "PUBLIC_KEY=[\"" KEY "\", \"" KEY2 "\"]", VERDICT_REPAIRED, CODE_ENV_ASSIGNMENT, 2 },
	{ "'[\"" KEY "\", \"" KEY2 "\"]'", VERDICT_REPAIRED, CODE_QUOTED, 2 },
	{ "keys = [\n  \"" KEY "\",\n  \"" KEY2 "\",\n]\n", VERDICT_REPAIRED, CODE_ENV_ASSIGNMENT,
	    2 },
	{ "ssh-ed25519 " BLOB "::" KEY2, VERDICT_REPAIRED, CODE_TWO_KEYS_ONE_LINE, 2 },
	{ "cat <<EOF >> ~/.ssh/authorized_keys\n" KEY "\nEOF\n", VERDICT_REFUSED, CODE_COMMAND, 1 },
	{ "public_key = <<-EOT\n" KEY "\nEOT\n", VERDICT_REPAIRED, CODE_ENV_ASSIGNMENT, 1 },
	{ "<<'EOF'\n" KEY "\nEOF", VERDICT_REPAIRED, CODE_QUOTED, 1 },
	/* containers */
	{ SSH2 " Comment: \"me, at home\" " BLOB " " END2, VERDICT_REPAIRED, CODE_RFC4716, 1 },
	{ SSH2 "\nAAAAC3NzaC1lZDI1NTE5AAAAIH1UlXRI\n" END2, VERDICT_REFUSED, CODE_TRUNCATED, 0 },
	{ TAIL "\n-----END OPENSSH PRIVATE KEY-----\n" KEY, VERDICT_REFUSED, CODE_PRIVATE_KEY, 1 },
	{ "-----END RSA PRIVATE KEY-----\n", VERDICT_REFUSED, CODE_PRIVATE_KEY, 0 },
	{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" TAIL "\n" KEY,
	    VERDICT_REFUSED, CODE_PRIVATE_KEY, 1 },
	{ "Encryption: none\nPrivate-Lines: 1\n" TAIL "\nPrivate-MAC: 1d6c\n", VERDICT_REFUSED,
	    CODE_PPK, 0 },
	{ "PrivateKey = " TAIL, VERDICT_REFUSED, CODE_PRIVATE_KEY, 0 },
	/* things that are no key, with something around them */
	{ "key: null", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "'${PUBLIC_KEY}'", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "export PUBLIC_KEY=", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "export PUBLIC_KEY=~/.ssh/id_rsa.pub", VERDICT_REFUSED, CODE_PATH, 0 },
	{ "key: https://github.com/me.keys", VERDICT_REFUSED, CODE_URL, 0 },
	{ "[keys](https://github.com/me.keys)", VERDICT_REFUSED, CODE_URL, 0 },
	{ "file(\"~/.ssh/id_rsa.pub\")", VERDICT_REFUSED, CODE_PATH, 0 },
	{ "!cat ~/.ssh/id_rsa.pub", VERDICT_REFUSED, CODE_COMMAND, 0 },
	{ "ssh-import-id gh:me", VERDICT_REFUSED, CODE_COMMAND, 0 },
	{ "my-key", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "my-key.pub", VERDICT_REFUSED, CODE_PATH, 0 },
	{ "$${SSH_KEY}", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "%(public_key)s", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "\\\"\\\"", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2", VERDICT_REFUSED, CODE_PLACEHOLDER,
	    0 },
	{ "votre_cle_publique", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "--", VERDICT_REFUSED, CODE_PLACEHOLDER, 0 },
	{ "//", VERDICT_REFUSED, CODE_PATH, 0 },
	{ "- -", VERDICT_REFUSED, CODE_NOT_A_KEY, 0 },
	{ "ed25519", VERDICT_REFUSED, CODE_NOT_A_KEY, 0 },
	{ "root", VERDICT_REFUSED, CODE_NOT_A_KEY, 0 },
};

static struct entries
paste(struct arena *arena, const char *text)
{
	struct entries entries = entries_new(arena);
	struct paste_rules rules = { .repair = true, .now = 1763620000 };

	paste_read(&entries, "PUBLIC_KEY", span_of(text), &rules);
	return entries;
}

static void
each_value_is_judged(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (const struct row *row = rows; row < rows + sizeof(rows) / sizeof(*rows); row++) {
		struct entries entries = paste(arena, row->text);
		const struct entry *worst = entries.first;
		size_t keys = 0;

		for (const struct entry *entry = entries.first; entry != NULL;
		     entry = entry->next) {
			if (entry->verdict > worst->verdict)
				worst = entry;
			keys += entry->key != NULL;
			if (strstr(entry->message, "IrAyGjM7") != NULL)
				fail_msg(
				    "%s: a private key is shown: %s", row->text, entry->message);
			if (strstr(entry->fix, " AAAA") == NULL)
				continue;
			if (paste(arena, entry->fix).count[VERDICT_OK] != 1)
				fail_msg("%s: the fix does not work: %s", row->text, entry->fix);
		}
		if (worst->verdict != row->verdict || worst->code != row->code || keys != row->keys)
			fail_msg("%s: got %s %s, %zu keys; want %s %s, %zu keys", row->text,
			    verdict_name(worst->verdict), code_name(worst->code), keys,
			    verdict_name(row->verdict), code_name(row->code), row->keys);
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_value_is_judged) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
