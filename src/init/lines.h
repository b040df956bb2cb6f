/*
 * lines: cut a stream of bytes into lines of bounded length.
 *
 * The stream is what a service writes to standard error, so any byte may come in pieces of any
 * size. A line longer than there is room for is handed over cut off, and its rest dropped: a
 * program that never ends its line costs LINES_ROOM bytes, not all memory.
 */
#ifndef SSHINIT_INIT_LINES_H
#define SSHINIT_INIT_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum { LINES_ROOM = 2048 };

struct lines {
	char text[LINES_ROOM];
	size_t len;
	bool dropping; /* until the line ends */
};

/* Adds bytes; calls with each line that they complete, without its line end (CR too). Empty lines
 * are left out. The text is gone when the call returns. */
void lines_add(struct lines *lines, const char *bytes, size_t len,
    void (*call)(void *context, const char *line), void *context);

/* The same for the bytes of one write(2), which are one line whatever they hold: a line end that is
 * not the last byte becomes "?", so nobody can put a line of his own into another's. */
void lines_add_whole(struct lines *lines, const char *bytes, size_t len,
    void (*call)(void *context, const char *line), void *context);

#endif
