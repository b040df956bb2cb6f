#include "keys/private.h"

#include "base/buf.h"
#include "keys/blob.h"
#include "keys/chars.h"
#include "keys/der.h"

enum { BODY_MAX = 64 * 1024 };

struct bytes
private_body(struct arena *arena, struct span body)
{
	char *text = arena_alloc(arena, body.len + 4, 1);
	struct bytes bytes;
	size_t n = 0;

	for (size_t i = 0; i < body.len && i < BODY_MAX; i++) {
		char c = body.data[i];

		if (c == '\\' && i + 1 < body.len && body.data[i + 1] != '/')
			i++; /* \n or \r written out */
		else if (base64_char(c) || c == '=')
			text[n++] = c;
	}
	base64_read(arena, (struct span){ text, n }, &bytes);
	return bytes;
}

struct bytes
private_openssh(struct bytes body, bool *encrypted)
{
	static const char magic[] = "openssh-key-v1";
	const struct bytes none = { NULL, 0 };
	struct bytes string;

	if (body.len < sizeof(magic) || memcmp(body.data, magic, sizeof(magic)) != 0)
		return none;
	body.data += sizeof(magic);
	body.len -= sizeof(magic);
	if (!wire_string(&body, &string)) /* the cipher */
		return none;
	if (encrypted != NULL)
		*encrypted = string.len != 4 || memcmp(string.data, "none", 4) != 0;
	for (int i = 0; i < 2; i++) /* key derivation, and its options */
		if (!wire_string(&body, &string))
			return none;
	if (body.len < 4)
		return none;
	body.data += 4; /* how many keys: one, always */
	body.len -= 4;
	return wire_string(&body, &string) ? string : none;
}

/* The public lines of PuTTY's file. */
static struct bytes
read_ppk(struct arena *arena, struct span text)
{
	size_t from = span_find(text, "Public-Lines:"), to;
	const char *end = from < text.len ? memchr(text.data + from, '\n', text.len - from) : NULL;

	if (end == NULL)
		return (struct bytes){ NULL, 0 };
	from = (size_t)(end - text.data);
	to = from + span_find(span_skip(text, from), "Private-Lines:");
	return private_body(arena, (struct span){ text.data + from, to - from });
}

struct bytes
private_public(struct arena *arena, struct span body)
{
	struct bytes bytes = private_body(arena, body), public = private_openssh(bytes, NULL);

	return public.len > 0 ? public : der_public(arena, bytes);
}

/* Text with nothing but its own characters in each line, and a line end behind the last. */
static struct span
without_decoration(struct arena *arena, struct span text)
{
	static const char own[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	                          "+/=-";
	struct buf out = buf_new(arena);

	while (text.len > 0) {
		struct span line = span_take(text, span_find(text, "\n"));

		text = span_skip(text, line.len + 1);
		while (line.len > 0 && memchr(own, line.data[0], sizeof(own) - 1) == NULL)
			line = span_skip(line, 1);
		while (line.len > 0 && memchr(" \t\r", line.data[line.len - 1], 3) != NULL)
			line.len--;
		buf_add(&out, line.data, line.len);
		buf_putc(&out, '\n');
	}
	return (struct span){ out.data, out.len };
}

static const char openssh_begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
static const char openssh_end[] = "\n-----END OPENSSH PRIVATE KEY-----\n";

/* As OpenSSH's own reader of the format looks at it. */
static bool
is_exact(struct span text)
{
	return span_starts(text, openssh_begin) && span_find(text, openssh_end) < text.len;
}

static void
find_oddity(struct arena *arena, struct private_key *key, struct span text)
{
	if (is_exact(text))
		return;
	key->mendable = is_exact(without_decoration(arena, text));
	if (!span_starts(text, "-----BEGIN OPENSSH PRIVATE KEY-----"))
		key->odd = "something stands in front of its first line";
	else if (memchr(text.data, '\r', text.len) != NULL)
		key->odd = "its lines end in CR LF, as on Windows";
	else if (span_find(text, "\n-----END OPENSSH PRIVATE KEY-----") == text.len)
		key->odd
		    = memchr(text.data, '\n', text.len) == NULL || !span_starts(text, openssh_begin)
		          ? "its lines have run together"
		          : "its last line, -----END OPENSSH PRIVATE KEY-----, is missing";
	else if (span_starts(text, openssh_begin))
		key->odd = "the line end after its last line is missing";
	else
		key->odd = "there is more in a line than belongs there";
}

struct private_key
private_read(struct arena *arena, struct span text)
{
	struct private_key key = { .format = PRIVATE_NONE, .odd = "" };
	size_t at = span_find(text, "-----BEGIN OPENSSH PRIVATE KEY-----");

	if (at < text.len) {
		struct span body
		    = span_skip(text, at + strlen("-----BEGIN OPENSSH PRIVATE KEY-----"));

		body = span_take(body, span_find(body, "-----END"));
		key.format = PRIVATE_OPENSSH;
		key.public = private_openssh(private_body(arena, body), &key.encrypted);
		find_oddity(arena, &key, text);
	} else if (span_starts(text, "PuTTY-User-Key-File-")) {
		key.format = PRIVATE_PPK;
		key.encrypted = span_find(text, "Encryption: none") == text.len;
		key.public = read_ppk(arena, text);
	} else if ((at = span_find(text, "PRIVATE KEY-----")) < text.len) {
		struct span body = span_skip(text, at + strlen("PRIVATE KEY-----"));

		body = span_take(body, span_find(body, "-----END"));
		key.format = PRIVATE_PEM;
		key.encrypted = span_find(text, "ENCRYPTED") < text.len;
		if (!key.encrypted)
			key.public = der_public(arena, private_body(arena, body));
	}
	return key;
}
