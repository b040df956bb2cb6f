/*
 * installing: the service that brings openssh-server where the setting sshd asks for it.
 */
#ifndef SSHINIT_INIT_INSTALLING_H
#define SSHINIT_INIT_INSTALLING_H

#include "init/ssh.h"

struct service installing_service(struct ssh *ssh);

#endif
