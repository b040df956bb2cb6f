/*
 * hostcert: whether a certificate is one that sshd presents for its host key.
 *
 * sshd starts with any file, and presents nothing where it is not; the clients that trust the CA
 * would then ask about a key that they do not know.
 */
#ifndef SSHINIT_SSHD_HOSTCERT_H
#define SSHINIT_SSHD_HOSTCERT_H

#include "base/span.h"

struct arena;

/* What is wrong with the text of a certificate for the key of that fingerprint ("": not known yet);
 * "" where nothing is. */
const char *hostcert_wrong(struct arena *arena, struct span text, const char *fingerprint);

#endif
