/*
 * base64: the encoding of a key's blob, read exactly as OpenSSH reads it.
 *
 * base64_read answers what sshd would: padding must be there, bits left over must be zero, white
 * space other than space and tab is skipped (that is why CRLF works). Where text is not that, the
 * answer says how, and the bytes before the fault are given, so that the mistake can be named.
 */
#ifndef SSHINIT_KEYS_BASE64_H
#define SSHINIT_KEYS_BASE64_H

#include "base/arena.h"
#include "base/span.h"

#include <stdint.h>

enum base64_fault {
	BASE64_OK,
	BASE64_CHAR,    /* a character outside the alphabet */
	BASE64_LENGTH,  /* the end is missing, or padding stands where none may */
	BASE64_PADDING, /* only the padding is missing */
	BASE64_BITS     /* the last character has bits that nothing could have encoded */
};

struct bytes {
	const uint8_t *data;
	size_t len;
};

/* One character of the alphabet, '=' not included. */
bool base64_char(char c);

/* Decodes text into memory of arena. bytes is set when the answer is BASE64_OK, and for the other
 * faults to what stands before the fault. */
enum base64_fault base64_read(struct arena *arena, struct span text, struct bytes *bytes);

/* Encodes with padding. */
char *base64_write(struct arena *arena, struct bytes bytes);

#endif
