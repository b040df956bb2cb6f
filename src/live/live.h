/*
 * live: the pod as it is now, beside the plan of what a start would do.
 *
 * Reads, asks and connects; changes nothing.
 */
#ifndef SSHINIT_LIVE_LIVE_H
#define SSHINIT_LIVE_LIVE_H

#include "live/looks.h"

/* All looks. running: an sshinit was started here; ports: on which its sshd listens, or NULL. */
struct looks live_look(const struct plan *plan, bool running, const long *ports);

/* The parts of live_look: each adds the lines about its subject. */
void live_account(struct looks *looks, const struct login *login);
void live_paths(struct looks *looks, const struct login *login);
void live_backend(struct looks *looks);
void live_image(struct looks *looks);
void live_port(struct looks *looks, long port);
void live_refusals(struct looks *looks);

/* The generated configuration that the running sshd has read; "" where there is none. */
const char *live_config(const struct looks *looks);

/* Whether the file holds a certificate, so that live_certificate can say something of it. */
bool live_is_certificate(struct arena *arena, const char *path);

/* A certificate on this machine: what it says, until when, and whether the pod (or the user-ca of
 * the command line) lets in who holds it. */
void live_certificate(struct looks *looks, const char *path);

#endif
