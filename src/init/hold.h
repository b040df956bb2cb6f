/*
 * hold: no command was given; SSH is what the container is for.
 *
 * This process stays, reaps whatever becomes its child, and goes at once on SIGTERM, SIGINT or
 * SIGQUIT, with status 0: being told to stop is how such a container ends well (`sleep infinity`
 * as PID 1 would not hear the signal, and be killed after ten seconds). SIGHUP reads the keys
 * again.
 */
#ifndef SSHINIT_INIT_HOLD_H
#define SSHINIT_INIT_HOLD_H

#include "init/monitor.h"

/* Returns the status to exit with, when it is time. */
int hold(struct monitor *monitor);

#endif
