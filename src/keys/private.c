#include "keys/private.h"

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

struct private_key
private_read(struct arena *arena, struct span text)
{
	struct private_key key = { .format = PRIVATE_NONE };
	size_t at = span_find(text, "-----BEGIN OPENSSH PRIVATE KEY-----");

	if (at < text.len) {
		struct span body
		    = span_skip(text, at + strlen("-----BEGIN OPENSSH PRIVATE KEY-----"));

		body = span_take(body, span_find(body, "-----END"));
		key.format = PRIVATE_OPENSSH;
		key.public = private_openssh(private_body(arena, body), &key.encrypted);
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
