/*
 * capabilities: what the kernel lets us do, and what a login needs of it.
 *
 * Containers run with capabilities taken away, and sshd's own messages about it ("chroot: Operation
 * not permitted") reach nobody. Here each lack is named with what to add.
 */
#ifndef SSHINIT_POD_CAPABILITIES_H
#define SSHINIT_POD_CAPABILITIES_H

#include "pod/account.h"

/* Adds a finding for every capability that a login of these accounts needs and this process lacks.
 * system_sshd: the image's own, which also wants to write the audit log. ports: 0-terminated. */
void capabilities_plan(
    const struct account *accounts, const long *ports, bool system_sshd, struct findings *findings);

/* Whether this process may bind the port, as far as privileges go. */
bool capabilities_allow_port(long port);

/* The effective ones by name, "cap_chown, cap_setuid", in arena; "none". */
const char *capabilities_text(struct arena *arena);

#endif
