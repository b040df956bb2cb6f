/*
 * chars: the characters that get into pasted text without anybody typing them.
 *
 * Text is UTF-8 where it is; every byte that is not part of a valid sequence counts as one
 * character of its own (CHAR_BYTE). Nothing here judges, it only names.
 */
#ifndef SSHINIT_KEYS_CHARS_H
#define SSHINIT_KEYS_CHARS_H

#include "base/arena.h"
#include "base/span.h"

#include <stdint.h>

enum char_class {
	CHAR_PLAIN,     /* printable ASCII */
	CHAR_BLANK,     /* space, tab */
	CHAR_SPACE,     /* any other space: no-break, ideographic, vertical tab, ... */
	CHAR_INVISIBLE, /* zero width, soft hyphen, control, escape sequence */
	CHAR_BREAK,     /* ends a line somewhere, but not for sshd: CR, NEL, U+2028, U+2029 */
	CHAR_LETTER,    /* any other character beyond ASCII */
	CHAR_BYTE       /* not UTF-8 */
};

/* The class of the character at the front of text (not empty), its length in bytes and, where
 * wanted, its code point. A terminal's escape sequence counts as one character. */
enum char_class char_at(struct span text, size_t *len, uint32_t *point);

/* A quotation mark of any kind at the front of text, backslashes before it included: its length in
 * bytes, else 0. */
size_t char_quote(struct span text);

/* Without blanks, and without CR and LF, at both ends. */
struct span chars_trim(struct span text);

/* Text without invisible characters and with odd spaces made plain, up to the kept-th byte of the
 * result; what follows only loses control characters and escape sequences. */
struct span chars_clean(
    struct arena *arena, struct span text, size_t kept, bool *invisible, bool *spaces);

/* Text fit to be shown: no control characters, at most max bytes, "..." where it was cut. */
char *chars_show(struct arena *arena, struct span text, size_t max);

/* UTF-16 of either byte order, with a mark or without, made UTF-8. False where it is none. */
bool chars_utf16(struct arena *arena, struct span text, struct span *utf8);

/* Whether text is no text at all, by its first bytes. */
bool chars_binary(struct span text);

/* The first place in text where word stands, or text.len. */
size_t span_find(struct span text, const char *word);
size_t span_find_nocase(struct span text, const char *word);

/* The word at the front of text: up to the next blank. */
struct span span_word(struct span text);
struct span span_skip_blanks(struct span text);
bool span_starts_nocase(struct span text, const char *prefix);

#endif
