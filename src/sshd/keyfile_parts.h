/*
 * keyfile_parts: what looking at a key file (keyfile.c) and writing it (keyfile_write.c) share.
 */
#ifndef SSHINIT_SSHD_KEYFILE_PARTS_H
#define SSHINIT_SSHD_KEYFILE_PARTS_H

#include "sshd/keyfile.h"

enum { KEYFILE_LIMIT = 8 * 1024 * 1024 };

#define KEYFILE_DIRECTORY ".ssh"
#define KEYFILE_NAME      "authorized_keys"

/* From now on the keys stand in the state directory; a finding says why. */
void keyfile_use_state(struct keyfile *keyfile, const char *why, struct findings *findings);

/* Whether nobody but the user can have written what the home's file says. */
bool keyfile_is_trusted(const struct keyfile *keyfile);

/* Plans the text from what stands in the file now, old. False where a change says that nothing is
 * to be written; what it says to the user is in answer. */
bool keyfile_plan_text(struct keyfile *keyfile, struct arena *arena, const char *name,
    struct span old, struct buf *answer);

#endif
