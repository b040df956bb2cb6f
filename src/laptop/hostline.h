/*
 * hostline: the line that people copy from a cloud's console -> a pod.
 *
 * Pure. It reads ssh, scp, sftp, rsync and sshfs commands, ssh:// and editor links, and bare
 * user@host:port, in the forms that RunPod, Vast and sshinit --connect print. A pasted line is not
 * trusted: of the options only those are taken that cannot run a program, load a library or read a
 * file; anything else refuses the whole line.
 */
#ifndef SSHINIT_LAPTOP_HOSTLINE_H
#define SSHINIT_LAPTOP_HOSTLINE_H

#include "laptop/pod.h"

/* Reads text into pod (alias is left alone). False: refused, a finding says why and what to do. */
bool hostline_read(struct pod *pod, struct findings *findings, struct span text);

#endif
