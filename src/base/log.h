/*
 * log: what a start tells the user, on standard error, one line at a time.
 *
 * Every line begins with "sshinit: " and is written by a single write(2), so lines of several
 * processes never mix. Control characters are written as \xNN: nothing that a client or a key
 * holds can forge a line or drive a terminal. A line that standard error does not take is dropped;
 * nothing waits for a reader. Standard output is never touched on a start; it is the command's.
 */
#ifndef SSHINIT_BASE_LOG_H
#define SSHINIT_BASE_LOG_H

#include "base/finding.h"

#include <stdbool.h>

enum log_level { LOG_QUIET, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above level are dropped from now on. Until the first call: LOG_INFO. */
void log_set_level(enum log_level level);

/* Nothing more is written by this process (a terminal that now belongs to the command). */
void log_mute(void);

/* Writes one line at the given level. The text needs no line end. */
void log_say(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes a finding: "subject: message", and its fix on a line of its own. Notes are LOG_INFO. */
void log_finding(const struct finding *finding);

/* Writes all findings that are at least that severe. */
void log_findings(const struct findings *findings, enum severity least);

/* Whether standard error is a terminal on which colours are wanted (NO_COLOR is obeyed). */
bool log_colour(void);

#endif
