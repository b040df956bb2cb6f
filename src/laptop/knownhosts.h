/*
 * knownhosts: the pods' host keys in a known_hosts file of sshinit's own. Pure.
 *
 * Each line is "NAME TYPE BLOB", NAME being the pod's alias (HostKeyAlias in its Host block), so
 * one pod's keys can be found and replaced without touching another's.
 */
#ifndef SSHINIT_LAPTOP_KNOWNHOSTS_H
#define SSHINIT_LAPTOP_KNOWNHOSTS_H

#include "base/buf.h"
#include "base/span.h"

/* The lines of name, each ending in \n, in arena; "" when there are none. */
char *knownhosts_get(struct arena *arena, struct span text, const char *name);

/* text with name's lines replaced by lines ("" removes them). */
struct span knownhosts_put(
    struct arena *arena, struct span text, const char *name, const char *lines);

/* Adds "NAME TYPE BLOB\n" for a key "TYPE BLOB [COMMENT]"; false when that is no public key, and
 * nothing is added. A line that buf already has is not added again. */
bool knownhosts_line(struct buf *buf, const char *name, const char *key);

#endif
