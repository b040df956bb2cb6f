/*
 * change: what is to become of the user's files, shown or carried out.
 */
#ifndef SSHINIT_LAPTOP_CHANGE_H
#define SSHINIT_LAPTOP_CHANGE_H

#include "base/buf.h"
#include "laptop/home.h"

struct change {
	struct change *next;
	const struct conffile *file;
	struct span text;
	bool backup, delete; /* delete: the file goes when text is empty */
	bool hidden;         /* a step on the way, not shown */
};

struct changes {
	struct arena *arena;
	struct change *first;
};

struct changes changes_new(struct arena *arena);

/* The steps that put pod in, with its host keys (pinned: those that stand there now). They are
 * ordered so that ssh finds the old or the new state after each. */
void changes_add(struct changes *changes, const struct home *home, const struct pod *pod,
    const char *pinned, const char *keys);

/* The steps that take alias out. */
void changes_remove(struct changes *changes, const struct home *home, const char *alias);

/* Adds a unified diff of every file that changes. */
void changes_diff(const struct changes *changes, struct buf *out);

/* Carries them out in order; stops at the first that fails, with a finding. */
bool changes_write(const struct changes *changes, struct findings *findings);

#endif
