#include "keys/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static bool
is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
base64_char(char c)
{
	return value(c) >= 0;
}

/* What stands behind the data: nothing, or just enough '=' and white space. */
static enum base64_fault
read_tail(struct span tail, size_t chars)
{
	size_t pads = 0, wanted = (4 - chars % 4) % 4;

	for (size_t i = 0; i < tail.len; i++) {
		if (is_white(tail.data[i]))
			continue;
		if (tail.data[i] != '=')
			return pads == 0 ? BASE64_CHAR : BASE64_LENGTH;
		pads++;
	}
	if (pads == wanted && wanted != 3)
		return BASE64_OK;
	if (pads == 0 && wanted != 3)
		return BASE64_PADDING;
	return BASE64_LENGTH;
}

enum base64_fault
base64_read(struct arena *arena, struct span text, struct bytes *bytes)
{
	uint8_t *out = arena_alloc(arena, text.len / 4 * 3 + 3, 1);
	unsigned long bits = 0;
	size_t len = 0, chars = 0, i = 0;
	enum base64_fault fault;

	for (; i < text.len; i++) {
		int v = value(text.data[i]);

		if (v < 0 && is_white(text.data[i]))
			continue;
		if (v < 0)
			break;
		bits = (bits << 6 | (unsigned)v) & 0xffffff;
		switch (++chars % 4) {
		case 2:
			out[len++] = (uint8_t)(bits >> 4);
			break;
		case 3:
			out[len++] = (uint8_t)(bits >> 2);
			break;
		case 0:
			out[len++] = (uint8_t)bits;
			break;
		default:
			break;
		}
	}
	*bytes = (struct bytes){ out, len };
	fault = read_tail(span_skip(text, i), chars);
	if ((fault == BASE64_OK || fault == BASE64_PADDING)
	    && ((chars % 4 == 2 && (bits & 0xf) != 0) || (chars % 4 == 3 && (bits & 0x3) != 0)))
		return BASE64_BITS;
	return fault;
}

char *
base64_write(struct arena *arena, struct bytes bytes)
{
	char *out = arena_alloc(arena, (bytes.len + 2) / 3 * 4 + 1, 1);
	char *p = out;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		unsigned long bits = (unsigned long)bytes.data[i] << 16;

		if (left > 1)
			bits |= (unsigned long)bytes.data[i + 1] << 8;
		if (left > 2)
			bits |= bytes.data[i + 2];
		*p++ = alphabet[bits >> 18];
		*p++ = alphabet[bits >> 12 & 63];
		*p++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		*p++ = left > 2 ? alphabet[bits & 63] : '=';
	}
	return out;
}
