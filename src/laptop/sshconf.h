/*
 * sshconf: as much of ssh_config(5) as finding a place in it needs, and how a value is written.
 *
 * Pure.
 */
#ifndef SSHINIT_LAPTOP_SSHCONF_H
#define SSHINIT_LAPTOP_SSHCONF_H

#include "base/buf.h"
#include "base/span.h"

/* Start with rest = the text and all else zero. */
struct conf_line {
	struct span text; /* without its line end */
	size_t full_len;  /* with it */
	unsigned number;  /* from 1 */
	bool in_block;    /* a Host or Match line stands above */
	struct span rest;
	bool opens_block;
};

bool conf_next_line(struct conf_line *line);

bool conf_is_blank(struct span line);
bool conf_is_comment(struct span line);
bool conf_keyword_is(struct span line, const char *keyword);

/* For a Host line: whether pattern is one of its words; whether ssh would apply it to alias. */
bool conf_host_has(struct span line, const char *pattern);
bool conf_host_matches(struct span line, const char *alias);

/* Adds value as one argument, quoted where it must be. percent: the option expands %-tokens, and
 * the value has none. */
void conf_quote(struct buf *buf, const char *value, bool percent);

#endif
