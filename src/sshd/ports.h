/*
 * ports: where sshd can listen.
 *
 * A port that somebody else holds, or that this user may not bind, is found out before sshd is
 * started, by binding it for a moment; sshd's own words about it reach nobody.
 */
#ifndef SSHINIT_SSHD_PORTS_H
#define SSHINIT_SSHD_PORTS_H

#include "base/settings.h"

enum { PORTS_MOST = SETTINGS_PORTS_MOST, PORT_FALLBACK = 2222 };

/* Fills ports (0-terminated) with those to listen on. Where the setting was not given and 22 cannot
 * be bound, 2222 takes its place, with a finding; a given port that cannot be bound is an error and
 * stays in the list. */
void ports_plan(
    long ports[PORTS_MOST + 1], const struct settings *settings, struct findings *findings);

/* Takes the ports as they are set, without trying them: our own sshd holds them already. */
void ports_as_set(long ports[PORTS_MOST + 1], const struct settings *settings);

#endif
