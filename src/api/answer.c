#include "api/answer.h"

#include "base/clock.h"
#include "base/json.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char path_of_keys[] = "/api/ssh/keys";
static const char bad_key[] = "Invalid or too large SSH public key";

/* ---- writing ------------------------------------------------------------------------------- */

/* The object as text in the arena; object is given away. */
static const char *
dump(struct arena *arena, json_t *object)
{
	char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
	const char *copy = arena_printf(arena, "%s\n", text != NULL ? text : "{}");

	free(text);
	json_decref(object);
	return copy;
}

static struct api_response
refuse(const struct api *api, unsigned status, const char *title, const char *detail)
{
	json_t *object = json_pack("{s:i, s:s}", "status", (int)status, "title", title);

	if (detail != NULL && detail[0] != '\0')
		(void)json_object_set_new(object, "detail", json_lossy_string(detail));
	(void)json_object_set_new(object, "traceId", json_lossy_string(api->trace));
	return (struct api_response){ .status = status, .body = dump(api->arena, object) };
}

/* ---- who asks ------------------------------------------------------------------------------ */

void
api_digest(uint8_t digest[API_DIGEST], const char *token)
{
	SHA256((const unsigned char *)token, strlen(token), digest);
}

static bool
has_token(const struct api *api, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	uint8_t digest[API_DIGEST];

	if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return false;
	authorization += strlen(scheme);
	api_digest(digest, authorization + strspn(authorization, " "));
	return CRYPTO_memcmp(digest, api->token, API_DIGEST) == 0;
}

/* The string of that name in the request's body, "" where there is none. */
static const char *
text_of_body(const struct api *api, const struct api_request *request, const char *name)
{
	json_t *object
	    = json_loadb(request->body.data, request->body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *value = json_string_value(json_object_get(object, name));
	const char *copy = arena_strdup(api->arena, value != NULL ? value : "");

	json_decref(object);
	return copy;
}

/* ---- the three calls ----------------------------------------------------------------------- */

static const char *
created_at(const struct api *api, const struct access_key *key)
{
	if (key->added_at != NULL && key->added_at[0] != '\0')
		return key->added_at;
	return clock_utc(api->arena, api->started);
}

static struct api_response
list(const struct api *api, const struct api_request *request)
{
	const struct access_key *k = api->store->list(api->store->context, request->user);
	json_t *array = json_array();

	for (; k != NULL; k = k->next) {
		const struct key *key = k->entry->key;

		(void)json_array_append_new(
		    array, json_pack("{s:o, s:s, s:o, s:s}", "publicKey",
		               json_lossy_string(key_line(api->arena, key)), "publicKeyFingerprint",
		               key->fingerprint, "title", json_lossy_string(key->comment),
		               "createdAt", created_at(api, k)));
	}
	return (struct api_response){ .status = 200, .body = dump(api->arena, array) };
}

static struct api_response
not_changed(const struct api *api, const struct findings *findings)
{
	const struct finding *f = findings->first;
	const char *detail
	    = f != NULL ? arena_printf(api->arena, "%s: %s", f->message, f->fix) : NULL;

	return refuse(api, 500, "The keys could not be changed.", detail);
}

static struct api_response
add(const struct api *api, const struct api_request *request)
{
	struct entries entries = entries_new(api->arena);
	struct findings findings = findings_new(api->arena);
	const char *text = text_of_body(api, request, "publicKey");
	const struct entry *e;
	struct api_response done = { .status = 200, .body = "{}\n" };

	if (request->too_large)
		return refuse(api, 400, bad_key, "a request has 64 kB at most");
	if (text[0] == '\0')
		return refuse(
		    api, 400, bad_key, "the body must be {\"publicKey\": \"ssh-ed25519 AAAA...\"}");
	paste_read(&entries, "publicKey", span_of(text), &api->rules);
	for (e = entries.first; e != NULL; e = e->next)
		if (e->key == NULL)
			return refuse(api, 400, bad_key,
			    arena_printf(api->arena, "%s%s%s", e->message,
			        e->fix != NULL && e->fix[0] != '\0' ? ". Fix: " : "",
			        e->fix != NULL ? e->fix : ""));
	e = entries.first;
	if (e == NULL || e->next != NULL)
		return refuse(api, 400, bad_key,
		    e == NULL ? "there is no key in it" : "send one key at a time");
	switch (api->store->add(api->store->context, request->user, e, &findings)) {
	case ACCESS_DONE:
		done.event
		    = arena_printf(api->arena, "added %s %s", e->key->fingerprint, e->key->comment);
		return done;
	case ACCESS_AS_IT_WAS:
		return refuse(api, 409, "SSH public key already used.", NULL);
	default:
		return not_changed(api, &findings);
	}
}

static struct api_response
remove_key(const struct api *api, const struct api_request *request)
{
	static const char not_found[] = "SSH public key not found.";
	struct findings findings = findings_new(api->arena);
	const char *which = text_of_body(api, request, "publicKeyFingerprint");
	const char *fingerprint = "";
	struct api_response done = { .status = 200, .body = "{}\n" };

	if (request->too_large || which[0] == '\0')
		return refuse(api, 400, "Invalid SSH public key fingerprint",
		    "the body must be {\"publicKeyFingerprint\": \"SHA256:...\"}");
	/* A comment would do for --keys; an API that deletes by an accident of words would not. */
	if (strncmp(which, "SHA256:", 7) != 0 && strncasecmp(which, "MD5:", 4) != 0
	    && strlen(which) != 47)
		return refuse(api, 400, "Invalid SSH public key fingerprint",
		    "a fingerprint begins with SHA256:, as ssh-keygen -l prints it");
	switch (api->store->remove(
	    api->store->context, request->user, which, &fingerprint, &findings)) {
	case ACCESS_DONE:
		done.event = arena_printf(api->arena, "removed %s", fingerprint);
		return done;
	case ACCESS_UNKNOWN:
		return refuse(api, 404, not_found, NULL);
	case ACCESS_NOT_OURS:
		return refuse(api, 400, "This SSH public key is not sshinit's to remove.",
		    "its line stands outside sshinit's block in authorized_keys; delete it there");
	default:
		return not_changed(api, &findings);
	}
}

struct api_response
api_answer(const struct api *api, const struct api_request *request)
{
	struct api_response response;

	if (!has_token(api, request->authorization))
		return refuse(
		    api, 401, "Unauthorized", "send the header: Authorization: Bearer TOKEN");
	if (api->busy)
		return refuse(api, 429, "Too Many Requests", "try again in a second");
	if (strcmp(request->path, path_of_keys) != 0)
		return refuse(api, 404, "Not Found", "the keys are at /api/ssh/keys");
	if (!api->store->knows(api->store->context, request->user))
		return refuse(api, 404, "No such user", "this user may not log in here");
	if (strcmp(request->method, "GET") == 0)
		return list(api, request);
	if (strcmp(request->method, "POST") == 0)
		return add(api, request);
	if (strcmp(request->method, "DELETE") == 0)
		return remove_key(api, request);
	response = refuse(api, 405, "Method Not Allowed", NULL);
	response.allow = "GET, POST, DELETE";
	return response;
}

/* ---- limits -------------------------------------------------------------------------------- */

bool
api_take(struct api_bucket *bucket, int64_t holds, int64_t per_second, int64_t now)
{
	int64_t passed = now - bucket->at;

	if (bucket->at == 0 || passed > holds * 1000)
		bucket->thousandths = holds * 1000;
	else if (passed > 0)
		bucket->thousandths += passed * per_second;
	if (bucket->thousandths > holds * 1000)
		bucket->thousandths = holds * 1000;
	bucket->at = now;
	if (bucket->thousandths < 1000)
		return false;
	bucket->thousandths -= 1000;
	return true;
}
