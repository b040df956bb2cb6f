/* api: the address, the limits, the answers, and what a confined process can do no more. What is
 * seen from outside is in tests/bats/52-api.bats. */
#include "api/answer.h"
#include "api/confine.h"
#include "pod/api_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_addresses(void **unused)
{
	static const struct {
		const char *text;
		bool good, loopback;
	} rows[] = { { "127.0.0.1:8722", true, true }, { "127.9.9.9:1", true, true },
		{ "localhost:8722", true, true }, { "[::1]:8722", true, true },
		{ "/run/api.sock", true, true }, { "0.0.0.0:8722", true, false },
		{ ":8722", true, false }, { "*:8722", true, false }, { "[::]:8722", true, false },
		{ "10.0.0.1:80", true, false }, { "[::ffff:127.0.0.1]:80", true, false },
		{ "127.0.0.1", false, false }, { "8722", false, false },
		{ "127.0.0.1:0", false, false }, { "127.0.0.1:65536", false, false },
		{ "127.0.0.1:8722x", false, false }, { "example.org:80", false, false },
		{ "::1:8722", false, false }, { "[::1]", false, false }, { "", false, false } };
	struct api_address address;
	char path[300] = "/";

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(api_address_read(&address, rows[i].text), rows[i].good);
		if (rows[i].good)
			assert_int_equal(address.loopback, rows[i].loopback);
	}
	memset(path + 1, 'x', sizeof(path) - 2);
	assert_false(api_address_read(&address, path));
}

static void
test_bucket(void **unused)
{
	struct api_bucket bucket = { 0 };
	int taken = 0;

	(void)unused;
	for (int i = 0; i < 100; i++)
		taken += api_take(&bucket, 10, 5, 1000);
	assert_int_equal(taken, 10);
	assert_false(api_take(&bucket, 10, 5, 1100));
	assert_true(api_take(&bucket, 10, 5, 1200));
	taken = 0;
	for (int64_t now = 1200; now < 11200; now++)
		taken += api_take(&bucket, 10, 5, now);
	assert_in_range(taken, 49, 51);
	/* A clock that goes back gives nothing, and breaks nothing. */
	assert_false(api_take(&bucket, 10, 5, 1));
}

/* ---- answers ------------------------------------------------------------------------------- */

static int changes;
static enum access_result result_of_change;

static bool
knows(void *context, const char *user)
{
	(void)context;
	return user == NULL;
}

static struct access_key *
list(void *context, const char *user)
{
	(void)context;
	(void)user;
	return NULL;
}

static enum access_result
add(void *context, const char *user, const struct entry *entry, struct findings *findings)
{
	(void)context;
	(void)user;
	(void)entry;
	(void)findings;
	changes++;
	return result_of_change;
}

static enum access_result
remove_key(void *context, const char *user, const char *which, const char **fingerprint,
    struct findings *findings)
{
	(void)context;
	(void)user;
	(void)findings;
	*fingerprint = which;
	changes++;
	return result_of_change;
}

static const char good_key[]
    = "{\"publicKey\":\"ssh-ed25519 "
      "AAAAC3NzaC1lZDI1NTE5AAAAIIjxL6g1II8NsO8odvBwGKvq2Dx/h/xrvsV9b9LVIYKm me\"}";
static const char good_print[]
    = "{\"publicKeyFingerprint\":\"SHA256:uNiVztksCsDhcc0u9e8BrrQ1O0HgXpQXNLgHuX8Q1yM\"}";

static void
test_statuses(void **unused)
{
	static const struct {
		const char *method, *path, *user, *authorization, *body;
		enum access_result result;
		bool busy, too_large;
		unsigned status;
		int changes;
	} rows[] = {
		{ "GET", "/api/ssh/keys", NULL, "Bearer right-token", "", 0, 0, 0, 200, 0 },
		{ "GET", "/api/ssh/keys", NULL, "bearer  right-token", "", 0, 0, 0, 200, 0 },
		{ "GET", "/api/ssh/keys", NULL, "Bearer right-toke", "", 0, 0, 0, 401, 0 },
		{ "GET", "/api/ssh/keys", NULL, "Bearer right-tokenx", "", 0, 0, 0, 401, 0 },
		{ "GET", "/api/ssh/keys", NULL, NULL, "", 0, 0, 0, 401, 0 },
		{ "GET", "/api/ssh/keys", NULL, "right-token", "", 0, 0, 0, 401, 0 },
		{ "GET", "/api/ssh/keys", NULL, NULL, "", 0, 1, 0, 401, 0 },
		{ "GET", "/api/ssh/keys", NULL, "Bearer right-token", "", 0, 1, 0, 429, 0 },
		{ "GET", "/", NULL, "Bearer right-token", "", 0, 0, 0, 404, 0 },
		{ "GET", "/api/ssh/keys", "eve", "Bearer right-token", "", 0, 0, 0, 404, 0 },
		{ "PUT", "/api/ssh/keys", NULL, "Bearer right-token", "", 0, 0, 0, 405, 0 },
		{ "POST", "/api/ssh/keys", NULL, "Bearer right-token", good_key, ACCESS_DONE, 0, 0,
		    200, 1 },
		{ "POST", "/api/ssh/keys", NULL, "Bearer right-token", good_key, ACCESS_AS_IT_WAS,
		    0, 0, 409, 1 },
		{ "POST", "/api/ssh/keys", NULL, "Bearer right-token", good_key, ACCESS_FAILED, 0,
		    0, 500, 1 },
		{ "POST", "/api/ssh/keys", NULL, "Bearer wrong-token", good_key, 0, 0, 0, 401, 0 },
		{ "POST", "/api/ssh/keys", NULL, "Bearer right-token", good_key, 0, 1, 0, 429, 0 },
		{ "POST", "/api/ssh/keys", NULL, "Bearer right-token", "", 0, 0, 1, 400, 0 },
		{ "POST", "/api/ssh/keys", NULL, "Bearer right-token", "{}", 0, 0, 0, 400, 0 },
		{ "POST", "/api/ssh/keys", NULL, "Bearer right-token", "[", 0, 0, 0, 400, 0 },
		{ "DELETE", "/api/ssh/keys", NULL, "Bearer right-token", good_print, ACCESS_DONE, 0,
		    0, 200, 1 },
		{ "DELETE", "/api/ssh/keys", NULL, "Bearer right-token", good_print, ACCESS_UNKNOWN,
		    0, 0, 404, 1 },
		{ "DELETE", "/api/ssh/keys", NULL, "Bearer right-token", good_print,
		    ACCESS_NOT_OURS, 0, 0, 400, 1 },
		{ "DELETE", "/api/ssh/keys", NULL, "Bearer right-token", "{}", 0, 0, 0, 400, 0 },
		{ "DELETE", "/api/ssh/keys", NULL, "Bearer wrong-token", good_print, 0, 0, 0, 401,
		    0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct api_store store = { NULL, knows, list, add, remove_key };
		struct arena *arena = arena_new();
		struct api api = { .arena = arena,
			.store = &store,
			.rules = { true, 1 },
			.trace = "0",
			.busy = rows[i].busy };
		const struct api_request request = { rows[i].method, rows[i].path, rows[i].user,
			rows[i].authorization, span_of(rows[i].body), rows[i].too_large };
		struct api_response response;

		api_digest(api.token, "right-token");
		changes = 0;
		result_of_change = rows[i].result;
		response = api_answer(&api, &request);
		if (response.status != rows[i].status)
			fail_msg("row %zu: %u and not %u: %s", i, response.status, rows[i].status,
			    response.body);
		assert_int_equal(changes, rows[i].changes);
		assert_int_equal(
		    response.event != NULL, rows[i].changes == 1 && rows[i].status == 200);
		arena_free(arena);
	}
}

/* ---- the cage ------------------------------------------------------------------------------ */

/* What a confined child cannot do, as bits; 0x80 where it could not be confined at all. The system
 * calls that the sanitizers themselves make are the parent's matter. */
static int
try_things(void)
{
	char *const argv[] = { (char *)(uintptr_t) "true", NULL };
	bool filtered;
	int wrong = 0, status;
	pid_t child;

	if (confine(NULL, &filtered) < 0 || !filtered)
		return 0x80;
	if (execve("/bin/true", argv, argv + 1) == 0 || errno != EPERM)
		wrong |= 1;
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		wrong |= 2;
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
	    != MAP_FAILED)
		wrong |= 4;
	if (unshare(CLONE_NEWUSER) == 0)
		wrong |= 8;
	/* And what it needs. */
	child = fork();
	if (child == 0)
		_exit(7);
	if (child < 0 || waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
		wrong |= 16;
	if (open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0)
		wrong |= 32;
	return wrong;
}

static void
test_confined(void **unused)
{
	int status;
	pid_t child = fork();

	(void)unused;
	if (child == 0)
		_exit(try_things());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_confined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
