/*
 * section: the part of an ssh configuration that sshinit owns, between its two marker lines.
 *
 * Pure: text in, text out. Every byte outside the markers is kept as it is; taking the last pod out
 * gives back the file as it was before the first one came in.
 */
#ifndef SSHINIT_LAPTOP_SECTION_H
#define SSHINIT_LAPTOP_SECTION_H

#include "base/buf.h"
#include "base/span.h"

#define SECTION_BEGIN "# BEGIN sshinit"
#define SECTION_END   "# END sshinit"

/* One pod's part of the section: the line with its options, then its Host block. */
struct chunk {
	struct chunk *next;
	const char *alias;
	struct span options; /* as pod_read reads them */
	struct span text;    /* all of it, the options line included */
};

struct section {
	struct arena *arena;
	bool found;
	size_t begin, end; /* the markers with their line ends: [begin, end) */
	bool include;      /* it only includes a file of sshinit's own */
	bool crlf;         /* the file's lines end in CR LF */
	struct chunk *chunks;
};

/* Finds the section in text. False when the markers do not pair up: *why says so with the numbers
 * of the lines. The chunks point into text. */
bool section_find(struct arena *arena, struct span text, struct section *out, const char **why);

struct chunk *section_chunk(const struct section *section, const char *alias);

/* Replaces, adds (at the end) or, where text is empty, removes the chunk of alias. */
void section_put(struct section *section, const char *alias, struct span text);

/* Makes a chunk's text of its options line and its block of lines (ending in \n). */
struct span section_chunk_text(
    const struct section *section, const char *alias, const char *options, const char *block);

/* text with its section replaced by what section holds now. include: the file to include instead of
 * the chunks; NULL for the chunks themselves. */
struct span section_compose(struct span text, const struct section *section, const char *include);

/* The number of the line, from 1, on which a Host block outside the section is named for exactly
 * this alias; 0 when there is none. */
unsigned section_other_host(struct span text, const struct section *section, const char *alias);

#endif
