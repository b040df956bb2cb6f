/*
 * sockets: which process holds a TCP connection or a listening port, as /proc tells.
 */
#ifndef SSHINIT_POD_SOCKETS_H
#define SSHINIT_POD_SOCKETS_H

#include "base/arena.h"

#include <sys/types.h>

enum { SOCKETS_HOLDERS = 32 };

/* The processes that hold an established connection whose other end is address (as sshd logs it)
 * and port, into pids: how many. Only those whose descriptors we may read. */
int sockets_holders(pid_t pids[SOCKETS_HOLDERS], const char *address, long port);

/* The processes that listen on the port. */
int sockets_listeners(pid_t pids[SOCKETS_HOLDERS], long port);

#endif
