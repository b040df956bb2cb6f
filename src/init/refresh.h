/*
 * refresh: sources of keys that change while the pod runs.
 *
 * Files and directories are watched (sshd/follow), addresses are asked by a process of their own
 * (sshd/fetch), which leaves the answers where they are watched too. Whatever changes, all sources
 * are read again and one new plan is made.
 */
#ifndef SSHINIT_INIT_REFRESH_H
#define SSHINIT_INIT_REFRESH_H

#include "init/ssh.h"

/* Begins to watch. */
void refresh_begin(struct ssh *ssh);

/* To be called at each reload: links may lead elsewhere now. */
void refresh_again(struct ssh *ssh);

/* The service that asks the addresses. */
struct service refresh_service(struct ssh *ssh);

#endif
