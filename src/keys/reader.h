/*
 * reader: one value on its way from text to entries. Private to the rooms behind paste.h:
 *
 *   paste.c     the value: UTF-16, lines, what belongs to what
 *   armour.c    things of several lines: private keys, PEM, SSH2, .ppk, PGP
 *   keygen.c    random art, and the rest of what ssh-keygen says
 *   json.c      JSON
 *   encoding.c  text that has to be decoded first: HTML, percent, quoted-printable, ...
 *   repair.c    decoration removed from one line; keys broken into pieces
 *   split.c     several keys on one line
 *   damage.c    why a line that holds a key is no key line, and the line to paste
 *   thing.c     what a line without a key is instead
 *   report.c    entries and their messages
 */
#ifndef SSHINIT_KEYS_READER_H
#define SSHINIT_KEYS_READER_H

#include "keys/key.h"
#include "keys/paste.h"

enum {
	DECORATIONS_MAX = 8,
	DEPTH_MAX = 6,
	REFUSED_MAX = 200,    /* from here on mistakes are only counted: nobody reads them */
	LONG_TEXT = 64 * 1024 /* longer lines are no keys with mistakes */
};

/* What has been removed so far, outermost first. */
struct decorations {
	enum code codes[DECORATIONS_MAX];
	size_t n;
};

struct reader {
	struct arena *arena; /* for what is thrown away after some lines */
	struct arena *keep;  /* that of entries */
	struct entries *entries;
	const char *source;
	const struct paste_rules *rules;
	unsigned line;             /* of what is being read */
	struct decorations around; /* what the containers around it were */
	enum code refuse_as;       /* not CODE_NONE: inside an encoding, nothing is used */
	enum code frame;           /* a code fence or the like was the line before */
	struct span heredoc;       /* the line that ends a shell's <<EOF; empty: there is none */
	unsigned depth;            /* of containers */
	struct entry *before;      /* the last entry before this value */
	bool keyed, several;       /* the value has a key, more keys than one */
	bool commented_key;        /* a comment held a key */
	const char *leaked[16];    /* fingerprints of private keys in this value */
	size_t leaks;
	size_t refused, private;
	size_t hopeless;    /* lines of which nothing could be made */
	const char *parsed; /* no JSON begins before this */
	bool endless;       /* no END line stands behind here */
	const char *tail;   /* no private key without its beginning ends before this */
	const char *tried;  /* no block of lines that ends before this is encoded */
	struct entry *more; /* stands for all the lines behind the first REFUSED_MAX refused ones */
};

/* The end of the line in which text[at] stands. */
static inline size_t
line_end(struct span text, size_t at)
{
	const char *end = at < text.len ? memchr(text.data + at, '\n', text.len - at) : NULL;

	return end == NULL ? text.len : (size_t)(end - text.data);
}

/* paste.c */
void read_text(struct reader *reader, struct span text);
/* Reads text found inside something else: decoration, or CODE_NONE, is what was around it. */
void read_inner(struct reader *reader, struct span text, enum code decoration);
/* The same, but whatever is found is refused as code, with the right line as the fix. */
void read_refused(struct reader *reader, struct span text, enum code code);

/* Each of these reads what stands at the front of rest and answers how many bytes it took; 0: this
 * was not for it. */
size_t read_armour(struct reader *reader, struct span rest);
size_t read_keygen(struct reader *reader, struct span rest);
size_t read_json(struct reader *reader, struct span rest);
/* blocks: the encodings that span lines, to be tried last, since a wrapped key can look like one.
 */
size_t read_encoded(struct reader *reader, struct span rest, struct span line, bool blocks);
size_t read_pieces(struct reader *reader, struct span rest, struct span line);

/* encoding.c: whether text holds a key, or a private one. */
bool holds_key(struct span text);

/* split.c: whether line held several keys or lines, which have been read. */
bool read_split(struct reader *reader, struct span line);

/* repair.c */
void decorate(struct decorations *decorations, enum code code);
/* line without the decoration that hides a key in it, if that makes a key of it. */
struct reading repair_line(struct reader *reader, struct span line, struct decorations *removed);
/* line without what looks like decoration, whether or not it holds a key. */
struct span undecorate(struct reader *reader, struct span line, struct decorations *removed);

/* damage.c, thing.c: report why line is no key. */
bool report_damage(struct reader *reader, struct span line);
enum code name_thing(struct arena *arena, struct span text);

/* report.c */
void report_key(
    struct reader *reader, const struct reading *reading, const struct decorations *removed);
struct entry *report_refused(struct reader *reader, enum code code, const struct blob *facts,
    struct bytes bytes, const char *fix, const char *detail, ...)
    __attribute__((format(printf, 6, 7)));
struct entry *report_thing(struct reader *reader, enum code code, struct span text);
/* One more line that is no key, when too many were reported already. */
void report_more(struct reader *reader);
/* A private key of which the public half could be read. */
void report_private(struct reader *reader, enum code code, struct bytes public);
/* What can be said only when the whole value has been read. */
void report_end(struct reader *reader, struct span text);

#endif
