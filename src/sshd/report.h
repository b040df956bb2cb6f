/*
 * report: a plan in words.
 *
 * The log of a start, the text of --check and the JSON of both are made here and nowhere else.
 */
#ifndef SSHINIT_SSHD_REPORT_H
#define SSHINIT_SSHD_REPORT_H

#include "base/set.h"
#include "sshd/plan.h"

#include <jansson.h>

/* Logs every entry: the accepted ones with type, size, fingerprint and comment, the others with
 * their fix. */
void report_log_entries(const struct entries *entries);

/* Logs the findings that are not in before, and puts all into now: a restart of sshd makes a new
 * plan, and nobody wants to read the same line again. */
void report_log_findings(
    const struct findings *findings, const struct set *before, struct set *now);

/* Logs how many keys may log in now, after the sources were read again. */
void report_log_count(const struct plan *plan);

/* Logs what a client needs to know once sshd listens: host key, port, the line to paste. */
void report_log_listening(const struct plan *plan);

/* {"version", "connect": {...}}: the part of it that tells how to reach the pod. */
json_t *report_connect_json(const struct plan *plan);

/* Where a start leaves that, for the users of the pod: nothing in it is a secret. */
#define REPORT_CONNECT "connect.json"

/* Takes what it says into a plan of another user. */
void report_connect_load(struct plan *plan, const json_t *object);

/* The object of --check --json, with the connect fields. The caller owns it: json_decref. */
json_t *report_json(const struct plan *plan);

/* One finding, as it stands in that object. */
json_t *report_finding_json(const struct finding *finding);

#endif
