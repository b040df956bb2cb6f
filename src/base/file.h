/*
 * file: reading and replacing files that somebody else may have prepared for us.
 *
 * Whatever stands at a path when we come is not trusted: a link is not followed, a fifo does not
 * make us wait, a device or a directory is not read, a second link to the file is not written
 * through. A file is replaced by a new one that is complete before it takes the name.
 */
#ifndef SSHINIT_BASE_FILE_H
#define SSHINIT_BASE_FILE_H

#include "base/span.h"

#include <stdbool.h>
#include <sys/types.h>

struct arena;

/* Reads a whole regular file of at most limit bytes, relative to dir as openat(2) has it. The last
 * part of the path may be a link (a mounted Secret is made of links). 0, or -1 and errno: EFBIG
 * when it is larger, EINVAL when it is no regular file. text->data is followed by a NUL. */
int file_read(struct arena *arena, int dir, const char *path, size_t limit, struct span *text);

/* The same, but a link at the last part (ELOOP) and a file with a second link (EMLINK) are refused:
 * for files in places where another user may write. */
int file_read_own(struct arena *arena, int dir, const char *path, size_t limit, struct span *text);

/* Reads an open descriptor to its end, at most limit bytes; expected is a guess of how many. 0, or
 * -1 and errno: EFBIG when there are more. text->data is followed by a NUL. */
int file_drain(struct arena *arena, int fd, size_t expected, size_t limit, struct span *text);

struct file_owner {
	uid_t uid;
	gid_t gid;
};

/* Puts text at name in the open directory dir, atomically: a new file with that mode and owner
 * (NULL: ours), then rename(2). With sync the data and the directory are on disk before it returns.
 * 0, or -1 and errno, with nothing left behind and the old file as it was. */
int file_replace(int dir, const char *name, struct span text, mode_t mode,
    const struct file_owner *owner, bool sync);

/* The same by way of a temporary name that the caller chose, and that must be free. */
int file_replace_by(int dir, const char *name, const char *temporary, struct span text, mode_t mode,
    const struct file_owner *owner, bool sync);

/* Removes what a file_replace that was killed has left in the directory, once it is a minute old.
 */
void file_sweep(int dir);

/* Flushes a file and its directory to disk; what file_replace leaves out without sync. */
int file_sync(int dir, const char *name);

/* Makes the directory name in dir where it is missing, with that mode whatever the umask, and opens
 * it; a link there is not followed. The descriptor, or -1 and errno. made tells whether it is new;
 * may be NULL. */
int dir_open(int dir, const char *name, mode_t mode, bool *made);

/* Whether only root and we can put something else at the path, or change what is there; not where
 * there is nothing, or a link on the way. */
bool file_is_sheltered(struct arena *arena, const char *path);

/* Whether something is mounted at path: a directory that the image did not bring. */
bool file_is_mount(const char *path);

/* Writes all bytes. 0, or -1 and errno. */
int write_all(int fd, const void *bytes, size_t len);

#endif
