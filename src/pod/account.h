/*
 * account: who logs in.
 *
 * passwd, shadow and group are read from their files and nowhere else: no name service can make a
 * start wait. A user id without an entry (OpenShift's arbitrary ids, a scratch image) gets an entry
 * of our making, which the embedded sshd is shown too; that entry is for the running user alone, so
 * it can never let in somebody whom the image does not know.
 */
#ifndef SSHINIT_POD_ACCOUNT_H
#define SSHINIT_POD_ACCOUNT_H

#include "base/settings.h"
#include "base/span.h"

#include <stdbool.h>
#include <sys/types.h>

struct account {
	struct account *next;
	const char *name;
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary, as /etc/group has them */
	size_t group_count;
	const char *home;
	const char *shell;  /* the path passwd names; /bin/sh where it names none */
	bool synthetic;     /* no passwd entry; made by us */
	bool locked;        /* the shadow password starts with "!" */
	bool expired;       /* by the date in shadow; every sshd refuses it */
	bool home_exists;   /* a directory */
	bool shell_works;   /* a regular, executable file */
	bool shell_refuses; /* nologin or false: works, and says no */
};

/* The accounts that the setting user names, else the one sshinit runs as. Names that cannot be
 * served (unknown, another user while we are not root) are findings and left out. */
struct account *accounts_plan(
    struct arena *arena, const struct settings *settings, struct findings *findings);

/* Runs work(context, fd) with the account's ids, in a child where they are not ours already, and
 * gives back what it wrote to fd. 0, or -1 and errno (ETIMEDOUT after 20 s, and it is killed); the
 * work's own failure is in its output. */
int account_run(struct arena *arena, const struct account *account,
    void (*work)(void *context, int fd), void *context, char **output, size_t *len);

/* Puts text at name in dir, a directory of ours, as a file that belongs to the account; mode as
 * file_replace has it. Where root may not give files away (no CAP_CHOWN), a child with the
 * account's ids makes it, in a directory whose name nobody can guess. 0, or -1 and errno. */
int account_put_file(struct arena *arena, const struct account *account, int dir, const char *name,
    struct span text, mode_t mode);

#endif
