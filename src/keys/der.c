#include "keys/der.h"

enum {
	INTEGER = 0x02,
	BITS = 0x03,
	OCTETS = 0x04,
	OBJECT = 0x06,
	SEQUENCE = 0x30,
	PUBLIC = 0xa1,
	CURVE = 0xa0
};

static const struct bytes none;

/* The value of the given tag at the front of der, which moves on; false where another tag is. */
static bool
take(struct bytes *der, uint8_t tag, struct bytes *value)
{
	size_t len, head = 2;

	if (der->len < 2 || der->data[0] != tag)
		return false;
	len = der->data[1];
	if (len > 0x80) {
		size_t digits = len & 0x7f;

		if (digits > 3 || der->len < 2 + digits)
			return false;
		len = 0;
		for (size_t i = 0; i < digits; i++)
			len = len << 8 | der->data[2 + i];
		head += digits;
	}
	if (len > der->len - head)
		return false;
	*value = (struct bytes){ der->data + head, len };
	der->data += head + len;
	der->len -= head + len;
	return true;
}

static bool
is_object(struct bytes value, const char *object, size_t len)
{
	return value.len == len && memcmp(value.data, object, len) == 0;
}

/* Appends a length-prefixed string. */
static uint8_t *
put(uint8_t *out, const void *data, size_t len)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*out++ = (uint8_t)(len >> shift);
	memcpy(out, data, len);
	return out + len;
}

static struct bytes
make_blob(struct arena *arena, const char *type, struct bytes a, struct bytes b)
{
	size_t len = strlen(type);
	uint8_t *blob = arena_alloc(arena, 12 + len + a.len + b.len, 1), *end;

	end = put(blob, type, len);
	end = put(end, a.data, a.len);
	if (b.data != NULL)
		end = put(end, b.data, b.len);
	return (struct bytes){ blob, (size_t)(end - blob) };
}

static struct bytes
rsa_blob(struct arena *arena, struct bytes sequence)
{
	struct bytes n, e;

	/* DER and SSH write numbers alike */
	if (!take(&sequence, INTEGER, &n) || !take(&sequence, INTEGER, &e))
		return none;
	return make_blob(arena, "ssh-rsa", e, n);
}

/* The curve shows in the length of its points. */
static struct bytes
ecdsa_blob(struct arena *arena, struct bytes bits)
{
	static const struct {
		size_t len;
		const char *type;
	} curves[] = { { 65, "ecdsa-sha2-nistp256" }, { 97, "ecdsa-sha2-nistp384" },
		{ 133, "ecdsa-sha2-nistp521" } };

	for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++)
		if (bits.len == curves[i].len + 1)
			return make_blob(arena, curves[i].type,
			    (struct bytes){ (const uint8_t *)curves[i].type + 11, 8 },
			    (struct bytes){ bits.data + 1, curves[i].len });
	return none;
}

/* SEC 1, behind its version: the private number, the curve, the public point. */
static struct bytes
sec1_blob(struct arena *arena, struct bytes sequence)
{
	struct bytes value, bits;

	if (!take(&sequence, OCTETS, &value))
		return none;
	take(&sequence, CURVE, &value);
	if (!take(&sequence, PUBLIC, &value) || !take(&value, BITS, &bits))
		return none;
	return ecdsa_blob(arena, bits);
}

/* An algorithm's name, and a key in the form that belongs to it. */
static struct bytes
named_blob(struct arena *arena, struct bytes algorithm, struct bytes rest)
{
	struct bytes object, key, inner, version;
	bool is_public = false;

	if (!take(&algorithm, OBJECT, &object))
		return none;
	if (take(&rest, BITS, &key) && key.len > 1)
		is_public = true;
	else if (!take(&rest, OCTETS, &key))
		return none;
	inner = is_public ? (struct bytes){ key.data + 1, key.len - 1 } : key;
	if (is_object(object, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9)) {
		if (!take(&inner, SEQUENCE, &key) || (!is_public && !take(&key, INTEGER, &version)))
			return none;
		return rsa_blob(arena, key);
	}
	if (is_object(object, "\x2a\x86\x48\xce\x3d\x02\x01", 7)) {
		if (is_public)
			return ecdsa_blob(arena, key);
		if (!take(&inner, SEQUENCE, &key) || !take(&key, INTEGER, &version))
			return none;
		return sec1_blob(arena, key);
	}
	if (is_public && is_object(object, "\x2b\x65\x70", 3) && inner.len == 32)
		return make_blob(arena, "ssh-ed25519", inner, none);
	return none;
}

struct bytes
der_public(struct arena *arena, struct bytes der)
{
	struct bytes sequence, value, whole;

	if (!take(&der, SEQUENCE, &sequence))
		return none;
	if (take(&sequence, SEQUENCE, &value))
		return named_blob(arena, value, sequence);
	whole = sequence;
	if (!take(&sequence, INTEGER, &value))
		return none;
	if (value.len > 1) /* no version, but the modulus of a public key */
		return rsa_blob(arena, whole);
	if (take(&sequence, SEQUENCE, &value))
		return named_blob(arena, value, sequence);
	if (sequence.len > 0 && sequence.data[0] == OCTETS)
		return sec1_blob(arena, sequence);
	return rsa_blob(arena, sequence);
}
