/*
 * fingerprint: a key's short name, as ssh-keygen -l prints it.
 */
#ifndef SSHINIT_KEYS_FINGERPRINT_H
#define SSHINIT_KEYS_FINGERPRINT_H

#include "keys/base64.h"

/* "SHA256:..." of a blob, without padding. */
char *fingerprint_sha256(struct arena *arena, struct bytes blob);

/* "MD5:aa:bb:...", what older tools and some dashboards still show. */
char *fingerprint_md5(struct arena *arena, struct bytes blob);

#endif
