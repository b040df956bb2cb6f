/*
 * damage: lines that hold a key, or what was one, and that sshd would skip. Private to the rooms
 * that say which mistake it is, and what line was meant where nothing has to be guessed for it:
 *
 *   damage.c         which of them is asked
 *   damage_words.c   the line's words, and what all of them need
 *   damage_blob.c    a type that exists, and a blob that does not fit behind it
 *   damage_type.c    a blob, and in front of it what was meant to be its type
 *   damage_front.c   something in front of the type: a host, a name, a label
 *   damage_option.c  options in front of the type
 */
#ifndef SSHINIT_KEYS_DAMAGE_H
#define SSHINIT_KEYS_DAMAGE_H

#include "keys/reader.h"
#include "keys/thing.h"

enum { WORDS_MAX = 64 };

/* A line's words. Only the first few matter; the rest is comment. */
struct words {
	struct span at[WORDS_MAX], text;
	size_t n, type, blob; /* which word is the type, the blob; n: none */
};

void find_words(struct reader *reader, struct span line, struct words *words);

/* The line from word i on, to its end; the line up to word i. */
struct span rest_from(const struct words *words, size_t i);
struct span text_before(const struct words *words, size_t i);

bool has_odd_letters(struct span text);
/* Anything but punctuation. */
bool has_letters(struct span text);

/* The right line of a blob, whatever its type word was; NULL where sshd would not take it. */
char *right_line(struct reader *reader, struct span list, struct span blob, struct span comment);

/* report_refused, with shown as the detail. */
void refuse_showing(struct reader *reader, enum code code, const struct blob *facts,
    struct bytes bytes, const char *fix, struct span shown);

/* A line that begins with [options and] a type that exists. */
void report_blob(struct reader *reader, const struct words *words, struct span list);

/* A blob that nobody made: AAAA..., XXXX, words of a template. */
bool is_placeholder_blob(struct span blob);

/* A blob without a type that exists. */
void report_bare(struct reader *reader, const struct words *words);

/* Words in front of a type that exists, and that has a key behind it. */
void report_front(struct reader *reader, const struct words *words);
bool is_hosts(struct span text);
bool is_label(struct span text);

/* Options that sshd does not take, or a space among them; false where nothing is wrong with them.
 */
bool report_options(struct reader *reader, const struct words *words, struct span list);

#endif
