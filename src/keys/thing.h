/*
 * thing: what the rooms that name things without a key share. Private to thing.c, placeholder.c,
 * secret.c and damage.h; everybody else calls name_thing (reader.h).
 */
#ifndef SSHINIT_KEYS_THING_H
#define SSHINIT_KEYS_THING_H

#include "base/span.h"

/* Whether text begins with one of the words, whatever their case. */
bool text_starts_any(struct span text, const char *const *words);

/* How many characters the test finds in text; whether one of the characters is in it. */
size_t text_count(struct span text, int (*test)(int));
bool text_has_any(struct span text, const char *characters);

/* Letters, digits and _.-: only. */
bool text_is_name(struct span text);

/* Whether one of the words is in text, whatever their case. */
bool text_contains_any(struct span text, const char *const *words);

/* placeholder.c: "null", "${KEY}"; "paste your key here" */
bool text_is_placeholder(struct span text);
bool text_is_invitation(struct span text);

/* secret.c */
bool secret_token(struct span text);
bool secret_password(struct span text);

#endif
