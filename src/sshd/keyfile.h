/*
 * keyfile: where a user's keys stand, and writing them there.
 *
 * ~/.ssh/authorized_keys, unless sshd would not accept a file there or the home cannot hold one;
 * then a file of the user's own in the state directory. The home belongs to the user, so it is read
 * and written only by a child with the user's ids: nothing there can make root read or write
 * something else.
 */
#ifndef SSHINIT_SSHD_KEYFILE_H
#define SSHINIT_SSHD_KEYFILE_H

#include "base/buf.h"
#include "pod/account.h"
#include "pod/state.h"
#include "sshd/authorized_keys.h"

#include <sys/stat.h>

enum keyfile_place { IN_HOME, IN_STATE };

/* One path of the home as it was found: error is 0 or an errno value. */
struct path_facts {
	int error;
	mode_t mode;
	uid_t uid;
	nlink_t links;
};

struct keyfile {
	const struct account *account;
	const struct entries *entries; /* the keys that may log in here; NULL: those in the block */
	time_t now;
	/* A change to make, under the lock, before the text is put together; NULL for none. When it
	 * answers no, nothing is written. What it says to the user it puts into answer. */
	bool (*change)(void *context, struct keyfile_text *apart, struct buf *answer);
	void *context;
	const char *answer; /* after keyfile_write */
	/* For a change to the file that the running sshd reads: where it cannot be written,
	 * keyfile_write fails, for in the other place sshd would not see the change. */
	bool stay;
	enum keyfile_place place;
	const char *path;                  /* of the file in the home */
	struct path_facts home, ssh, file; /* as StrictModes looks at them */
	int write_error;                   /* of ~/.ssh, or of the home where it is not there yet */
	struct span old;                   /* what stands in the home's file now */
	struct keyfile_text apart;
	struct keyfile_plan plan;
	/* What the file in the other place, the last one in force, has as added and as removed; it
	 * stays so when the place changes. */
	struct entries added;
	const char *const *removed;
	size_t removed_count;
};

/* Looks at the home and plans the file, as yet with the keys that stand in its block (keyfile_use
 * gives it others). Touches nothing. */
struct keyfile keyfile_look(
    struct arena *arena, const struct account *account, time_t now, struct findings *findings);

/* Where the keys move (from the home to the state directory, or back), carries what stands as added
 * and removed in the old place over into the plan. A finding where added keys are left behind. */
void keyfile_carry(struct keyfile *keyfile, struct arena *arena, const struct state *state,
    struct findings *findings);

/* Plans the file anew with these entries. */
void keyfile_use(struct keyfile *keyfile, struct arena *arena, const struct entries *entries,
    struct findings *findings);

/* Writes the file where it differs, without waiting for the disk. Where the home turns out not to
 * keep what was written, the state directory is used (unless stay): place tells. 0, or -1 after an
 * error finding: nobody can log in to this account. */
int keyfile_write(struct keyfile *keyfile, struct arena *arena, const struct state *state,
    struct findings *findings);

/* Puts the keys into the state directory although the home would do; for an account that shares its
 * sshd with one whose keys must stand there. */
int keyfile_write_to_state(struct keyfile *keyfile, struct arena *arena, const struct state *state,
    struct findings *findings);

/* Whether the keys of this account stand in the state directory now; if so, apart and plan are of
 * that file. */
bool keyfile_in_state(struct keyfile *keyfile, struct arena *arena, const struct state *state);

/* Removes the file in the state directory: the one in the home is in force, and has taken over what
 * was noted there as added and removed. */
void keyfile_leave_state(
    const struct keyfile *keyfile, struct arena *arena, const struct state *state);

/* What keyfile_write left out: flushes the file to disk. */
void keyfile_flush(const struct keyfile *keyfile, struct arena *arena);

#endif
