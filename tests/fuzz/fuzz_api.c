/* api/answer: any request at all. Every answer is JSON of a known status, nothing is changed
 * without the token, and what is added is a key that --check accepts. The input is lines (method,
 * path, user, authorization), then the body. */
#include "fuzz/harness.h"

#include "api/answer.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char token[] = "0123456789abcdef";
static bool may_change;

static void
must(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static bool
knows(void *context, const char *user)
{
	(void)context;
	return user == NULL || strcmp(user, "root") == 0;
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
	(void)findings;
	must(may_change, "the token was right");
	must(entry->key != NULL && strchr(key_line(findings->arena, entry->key), '\n') == NULL,
	    "what is added is one line");
	return (enum access_result)(strlen(entry->key->blob) % 7);
}

static enum access_result
remove_key(void *context, const char *user, const char *which, const char **fingerprint,
    struct findings *findings)
{
	(void)context;
	(void)user;
	(void)findings;
	must(may_change, "the token was right");
	*fingerprint = which;
	return (enum access_result)(strlen(which) % 7);
}

/* The next line of the text, cut off; "" at its end. */
static char *
next(char **rest)
{
	char *line = *rest != NULL ? strsep(rest, "\n") : NULL;
	static char nothing[] = "";

	return line != NULL ? line : nothing;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct api_store store = { NULL, knows, list, add, remove_key };
	struct arena *arena = arena_new();
	char *text = arena_strndup(arena, (const char *)data, size), *rest = text;
	struct api api = { .arena = arena, .store = &store, .rules = { true, 1 }, .trace = "0" };
	struct api_request request = { 0 };
	struct api_response response;
	json_t *object;

	api_digest(api.token, token);
	request.method = next(&rest);
	request.path = next(&rest);
	request.user = next(&rest);
	if (request.user[0] == '\0')
		request.user = NULL;
	request.authorization = next(&rest);
	if (rest != NULL)
		request.body = (struct span){ rest, size - (size_t)(rest - text) };
	else
		request.body = (struct span){ "", 0 };
	if (strcmp(request.authorization, "token") == 0)
		request.authorization = arena_printf(arena, "Bearer %s", token);
	may_change = strcasecmp(request.authorization, "Bearer 0123456789abcdef") == 0
	             || (strncasecmp(request.authorization, "Bearer ", 7) == 0
	                 && strstr(request.authorization, token) != NULL);
	response = api_answer(&api, &request);
	must(response.status >= 200 && response.status <= 500, "the status is one of HTTP's");
	object = json_loads(response.body, 0, NULL);
	must(object != NULL, "the answer is JSON");
	must(response.status == 200
	         || json_integer_value(json_object_get(object, "status")) == response.status,
	    "an error has its shape");
	must(response.event == NULL || (may_change && response.status == 200), "a change is one");
	json_decref(object);
	arena_free(arena);
	return 0;
}
