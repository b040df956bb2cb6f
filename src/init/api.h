/*
 * api: the key API as a service of the worker (the API itself is in src/api).
 */
#ifndef SSHINIT_INIT_API_H
#define SSHINIT_INIT_API_H

#include "init/ssh.h"

/* It runs whether or not sshd does: the first key may come through it. */
struct service api_service(struct ssh *ssh);

#endif
