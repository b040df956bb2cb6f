/*
 * table: rows of "verdict  subject  text" on standard output, for people.
 *
 * Aligned, and wrapped at the terminal's width; where standard output is no terminal, a row is one
 * line. Colours only on a terminal, and not where NO_COLOR is set. Control characters are written
 * as \xNN.
 */
#ifndef SSHINIT_BASE_TABLE_H
#define SSHINIT_BASE_TABLE_H

#include "base/buf.h"

#include <stdbool.h>

enum tone { TONE_PLAIN, TONE_GOOD, TONE_DOUBTFUL, TONE_BAD };

struct table {
	struct buf out;
	size_t width;   /* columns; 0: no wrapping */
	size_t subject; /* columns of the widest subject so far, see table_fit */
	bool colour;
};

/* As standard output is. */
struct table table_new(struct arena *arena);

/* Makes room for this subject; to be called for all before the first row. */
void table_fit(struct table *table, const char *subject);

void table_row(struct table *table, enum tone tone, const char *verdict, const char *subject,
    const char *text);

/* A line below a row, in the column of its text: label "fix: ", then text. */
void table_below(struct table *table, const char *label, const char *text);

/* A line on its own. */
void table_line(struct table *table, const char *text);

/* Control characters spelled out, C1 of UTF-8 included. Text without any is given back as it is. */
const char *table_plain(struct arena *arena, const char *text);

/* Writes it all. */
void table_print(const struct table *table);

#endif
