/*
 * access: the keys of one login user as they stand in force, and changes to them.
 *
 * What --keys and the key API share. A change touches what was added and removed, never what the
 * sources brought, so it needs no source; it holds the lock of the key file, so changes of several
 * processes do not lose each other, and takes effect at the next login. sshd need not be told, for
 * it reads the file each time; the worker is told of the first key and the last, since sshd runs
 * only while there is one.
 */
#ifndef SSHINIT_SSHD_ACCESS_H
#define SSHINIT_SSHD_ACCESS_H

#include "sshd/keyfile.h"
#include "sshd/logins.h"

/* One key that may log in, for a listing. */
struct access_key {
	struct access_key *next;
	const struct entry *entry;
	const char *origin;   /* the source's name, "added", or "image" for one outside the block */
	const char *added_at; /* "2026-11-20T07:00:00Z"; "" where that is not known */
	const struct login_record *last_use; /* NULL: none is known */
};

enum access_result {
	ACCESS_DONE,
	ACCESS_AS_IT_WAS, /* add: it may log in already */
	ACCESS_REFUSED,   /* add: the text is not a usable key; finding says why */
	ACCESS_UNKNOWN,   /* remove: there is no such key, or the comment is not unique */
	ACCESS_LAST,      /* remove: it is the last one, and force was not given */
	ACCESS_NOT_OURS,  /* remove: it stands outside sshinit's block */
	ACCESS_FAILED,    /* the file cannot be written; the findings say why */
};

struct access {
	struct arena *arena;
	const struct account *account;
	const struct state *state;
	time_t now;
};

/* All that may log in, in the order of the file. */
struct access_key *access_list(const struct access *access, struct findings *findings);

/* Adds an accepted entry (keys/paste). */
enum access_result access_add(
    const struct access *access, const struct entry *entry, struct findings *findings);

/* Removes the key that which names: SHA256:... (padded or not), MD5:... or colon hex, or a comment
 * that only one key has. *fingerprint is the removed key's. */
enum access_result access_remove(const struct access *access, const char *which, bool force,
    const char **fingerprint, struct findings *findings);

/* How many keys of the user which names: more than one where they share a comment. */
size_t access_count(const struct access *access, const char *which);

/* Ends the live sessions that logged in with the key; how many processes were told to end. */
int access_disconnect(const struct access *access, const char *fingerprint);

#endif
