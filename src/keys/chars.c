#include "keys/chars.h"

#include "base/buf.h"

#include <ctype.h>

/* Length of the UTF-8 sequence at the front of text, 0 where it is none. */
static size_t
decode(struct span text, uint32_t *point)
{
	const unsigned char *p = (const unsigned char *)text.data;
	size_t len = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c;

	if (len == 1) {
		*point = *p;
		return 1;
	}
	if (*p < 0xc2 || *p > 0xf4 || text.len < len)
		return 0;
	c = *p & (0xffU >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*point = c;
	return len;
}

/* Length of the terminal escape sequence behind ESC at the front of text. */
static size_t
escape_length(struct span text)
{
	size_t i = 2;

	if (text.len < 2)
		return 1;
	if (text.data[1] == '[') {
		while (i < text.len && text.data[i] >= 0x20 && text.data[i] < 0x40)
			i++;
		return i < text.len && text.data[i] >= 0x40 && text.data[i] < 0x7f ? i + 1 : 1;
	}
	if (text.data[1] == ']') {
		while (i < text.len && i < 256 && text.data[i] != '\a' && text.data[i] != '\033')
			i++;
		if (i + 1 < text.len && text.data[i] == '\033' && text.data[i + 1] == '\\')
			return i + 2;
		return i < text.len && text.data[i] == '\a' ? i + 1 : 1;
	}
	return 1;
}

static bool
is_invisible(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = { { 0x7f, 0x84 }, { 0x86, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f },
		{ 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
		{ 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffc },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return c < 0x20;
}

static bool
is_space(uint32_t c)
{
	return c == '\v' || c == '\f' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a)
	       || c == 0x202f || c == 0x205f || c == 0x3000 || c == 0x2800;
}

enum char_class
char_at(struct span text, size_t *len, uint32_t *point)
{
	uint32_t c = (unsigned char)*text.data;

	if (c > ' ' && c < 0x7f) { /* most are */
		*len = 1;
		if (point != NULL)
			*point = c;
		return CHAR_PLAIN;
	}
	*len = decode(text, &c);
	if (point != NULL)
		*point = *len == 0 ? (unsigned char)*text.data : c;
	if (*len == 0) {
		*len = 1;
		return CHAR_BYTE;
	}
	if (c == '\t' || c == ' ')
		return CHAR_BLANK;
	if (c == '\r' || c == '\n' || c == 0x85 || c == 0x2028 || c == 0x2029)
		return CHAR_BREAK;
	if (is_space(c))
		return CHAR_SPACE;
	if (c == '\033')
		*len = escape_length(text);
	return is_invisible(c) ? CHAR_INVISIBLE : CHAR_LETTER;
}

size_t
char_quote(struct span text)
{
	static const uint32_t quotes[] = { '"', '\'', '`', 0xab, 0xb4, 0xbb, 0x2018, 0x2019, 0x201a,
		0x201b, 0x201c, 0x201d, 0x201e, 0x201f, 0x2032, 0x2033, 0x2035, 0x2036, 0x2039,
		0x203a, 0x300c, 0x300d, 0x300e, 0x300f, 0x301d, 0x301e, 0x301f, 0xff02, 0xff07 };
	size_t slashes = 0, len;
	uint32_t c;

	while (slashes < text.len && text.data[slashes] == '\\')
		slashes++;
	if (slashes == text.len)
		return 0;
	char_at(span_skip(text, slashes), &len, &c);
	if (c < 0x80 && memchr("\"'`", (int)c, 3) == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(quotes) / sizeof(*quotes); i++)
		if (c == quotes[i])
			return slashes + len;
	return 0;
}

struct span
chars_trim(struct span text)
{
	while (text.len > 0 && memchr(" \t\r\n", *text.data, 4) != NULL)
		text = span_skip(text, 1);
	while (text.len > 0 && memchr(" \t\r\n", text.data[text.len - 1], 4) != NULL)
		text.len--;
	return text;
}

struct span
chars_clean(struct arena *arena, struct span text, size_t kept, bool *invisible, bool *spaces)
{
	size_t n = 0, len;
	char *out;

	*invisible = *spaces = false;
	while (n < text.len && text.data[n] >= ' ' && text.data[n] < 0x7f)
		n++;
	if (n == text.len)
		return text; /* most are clean */
	out = arena_alloc(arena, text.len + 1, 1);
	n = 0;
	for (size_t i = 0; i < text.len; i += len) {
		uint32_t c;
		enum char_class class = char_at(span_skip(text, i), &len, &c);

		if (class == CHAR_INVISIBLE && (n < kept || c < 0xa0)) {
			*invisible = true;
		} else if (class == CHAR_BREAK && n >= kept && c < 0x20) {
			out[n++] = ' ';
		} else if (class == CHAR_SPACE && (n < kept || c < 0x20)) {
			*spaces = true;
			out[n++] = ' ';
		} else {
			memcpy(out + n, text.data + i, len);
			n += len;
		}
	}
	return (struct span){ out, n };
}

char *
chars_show(struct arena *arena, struct span text, size_t max)
{
	struct buf out = buf_new(arena);
	size_t len;

	for (size_t i = 0; i < text.len; i += len) {
		enum char_class class = char_at(span_skip(text, i), &len, NULL);

		if (out.len + len > max) {
			buf_puts(&out, "...");
			break;
		}
		if (class == CHAR_PLAIN || class == CHAR_LETTER)
			buf_add(&out, text.data + i, len);
		else if (class == CHAR_BYTE)
			buf_putc(&out, '?');
		else if (class != CHAR_INVISIBLE)
			buf_putc(&out, ' ');
	}
	return arena_strndup(arena, out.len > 0 ? out.data : "", out.len);
}

static void
put_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(out, (char)c);
		return;
	}
	if (c >= 0x10000)
		buf_putc(out, (char)(0xf0 | c >> 18));
	if (c >= 0x800)
		buf_putc(out, (char)((c >= 0x10000 ? 0x80 : 0xe0)
		                     | (c >> 12 & (c >= 0x10000 ? 0x3f : 0x0f))));
	buf_putc(out, (char)((c >= 0x800 ? 0x80 : 0xc0) | (c >> 6 & (c >= 0x800 ? 0x3f : 0x1f))));
	buf_putc(out, (char)(0x80 | (c & 0x3f)));
}

bool
chars_utf16(struct arena *arena, struct span text, struct span *utf8)
{
	const unsigned char *p = (const unsigned char *)text.data;
	size_t zeros[2] = { 0, 0 }, sample = text.len < 512 ? text.len : 512, i = 0;
	struct buf out = buf_new(arena);
	bool big;

	if (text.len < 4)
		return false;
	for (size_t k = 0; k < sample; k++)
		zeros[k % 2] += p[k] == 0;
	if ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)) {
		big = p[0] == 0xfe;
		i = 2;
	} else if (zeros[1] * 4 >= sample && zeros[0] * 16 < sample) {
		big = false;
	} else if (zeros[0] * 4 >= sample && zeros[1] * 16 < sample) {
		big = true;
	} else {
		return false;
	}
	for (; i + 1 < text.len; i += 2) {
		uint32_t c = big ? (uint32_t)p[i] << 8 | p[i + 1] : (uint32_t)p[i + 1] << 8 | p[i];

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < text.len) {
			uint32_t low = big ? (uint32_t)p[i + 2] << 8 | p[i + 3]
			                   : (uint32_t)p[i + 3] << 8 | p[i + 2];

			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			}
		}
		put_utf8(&out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	}
	*utf8 = (struct span){ out.data != NULL ? out.data : "", out.len };
	return true;
}

bool
chars_binary(struct span text)
{
	size_t odd = 0, len, max = text.len < 4096 ? text.len : 4096;

	for (size_t i = 0; i < max; i += len) {
		enum char_class class = char_at(span_skip(text, i), &len, NULL);

		odd += class == CHAR_BYTE
		       || (class == CHAR_INVISIBLE && (unsigned char)text.data[i] < 0x80);
	}
	return odd * 10 > max;
}

size_t
span_find(struct span text, const char *word)
{
	const char *at = memmem(text.data, text.len, word, strlen(word));

	return at == NULL ? text.len : (size_t)(at - text.data);
}

size_t
span_find_nocase(struct span text, const char *word)
{
	size_t len = strlen(word);
	char both[3]
	    = { (char)tolower((unsigned char)*word), (char)toupper((unsigned char)*word), 0 };

	for (size_t i = 0; i + len <= text.len; i++)
		if ((text.data[i] == both[0] || text.data[i] == both[1])
		    && strncasecmp(text.data + i, word, len) == 0)
			return i;
	return text.len;
}

struct span
span_word(struct span text)
{
	size_t len = 0;

	while (len < text.len && text.data[len] != ' ' && text.data[len] != '\t')
		len++;
	return span_take(text, len);
}

struct span
span_skip_blanks(struct span text)
{
	while (text.len > 0 && (*text.data == ' ' || *text.data == '\t'))
		text = span_skip(text, 1);
	return text;
}

bool
span_starts_nocase(struct span text, const char *prefix)
{
	size_t len;

	if (text.len == 0 || ((*text.data ^ *prefix) & ~0x20) != 0)
		return *prefix == '\0';
	len = strlen(prefix);
	return text.len >= len && strncasecmp(text.data, prefix, len) == 0;
}
