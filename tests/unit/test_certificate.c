/* keys/certificate: what ssh-keygen signed, read back; and bytes that nobody signed. */
#include "keys/certificate.h"

#include "keys/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ssh-keygen -s ca -I alice -n root,ann -z 7 -V 20261120000000Z:20261120060000Z */
static const char usual[]
    = "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29"
      "tAAAAIE8lwNw4WTSIoprplBijJnZx5a8rqUg4eLbfNKhcTu+6AAAAIHJniW9GAC9piwYtEeMnI5LOZyX"
      "UlYYSEs3vIj2r00jbAAAAAAAAAAcAAAABAAAABWFsaWNlAAAADwAAAARyb290AAAAA2FubgAAAABq/42"
      "AAAAAAGr/4eAAAAAAAAAAggAAABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2V"
      "udC1mb3J3YXJkaW5nAAAAAAAAABZwZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAAAAApwZXJtaXQtcHR"
      "5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwAAAAAAAAAAAAAAMwAAAAtzc2gtZWQyNTUxOQAAACD9L2hZAPE"
      "+nZQzQN9w+zhM9d9l4e7CUepGa/fzXn+gkgAAAFMAAAALc3NoLWVkMjU1MTkAAABATV02x/NjLVv/wDd"
      "UDvtUlwM9cKdAv9wpTzcdbPSicPXWp5nTDwI/By00beBGnRaiFYkfwXAHx6SBWtHD48tmBQ== k";
/* -I b -n root -z 18446744073709551615 -V always:forever -O clear -O permit-pty
 * -O force-command=date -O source-address=10.0.0.0/8 */
static const char odd[]
    = "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC1"
      "2MDFAb3BlbnNzaC5jb20AAAAghuGRqYETFq+tHh7Wg2QQefvt+wec0kzQdM2wUJxZos0AAAAIbmlzdHA"
      "yNTYAAABBBFkwNpO6Wp9RyUHMK0ukoomZSfGmPted1PxIb8AtsdIYVfzJ6uuUqkHRfMNt9DPQiYAQsOo"
      "N9zSq3NK4sxcvjbj//////////wAAAAEAAAABYgAAAAgAAAAEcm9vdAAAAAAAAAAA//////////8AAAB"
      "BAAAADWZvcmNlLWNvbW1hbmQAAAAIAAAABGRhdGUAAAAOc291cmNlLWFkZHJlc3MAAAAOAAAACjEwLjA"
      "uMC4wLzgAAAASAAAACnBlcm1pdC1wdHkAAAAAAAAAAAAAADMAAAALc3NoLWVkMjU1MTkAAAAg/S9oWQD"
      "xPp2UM0DfcPs4TPXfZeHuwlHqRmv3815/oJIAAABTAAAAC3NzaC1lZDI1NTE5AAAAQD1TmsWxYIuQZaJ"
      "wFLtHdzzeqO2lrPTSHiYRofbkxICB2rakN8e4RTY9tqR9NYVW91oyjvm+y8o1W2Y8bbRJigo= k";
/* -h -I host -z 0, no principal */
static const char host[]
    = "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgSrc"
      "1Em1M7FWWfRhTvxsXWPPTQ6CwqmK1/4RgPfRhv9gAAAADAQABAAABAQDXeq27VLJussk6x/AadtFkvfj"
      "nkJyI2yVuq56oHC5N+xHAO23BHmVazngT85GQkCOrjIqQChPOIrdv66JDBfxopfkP/mZbp8712xKyBz+"
      "23Td27uVktzEm5a3D3uiuyLf7HzDDMYxwfI3oeo7Q1Yaq4dLOAkGhm5Lzpb3A9pLYAh/krruIBGJue8L"
      "76KAvPR1CWySoFjy16a1hwboL78r969/OLoVvkDYpwcr4PNxsR8YLWJolTWJqr/ymxxH4PMa4BrhsoOd"
      "pC/hJDlvUihczC8VhmFAXm3Yk6/AwVVGXv7ZpajOvgD3YWnmQqZZe5Pt+Hzy4282EeAdrlJg/xfejAAA"
      "AAAAAAAAAAAACAAAABGhvc3QAAAAAAAAAAGr/jYAAAAAAav/h4AAAAAAAAAAAAAAAAAAAADMAAAALc3N"
      "oLWVkMjU1MTkAAAAg/S9oWQDxPp2UM0DfcPs4TPXfZeHuwlHqRmv3815/oJIAAABTAAAAC3NzaC1lZDI"
      "1NTE5AAAAQPqXViSIGw0/aDJ4U7yHkgsI/OLIUgA5owrnarZuHJwv3wzJQ7ega+b7FBDlwO4T91reLoc"
      "bT63V7Y5lmLEoZAs= k";

static const char ca_print[] = "SHA256:k035skGLTJPbIL0ysoueL/uAjdIka+5oJsAYBPhERL4";
enum { FROM = 1795132800, UNTIL = FROM + 6 * 3600 };

static void
test_usual(void **unused)
{
	struct arena *arena = arena_new();
	struct cert cert;

	(void)unused;
	assert_true(cert_read(arena, span_of(usual), &cert));
	assert_string_equal(cert.type, "ssh-ed25519-cert-v01@openssh.com");
	assert_string_equal(cert.fingerprint, "SHA256:01cQcJ16x8SCkGbZywSKVdy6BHqtobtO0VtPkeW3I78");
	assert_string_equal(cert.authority, ca_print);
	assert_string_equal(cert.identity, "alice");
	assert_string_equal(cert_words(arena, cert.principals), "root, ann");
	assert_true(cert.serial == 7);
	assert_false(cert.host);
	assert_true(cert_has(cert.extensions, "permit-port-forwarding"));
	assert_string_equal(cert_limits(arena, &cert), "");
	assert_null(cert.options[0]);
	assert_int_equal(cert_time(&cert, FROM - 1), CERT_TOO_EARLY);
	assert_int_equal(cert_time(&cert, FROM), CERT_VALID);
	assert_int_equal(cert_time(&cert, UNTIL - 1), CERT_VALID);
	assert_int_equal(cert_time(&cert, UNTIL), CERT_EXPIRED);
	assert_string_equal(cert_validity(arena, &cert, FROM),
	    "valid for 6 hours more, until 2026-11-20 06:00:00 UTC");
	assert_string_equal(cert_validity(arena, &cert, UNTIL - 61),
	    "valid for 1 minute 1 second more, until 2026-11-20 06:00:00 UTC");
	assert_string_equal(cert_validity(arena, &cert, FROM - 90000),
	    "not valid yet: from 2026-11-20 00:00:00 UTC, which is in 1 day 1 hour");
	assert_string_equal(cert_validity(arena, &cert, UNTIL + 2),
	    "no longer valid: it ended at 2026-11-20 06:00:00 UTC, 2 seconds ago");
	arena_free(arena);
}

static void
test_odd(void **unused)
{
	struct arena *arena = arena_new();
	struct cert cert;

	(void)unused;
	assert_true(cert_read(arena, span_of(odd), &cert));
	assert_string_equal(cert.fingerprint, "SHA256:dytJlvZMj6pA/qNigBzr3jaIJJV7V9/8LBGChkV7IN8");
	assert_true(cert.serial == UINT64_MAX);
	assert_string_equal(
	    cert_words(arena, cert.options), "force-command=date, source-address=10.0.0.0/8");
	assert_string_equal(cert_limits(arena, &cert),
	    "no port forwarding, no agent forwarding, no X11, force-command=date, "
	    "source-address=10.0.0.0/8");
	assert_string_equal(cert_validity(arena, &cert, FROM), "valid for ever");
	assert_int_equal(cert_time(&cert, 0), CERT_VALID);
	arena_free(arena);
}

static void
test_host(void **unused)
{
	struct arena *arena = arena_new();
	struct cert cert;

	(void)unused;
	assert_true(cert_read(arena, span_of(host), &cert));
	assert_string_equal(cert.fingerprint, "SHA256:qwdmpgaWdR59F+H705NfFFEUxBR7UDO3sIk1tVmURf8");
	assert_true(cert.host);
	assert_string_equal(cert_words(arena, cert.principals), "none");
	arena_free(arena);
}

static void
test_around_it(void **unused)
{
	struct arena *arena = arena_new();
	struct cert cert;
	const char *text = arena_printf(arena, "# mine\r\n\n  %s\r\nmore", usual);

	(void)unused;
	assert_true(cert_read(arena, span_of(text), &cert));
	assert_false(cert_read(arena, span_of(""), &cert));
	assert_false(cert_read(arena, span_of("ssh-ed25519-cert-v01@openssh.com"), &cert));
	assert_false(cert_read(arena, span_of("ssh-ed25519 AAAA"), &cert));
	arena_free(arena);
}

/* Every length, and every byte changed: an answer, whatever it is, and nothing read beyond. */
static void
test_damaged(void **unused)
{
	static const char *const all[] = { usual, odd, host };
	struct cert cert;

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct arena *arena = arena_new();
		const char *word = strchr(all[i], ' ') + 1;
		struct bytes bytes;

		assert_int_equal(
		    base64_read(arena, (struct span){ word, strcspn(word, " ") }, &bytes),
		    BASE64_OK);
		for (size_t n = 0; n < bytes.len; n++) {
			struct arena *small = arena_new();
			uint8_t *copy = arena_alloc(small, bytes.len, 1);
			const char *line;

			line = arena_printf(small, "%.*s %s", (int)(word - all[i] - 1), all[i],
			    base64_write(small, (struct bytes){ bytes.data, n }));
			assert_false(cert_read(small, span_of(line), &cert));
			memcpy(copy, bytes.data, bytes.len);
			copy[n] ^= 0xff;
			line = arena_printf(small, "%.*s %s", (int)(word - all[i] - 1), all[i],
			    base64_write(small, (struct bytes){ copy, bytes.len }));
			if (cert_read(small, span_of(line), &cert)) {
				(void)cert_validity(small, &cert, FROM);
				(void)cert_limits(small, &cert);
				for (const char *c = cert.identity; *c != '\0'; c++)
					assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
			}
			arena_free(small);
		}
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_around_it),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
