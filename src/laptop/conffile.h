/*
 * conffile: one file of the user's, read whole and replaced whole.
 *
 * Killed at any moment, the file is either the old or the new one: the new text is written beside
 * it, flushed, and renamed over it. Mode and owner are kept; where the path is a symbolic link, the
 * link stays and the file it points to is replaced.
 */
#ifndef SSHINIT_LAPTOP_CONFFILE_H
#define SSHINIT_LAPTOP_CONFFILE_H

#include "base/finding.h"
#include "base/span.h"

#include <sys/types.h>

struct conffile {
	const char *path; /* as the user names it */
	const char *real; /* behind all symbolic links */
	bool exists;
	mode_t mode; /* 0600 for one that does not exist yet */
	uid_t uid;
	gid_t gid;
	struct span text;
};

/* Reads path. A file that is not there is empty and fine; anything but a regular file that can be
 * read, and written by us, is refused with a finding. */
bool conffile_read(struct findings *findings, const char *path, struct conffile *out);

/* Whether the file still is as it was read. */
bool conffile_unchanged(struct findings *findings, const struct conffile *file);

/* Keeps other runs of sshinit from writing in the file's directory, which is made (0700) where it
 * is missing, until the descriptor is closed. -1 with a finding on failure. */
int conffile_lock(struct findings *findings, const struct conffile *file);

/* Replaces the file's text, making its directory (0700) where that is missing. backup: keep the old
 * text as path.bak. On failure the file is as it was, and a finding says why. */
bool conffile_write(
    struct findings *findings, const struct conffile *file, struct span text, bool backup);

/* Deletes the file. One that is not there is fine. */
bool conffile_delete(struct findings *findings, const struct conffile *file);

#endif
