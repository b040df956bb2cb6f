/*
 * api/confine: takes from the API's process what it has no use for.
 *
 * A process that parses what strangers send, as root, should be able to do little else: no
 * capability but those by which it acts as the login users (none where it is the only one), none to
 * be had again (no_new_privs), and a seccomp filter under which it can run no program, map no
 * memory as code, open no connection, trace, mount or load nothing.
 */
#ifndef SSHINIT_API_CONFINE_H
#define SSHINIT_API_CONFINE_H

#include "pod/account.h"

/* To be called when everything is open. 0, or -1 and errno: then do not serve. A kernel without
 * seccomp filters is no error; *filtered tells. */
int confine(const struct account *accounts, bool *filtered);

#endif
