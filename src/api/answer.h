/*
 * api/answer: a request to the key API -> its answer.
 *
 * Pure but for the store, by which the keys are reached: the same three calls, bodies, status codes
 * and errors as Codesphere's manual has them, so its curl lines work with another scheme and host.
 *
 *     POST   /api/ssh/keys {"publicKey"}             200, 400, 401, 409
 *     GET    /api/ssh/keys                           200, 401
 *     DELETE /api/ssh/keys {"publicKeyFingerprint"}  200, 400, 401, 404
 *
 * "?user=NAME" chooses among several login users; without it, the first. Errors are {"status",
 * "title", "detail"?, "traceId"}; what --check refuses is a 400 with the same words and the same
 * fix in "detail". The last key may be removed here: the API itself can let somebody in again.
 */
#ifndef SSHINIT_API_ANSWER_H
#define SSHINIT_API_ANSWER_H

#include "keys/paste.h"
#include "sshd/access.h"

#include <stdint.h>

enum { API_BODY_MOST = 64 * 1024, API_TRACE = 33, API_DIGEST = 32 };

/* How the keys are reached. user is NULL for the first login user. */
struct api_store {
	void *context;
	bool (*knows)(void *context, const char *user);
	struct access_key *(*list)(void *context, const char *user);
	enum access_result (*add)(
	    void *context, const char *user, const struct entry *entry, struct findings *findings);
	enum access_result (*remove)(void *context, const char *user, const char *which,
	    const char **fingerprint, struct findings *findings);
};

struct api {
	struct arena *arena; /* of this one request */
	const struct api_store *store;
	uint8_t token[API_DIGEST]; /* api_digest of it */
	struct paste_rules rules;
	time_t started; /* for keys of which nobody knows when they came */
	char trace[API_TRACE];
	bool busy; /* more requests than are served: all but the token is answered by 429 */
};

struct api_request {
	const char *method, *path;
	const char *user;          /* of the query, NULL where there is none */
	const char *authorization; /* the header, NULL where there is none */
	struct span body;
	bool too_large; /* the body was longer than API_BODY_MOST and is not here */
};

struct api_response {
	unsigned status;
	const char *body;  /* JSON */
	const char *allow; /* for 405, else NULL */
	const char *event; /* for the log: what was changed, NULL where nothing was */
};

/* What tokens are compared by: the time does not tell how much of one was right, nor its length. */
void api_digest(uint8_t digest[API_DIGEST], const char *token);

struct api_response api_answer(const struct api *api, const struct api_request *request);

/* ---- limits -------------------------------------------------------------------------------- */

/* A bucket that holds so many and gets so many back each second. */
struct api_bucket {
	int64_t thousandths; /* what is in it */
	int64_t at;          /* milliseconds, when it was looked at */
};

/* Takes one out; false where it is empty. A new bucket (all zero) is full. */
bool api_take(struct api_bucket *bucket, int64_t holds, int64_t per_second, int64_t now);

#endif
