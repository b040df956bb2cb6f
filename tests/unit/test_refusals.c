/* sshd/sshd_line, sshd/refusals, sshd/refusal_words: real lines of OpenSSH 8.4 and 10.0, and what
 * strangers could make of them. */
#include "sshd/refusal_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EVE  "SHA256:pFI+zeVdDWGjUuXkjYYr6CRaLpcOL5hyOgdN5pwL84o"
#define GOOD "SHA256:pQsXbYYd9VBhHvcOZkY8JpnmmVQM7AqUZT03ulmLd1A"
#define CA   "SHA256:16kvFDKHcItLzITjYEaLHtXGyYGaCfsMsbSwnCvrMo4"

static const struct {
	const char *text;
	struct sshd_line want;
} lines[] = {
	{ "Server listening on :: port 22.", { .kind = LINE_OTHER } },
	{ "Failed publickey for root from 172.17.0.1 port 58962 ssh2: ED25519 " EVE,
	    { .kind = LINE_FAILED_KEY,
	        .user = "root",
	        .address = "172.17.0.1",
	        .port = 58962,
	        .type = "ED25519",
	        .fingerprint = EVE } },
	{ "Failed publickey for root from fe80::1%eth0 port 2 ssh2: ED25519-CERT " EVE
	  " ID my id (serial 0) CA ED25519 " CA,
	    { .kind = LINE_FAILED_KEY,
	        .user = "root",
	        .address = "fe80::1%eth0",
	        .port = 2,
	        .type = "ED25519-CERT",
	        .fingerprint = EVE,
	        .authority = CA } },
	/* A certificate's id that tries to be another peer and another key. */
	{ "Failed publickey for root from 172.17.0.1 port 1 ssh2: ED25519-CERT " EVE
	  " ID x from 9.9.9.9 port 9 ssh2: RSA " GOOD " CA RSA " GOOD " (serial 0) CA ED25519 " CA,
	    { .kind = LINE_FAILED_KEY,
	        .user = "root",
	        .address = "172.17.0.1",
	        .port = 1,
	        .type = "ED25519-CERT",
	        .fingerprint = EVE,
	        .authority = CA } },
	{ "Failed publickey for root from 1.1.1.1 port 1 ssh2: ED25519 SHA256:short",
	    { .kind = LINE_OTHER } },
	{ "Postponed publickey for root from 172.17.0.1 port 58956 ssh2 [preauth]",
	    { .kind = LINE_POSTPONED, .user = "root", .address = "172.17.0.1", .port = 58956 } },
	{ "Accepted key ED25519 " GOOD " found at /root/.ssh/authorized_keys:4",
	    { .kind = LINE_KNOWN_KEY, .type = "ED25519", .fingerprint = GOOD } },
	{ "Invalid user foo from 172.17.0.1 port 35296",
	    { .kind = LINE_NO_USER, .user = "foo", .address = "172.17.0.1", .port = 35296 } },
	{ "Invalid user  from 172.17.0.1 port 3",
	    { .kind = LINE_NO_USER, .user = "", .address = "172.17.0.1", .port = 3 } },
	{ "Invalid user a from 1.2.3.4 port 7 from 172.17.0.1 port 3",
	    { .kind = LINE_NO_USER,
	        .user = "a from 1.2.3.4 port 7",
	        .address = "172.17.0.1",
	        .port = 3 } },
	{ "Invalid user e\033[31m\xff from 172.17.0.1 port 3",
	    { .kind = LINE_NO_USER, .user = "e?[31m?", .address = "172.17.0.1", .port = 3 } },
	{ "User nobody from 172.17.0.1 not allowed because not listed in AllowUsers",
	    { .kind = LINE_NOT_ALLOWED, .user = "nobody", .detail = "not listed in AllowUsers" } },
	{ "User ann not allowed because account is locked",
	    { .kind = LINE_NOT_ALLOWED, .user = "ann", .detail = "account is locked" } },
	{ "Account ann has expired",
	    { .kind = LINE_NOT_ALLOWED, .user = "ann", .detail = "the account has expired" } },
	{ "refused local port forward: originator 127.0.0.1 port 65535, target db\x1b[31m port 80",
	    { .kind = LINE_FORWARD, .detail = "db?[31m port 80" } },
	{ "refused streamlocal port forward: originator  port 0, target /run/x",
	    { .kind = LINE_FORWARD, .detail = "/run/x" } },
	{ "Received request from 172.17.0.1 port 7 to connect to host db port 80, but the request "
	  "was denied.",
	    { .kind = LINE_FORWARD, .address = "172.17.0.1", .port = 7, .detail = "db port 80" } },
	{ "Received request from ann", { .kind = LINE_OTHER } },
	{ "User child is on pid 17", { .kind = LINE_OTHER } },
	{ "Connection closed by authenticating user root 172.17.0.1 port 58962 [preauth]",
	    { .kind = LINE_END, .user = "root", .address = "172.17.0.1", .port = 58962 } },
	{ "Connection closed by invalid user root [preauth] 1.2.3.4 port 5 172.17.0.1 port 6 "
	  "[preauth]",
	    { .kind = LINE_END,
	        .user = "root [preauth] 1.2.3.4 port 5",
	        .address = "172.17.0.1",
	        .port = 6 } },
	{ "Connection closed by 172.17.0.1 port 58954",
	    { .kind = LINE_END, .address = "172.17.0.1", .port = 58954 } },
	{ "Disconnected from user root 172.17.0.1 port 58956",
	    { .kind = LINE_END, .address = "172.17.0.1", .port = 58956 } },
	{ "Disconnecting authenticating user root 172.17.0.1 port 35302: Too many authentication "
	  "failures [preauth]",
	    { .kind = LINE_END, .user = "root", .address = "172.17.0.1", .port = 35302 } },
	{ "maximum authentication attempts exceeded for root from 172.17.0.1 port 35302 ssh2 "
	  "[preauth]",
	    { .kind = LINE_TOO_MANY, .user = "root", .address = "172.17.0.1", .port = 35302 } },
	{ "Unable to negotiate with 172.17.0.1 port 59016: no matching host key type found. Their "
	  "offer: ssh-rsa [preauth]",
	    { .kind = LINE_NEGOTIATE,
	        .address = "172.17.0.1",
	        .port = 59016,
	        .detail = "no matching host key type found. Their offer: ssh-rsa" } },
	{ "Authentication refused: bad ownership or modes for directory /root/.ssh",
	    { .kind = LINE_REASON, .reason = REASON_MODES, .detail = "/root/.ssh" } },
	{ "Authentication refused: bad ownership or modes for file /root/.ssh/authorized_keys",
	    { .kind = LINE_REASON,
	        .reason = REASON_MODES,
	        .detail = "/root/.ssh/authorized_keys" } },
	{ "Certificate invalid: expired", { .kind = LINE_REASON, .reason = REASON_EXPIRED } },
	{ "Certificate invalid: not yet valid",
	    { .kind = LINE_REASON, .reason = REASON_TOO_EARLY } },
	{ "Certificate lacks principal list", { .kind = LINE_REASON, .reason = REASON_PRINCIPAL } },
	{ "Authentication key ED25519 " EVE " revoked by file /krl",
	    { .kind = LINE_REASON, .reason = REASON_REVOKED, .detail = "/krl" } },
	{ "/root/.ssh/authorized_keys:5: Authentication tried for root with correct key but not "
	  "from a permitted host (host=172.17.0.1, ip=172.17.0.1, required=10.1.1.1).",
	    { .kind = LINE_REASON,
	        .reason = REASON_ADDRESS,
	        .detail = "root with correct key but not from a permitted host (host=172.17.0.1, "
	                  "ip=172.17.0.1, required=10.1.1.1)." } },
	{ "cert: Authentication tried for root with valid certificate but not from a permitted "
	  "source address (172.17.0.1).",
	    { .kind = LINE_REASON,
	        .reason = REASON_ADDRESS,
	        .detail = "root with valid certificate but not from a permitted source address "
	                  "(172.17.0.1)." } },
	{ "userauth_pubkey: signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms [preauth]",
	    { .kind = LINE_REASON, .reason = REASON_ALGORITHM, .detail = "ssh-rsa" } },
	{ "kex_exchange_identification: client sent invalid protocol identifier \"Failed publickey "
	  "for root from 1.1.1.1 port 1 ssh2: ED25519 " EVE "\"",
	    { .kind = LINE_OTHER } },
	{ "", { .kind = LINE_OTHER } },
};

static void
test_lines(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct sshd_line got = sshd_line_read(lines[i].text);
		const struct sshd_line *want = &lines[i].want;

		if (got.kind != want->kind)
			fail_msg("kind %d: %s", (int)got.kind, lines[i].text);
		assert_int_equal(got.reason, want->reason);
		assert_int_equal(got.port, want->port);
		assert_string_equal(got.address, want->address);
		assert_string_equal(got.user, want->user);
		assert_string_equal(got.type, want->type);
		assert_string_equal(got.fingerprint, want->fingerprint);
		assert_string_equal(got.authority, want->authority);
		assert_string_equal(got.detail, want->detail);
	}
}

/* ---- what becomes of them ------------------------------------------------------------------ */

static struct refusals refusals;

static int
empty(void **unused)
{
	(void)unused;
	memset(&refusals, 0, sizeof(refusals));
	return 0;
}

static const struct refusal *told;

static enum telling
say(const char *text)
{
	return refusals_line(&refusals, text, 1000, &told);
}

static enum telling
knock(unsigned port, const char *user, const char *key)
{
	char line[512];

	snprintf(line, sizeof(line), "Failed publickey for %s from 10.0.0.%u port %u ssh2: %s",
	    user, port / 1000, port, key);
	if (key[0] != '\0')
		assert_int_equal(say(line), TELL_NOTHING);
	snprintf(line, sizeof(line),
	    "Connection closed by authenticating user %s 10.0.0.%u port %u [preauth]", user,
	    port / 1000, port);
	return say(line);
}

static void
expect(enum code code)
{
	assert_non_null(told);
	assert_string_equal(code_name(told->code), code_name(code));
}

static void
test_wrong_key_once(void **unused)
{
	int said = 0;

	(void)unused;
	for (unsigned i = 0; i < 1000; i++)
		said += knock(1000 + i, "root", "ED25519 " EVE) == TELL_REFUSAL;
	expect(CODE_REFUSED_KEY);
	assert_string_equal(told->fingerprint, EVE);
	assert_int_equal(told->count, 1000);
	assert_int_equal(said, 4); /* 1, 10, 100, 1000 */
}

static void
test_accepted_is_no_refusal(void **unused)
{
	(void)unused;
	say("Failed publickey for root from 10.0.0.1 port 5 ssh2: ED25519 " EVE);
	say("Accepted publickey for root from 10.0.0.1 port 5 ssh2: ED25519 " GOOD);
	assert_int_equal(say("Disconnected from user root 10.0.0.1 port 5"), TELL_NOTHING);
	assert_int_equal(say("Connection closed by 10.0.0.1 port 6 [preauth]"), TELL_NOTHING);
	/* A session that began before this worker did. */
	assert_int_equal(say("Disconnected from user root 10.0.0.1 port 7"), TELL_NOTHING);
	assert_int_equal(refusals.list[0].code, CODE_NONE);
}

static void
test_reasons(void **unused)
{
	static const struct {
		const char *reason;
		enum code code;
	} cases[] = {
		{ "Authentication refused: bad ownership or modes for directory /root",
		    CODE_REFUSED_MODES },
		{ "Certificate invalid: expired", CODE_REFUSED_CERTIFICATE },
		{ "Authentication key ED25519 " EVE " revoked by file /krl", CODE_REFUSED_REVOKED },
		{ "/root/.ssh/authorized_keys:5: Authentication tried for root with correct key "
		  "but not from a permitted host (host=h, ip=i, required=10.1.1.1).",
		    CODE_REFUSED_ADDRESS },
		{ "User root not allowed because account is locked", CODE_REFUSED_USER },
		{ "Certificate invalid: no such reason", CODE_REFUSED_KEY },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say(cases[i].reason);
		say("No user for AuthorizedKeysCommand specified, skipping");
		assert_int_equal(knock(1000 * (i + 1), "root", "ED25519 " EVE), TELL_REFUSAL);
		expect(cases[i].code);
	}
	assert_int_equal(knock(9000, "root", ""), TELL_REFUSAL);
	expect(CODE_REFUSED_NO_KEY);
	assert_int_equal(
	    knock(10000, "root", "ED25519-CERT " EVE " ID x (serial 0) CA RSA " CA), TELL_REFUSAL);
	expect(CODE_REFUSED_CERTIFICATE);
	say("Invalid user foo from 10.0.0.1 port 5");
	assert_int_equal(
	    say("Connection closed by invalid user foo 10.0.0.1 port 5 [preauth]"), TELL_REFUSAL);
	expect(CODE_REFUSED_USER);
	assert_int_equal(say("Unable to negotiate with 10.0.0.1 port 8: no matching cipher found. "
	                     "Their offer: aes256-cbc [preauth]"),
	    TELL_REFUSAL);
	expect(CODE_REFUSED_ALGORITHM);
	say("userauth_pubkey: signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms "
	    "[preauth]");
	assert_int_equal(knock(11000, "root", ""), TELL_REFUSAL);
	expect(CODE_REFUSED_ALGORITHM);
}

/* "private key ... contents do not match public": the key is known, its proof never comes. */
static void
test_unsigned(void **unused)
{
	(void)unused;
	say("Accepted key ED25519 " GOOD " found at /root/.ssh/authorized_keys:4");
	say("Postponed publickey for root from 10.0.0.1 port 5 ssh2 [preauth]");
	assert_int_equal(
	    say("Connection closed by authenticating user root 10.0.0.1 port 5 [preauth]"),
	    TELL_REFUSAL);
	expect(CODE_REFUSED_UNSIGNED);
	assert_string_equal(told->fingerprint, GOOD);
	say("Postponed publickey for root from 10.0.0.1 port 6 ssh2 [preauth]");
	say("Accepted publickey for root from 10.0.0.1 port 6 ssh2: ED25519 " GOOD);
	assert_int_equal(say("Disconnected from user root 10.0.0.1 port 6"), TELL_NOTHING);
}

/* sshd 10 calls locked what has expired; what helps is another thing. */
static void
test_expired(void **unused)
{
	(void)unused;
	say("Account ann has expired");
	say("User ann not allowed because account is locked");
	assert_int_equal(
	    say("Connection closed by invalid user ann 10.0.0.1 port 5 [preauth]"), TELL_REFUSAL);
	expect(CODE_REFUSED_USER);
	assert_string_equal(told->detail, "the account has expired");
	say("User bob not allowed because account is locked");
	assert_int_equal(
	    say("Connection closed by invalid user bob 10.0.0.2 port 5 [preauth]"), TELL_REFUSAL);
	assert_string_equal(told->detail, "account is locked");
}

/* Of a session that runs; its end is no refusal. */
static void
test_forward(void **unused)
{
	static const char line[]
	    = "refused local port forward: originator 127.0.0.1 port 65535, target db port 80";

	(void)unused;
	say("Accepted publickey for root from 10.0.0.1 port 5 ssh2: ED25519 " GOOD);
	assert_int_equal(say(line), TELL_REFUSAL);
	expect(CODE_REFUSED_FORWARD);
	assert_string_equal(told->detail, "db port 80");
	assert_int_equal(say(line), TELL_NOTHING);
	assert_int_equal(told->count, 2);
	assert_int_equal(say("Disconnected from user root 10.0.0.1 port 5"), TELL_NOTHING);
}

static void
test_too_many_keys(void **unused)
{
	char line[256];

	(void)unused;
	for (int i = 0; i < 20; i++) {
		snprintf(line, sizeof(line),
		    "Failed publickey for root from 10.0.0.1 port 5 ssh2: ED25519 %.*s%02d", 48,
		    EVE, i);
		say(line);
	}
	say("maximum authentication attempts exceeded for root from 10.0.0.1 port 5 ssh2 "
	    "[preauth]");
	assert_int_equal(say("Disconnecting authenticating user root 10.0.0.1 port 5: Too many "
	                     "authentication failures [preauth]"),
	    TELL_REFUSAL);
	expect(CODE_REFUSED_TOO_MANY);
	assert_int_equal(told->keys, 20);
}

/* One address that invents names and keys is not told of for ever, and keeps its share. */
static void
test_flood(void **unused)
{
	int said[3] = { 0 };
	size_t held = 0;

	(void)unused;
	for (unsigned i = 0; i < 100000; i++) {
		char line[256];

		snprintf(line, sizeof(line),
		    "Failed publickey for root from 10.9.9.9 port %u ssh2: RSA %.*s%05u", i % 60000,
		    45, EVE, i % 99999);
		said[say(line)]++;
		snprintf(line, sizeof(line),
		    "Connection closed by authenticating user root 10.9.9.9 port %u [preauth]",
		    i % 60000);
		said[say(line)]++;
	}
	assert_true(said[TELL_REFUSAL] <= REFUSALS_TOLD);
	for (size_t i = 0; i < REFUSALS_MOST; i++)
		held += refusals.list[i].code != CODE_NONE;
	assert_true(held <= REFUSALS_PER_ADDRESS);
	/* Many addresses: one line says that they are only counted now. */
	memset(said, 0, sizeof(said));
	for (unsigned i = 1; i < 60; i++)
		said[knock(i * 1000, "root", "ED25519 " GOOD)]++;
	assert_int_equal(said[TELL_LIMIT], 1);
	/* Ten minutes later there is room again. */
	assert_int_equal(refusals_line(&refusals, "Invalid user a from 10.1.1.1 port 1",
	                     1000 + REFUSALS_PERIOD, &told),
	    TELL_NOTHING);
	assert_int_equal(refusals_line(&refusals,
	                     "Connection closed by invalid user a 10.1.1.1 port 1 [preauth]",
	                     1000 + REFUSALS_PERIOD, &told),
	    TELL_REFUSAL);
}

/* ---- in words ------------------------------------------------------------------------------ */

#define ED25519_BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIJ8yh2xCdWv3HO0lFBaV7PRkaGPFqI7VqtmzGF9xOZ8t"

static void
test_words(void **unused)
{
	struct arena *arena = arena_new();
	struct account root = { .name = "root" };
	struct entries entries = entries_new(arena);
	const struct paste_rules rules = { .repair = true, .now = 1800000000 };
	struct login login = { .account = &root, .entries = &entries };
	struct plan plan = { .arena = arena, .logins = &login, .authorities = entries_new(arena) };
	struct refusal r = { .code = CODE_REFUSED_KEY,
		.user = "root",
		.address = "10.0.0.1",
		.type = "RSA",
		.fingerprint = EVE,
		.keys = 2,
		.count = 3 };
	const char *line;

	(void)unused;
	paste_read(
	    &entries, "PUBLIC_KEY", span_of("ssh-ed25519 " ED25519_BLOB " ann@laptop\n"), &rules);
	plan.entries = entries;
	login.keyfile.apart.outside = entries_new(arena);
	login.keyfile.apart.added = entries_new(arena);
	line = refusal_line(arena, &r, &plan);
	assert_non_null(strstr(line, "login as root from 10.0.0.1 (3 times): "));
	assert_non_null(strstr(line, "RSA " EVE " and 1 more; 1 may log in: SHA256:"));
	assert_non_null(strstr(line, " ann@laptop; none of them is of type RSA"));
	assert_non_null(strstr(line, "cat ~/.ssh/id_rsa.pub"));
	/* A name that a client made up stands in quotes. */
	r = (struct refusal){
		.code = CODE_REFUSED_USER, .user = "a from b", .address = "10.0.0.1"
	};
	line = refusal_line(arena, &r, &plan);
	assert_non_null(strstr(line, "login as \"a from b\" from 10.0.0.1: "));
	assert_non_null(strstr(line, "root may log in"));
	/* Every code has words, and none of them is empty. */
	for (int code = CODE_REFUSED_KEY; code < CODE_REFUSED_MANY; code++) {
		r = (struct refusal){ .code = (enum code)code, .address = "10.0.0.1", .user = "x" };
		line = refusal_line(arena, &r, &plan);
		assert_non_null(strstr(line, code_sentence((enum code)code)));
		assert_true(strlen(strstr(line, "; fix: ")) > 12);
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test_setup(test_wrong_key_once, empty),
		cmocka_unit_test_setup(test_accepted_is_no_refusal, empty),
		cmocka_unit_test_setup(test_reasons, empty),
		cmocka_unit_test_setup(test_unsigned, empty),
		cmocka_unit_test_setup(test_expired, empty),
		cmocka_unit_test_setup(test_forward, empty),
		cmocka_unit_test_setup(test_too_many_keys, empty),
		cmocka_unit_test_setup(test_flood, empty),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
