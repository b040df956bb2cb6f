#include "keys/blob.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

/*
 * Fields: s any string, e and m an RSA exponent and modulus, d an unsigned number, k 32 bytes,
 * q 1344 bytes (ML-DSA-44 with Ed25519), c the curve's name, p a point on it, a an application
 * name, 4 and 8 that many bytes. A certificate has a nonce in front and the rest behind.
 */
#define CERT(fields) "s" fields "84ss88sssss"
#define NAME(name)   name, sizeof(name) - 1

/* RequiredRSASize is judged by the caller; beyond this OpenSSH does not read a number at all. */
enum { NUMBER_MAX = 16384 / 8 };

static const struct key_type types[] = {
	{ NAME("ssh-ed25519"), "ssh-ed25519", "k", KIND_ED25519, NULL, 256, false },
	{ NAME("ssh-rsa"), "ssh-rsa", "em", KIND_RSA, NULL, 0, false },
	{ NAME("ecdsa-sha2-nistp256"), "ecdsa-sha2-nistp256", "cp", KIND_ECDSA, "nistp256", 256,
	    false },
	{ NAME("ecdsa-sha2-nistp384"), "ecdsa-sha2-nistp384", "cp", KIND_ECDSA, "nistp384", 384,
	    false },
	{ NAME("ecdsa-sha2-nistp521"), "ecdsa-sha2-nistp521", "cp", KIND_ECDSA, "nistp521", 521,
	    false },
	{ NAME("sk-ssh-ed25519@openssh.com"), "sk-ssh-ed25519@openssh.com", "ka", KIND_SK, NULL,
	    256, false },
	{ NAME("sk-ecdsa-sha2-nistp256@openssh.com"), "sk-ecdsa-sha2-nistp256@openssh.com", "cpa",
	    KIND_SK, "nistp256", 256, false },
	/* names of signatures that OpenSSH takes for the key type */
	{ NAME("rsa-sha2-256"), "ssh-rsa", "em", KIND_RSA, NULL, 0, false },
	{ NAME("rsa-sha2-512"), "ssh-rsa", "em", KIND_RSA, NULL, 0, false },
	{ NAME("webauthn-sk-ecdsa-sha2-nistp256@openssh.com"), "sk-ecdsa-sha2-nistp256@openssh.com",
	    "cpa", KIND_SK, "nistp256", 256, false },
	/* known, never used */
	{ NAME("ssh-dss"), "ssh-dss", "dddd", KIND_DSA, NULL, 0, false },
	{ NAME("ssh-mldsa44-ed25519@openssh.com"), "ssh-mldsa44-ed25519@openssh.com", "q",
	    KIND_POSTQUANTUM, NULL, 0, false },
	{ NAME("ssh-ed25519-cert-v01@openssh.com"), "ssh-ed25519-cert-v01@openssh.com", CERT("k"),
	    KIND_ED25519, NULL, 256, true },
	{ NAME("ssh-rsa-cert-v01@openssh.com"), "ssh-rsa-cert-v01@openssh.com", CERT("em"),
	    KIND_RSA, NULL, 0, true },
	{ NAME("rsa-sha2-256-cert-v01@openssh.com"), "ssh-rsa-cert-v01@openssh.com", CERT("em"),
	    KIND_RSA, NULL, 0, true },
	{ NAME("rsa-sha2-512-cert-v01@openssh.com"), "ssh-rsa-cert-v01@openssh.com", CERT("em"),
	    KIND_RSA, NULL, 0, true },
	{ NAME("ecdsa-sha2-nistp256-cert-v01@openssh.com"),
	    "ecdsa-sha2-nistp256-cert-v01@openssh.com", CERT("cp"), KIND_ECDSA, "nistp256", 256,
	    true },
	{ NAME("ecdsa-sha2-nistp384-cert-v01@openssh.com"),
	    "ecdsa-sha2-nistp384-cert-v01@openssh.com", CERT("cp"), KIND_ECDSA, "nistp384", 384,
	    true },
	{ NAME("ecdsa-sha2-nistp521-cert-v01@openssh.com"),
	    "ecdsa-sha2-nistp521-cert-v01@openssh.com", CERT("cp"), KIND_ECDSA, "nistp521", 521,
	    true },
	{ NAME("ssh-dss-cert-v01@openssh.com"), "ssh-dss-cert-v01@openssh.com", CERT("dddd"),
	    KIND_DSA, NULL, 0, true },
	{ NAME("sk-ssh-ed25519-cert-v01@openssh.com"), "sk-ssh-ed25519-cert-v01@openssh.com",
	    CERT("ka"), KIND_SK, NULL, 256, true },
	{ NAME("sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"),
	    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", CERT("cpa"), KIND_SK, "nistp256", 256,
	    true },
	{ NAME("ssh-mldsa44-ed25519-cert-v01@openssh.com"),
	    "ssh-mldsa44-ed25519-cert-v01@openssh.com", CERT("q"), KIND_POSTQUANTUM, NULL, 0,
	    true },
};

const struct key_type *
key_type_at(size_t i)
{
	return i < sizeof(types) / sizeof(*types) ? &types[i] : NULL;
}

const struct key_type *
key_type_find(struct span word)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (word.len == types[i].len && memcmp(word.data, types[i].name, word.len) == 0)
			return &types[i];
	return NULL;
}

static bool
take(struct bytes *bytes, size_t n, struct bytes *field)
{
	if (n > bytes->len)
		return false;
	*field = (struct bytes){ bytes->data, n };
	bytes->data += n;
	bytes->len -= n;
	return true;
}

static bool
take_length(struct bytes *bytes, size_t *n)
{
	struct bytes field;

	if (!take(bytes, 4, &field))
		return false;
	*n = (size_t)field.data[0] << 24 | (size_t)field.data[1] << 16 | (size_t)field.data[2] << 8
	     | field.data[3];
	return true;
}

bool
wire_string(struct bytes *bytes, struct bytes *string)
{
	size_t n;

	return take_length(bytes, &n) && take(bytes, n, string);
}

/* The bits of an unsigned number, 0 for zero; UINT_MAX for one that OpenSSH does not read. */
static unsigned
number_bits(struct bytes n)
{
	unsigned bits;

	if (n.len > 0 && (n.data[0] & 0x80) != 0)
		return -1U;
	/* a zero too many: OpenSSH reads it, but it would be another fingerprint than the one it
	 * prints */
	if (n.len > 1 && n.data[0] == 0 && (n.data[1] & 0x80) == 0)
		return -1U;
	while (n.len > 0 && *n.data == 0)
		n = (struct bytes){ n.data + 1, n.len - 1 };
	if (n.len > NUMBER_MAX)
		return -1U;
	if (n.len == 0)
		return 0;
	bits = (unsigned)n.len * 8;
	for (unsigned mask = 0x80; (*n.data & mask) == 0; mask >>= 1)
		bits--;
	return bits;
}

static bool
on_curve(const char *curve, struct bytes point)
{
	/* Made once per process: making a group costs more than the check itself. */
	static EC_GROUP *groups[3];
	size_t which = curve[5] == '2' ? 0 : curve[5] == '3' ? 1 : 2;
	static const int nids[] = { NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1 };
	EC_POINT *p;
	bool on;

	if (point.len < 1 || point.data[0] != 4)
		return false;
	if (groups[which] == NULL)
		groups[which] = EC_GROUP_new_by_curve_name(nids[which]);
	if (groups[which] == NULL)
		return false;
	p = EC_POINT_new(groups[which]);
	on = p != NULL && EC_POINT_oct2point(groups[which], p, point.data, point.len, NULL) == 1;
	EC_POINT_free(p);
	return on;
}

/* DSA sizes that FIPS 186 knows; anything else was damaged. */
static bool
dsa_fits(const unsigned bits[4])
{
	bool p = bits[0] == 1024 || bits[0] == 2048 || bits[0] == 3072;
	bool q = bits[1] == 160 || bits[1] == 224 || bits[1] == 256;

	return p && q && bits[2] <= bits[0] && bits[3] <= bits[0] && bits[2] > 1 && bits[3] > 1;
}

static enum blob_fault
check_field(char field, struct bytes value, struct blob *blob, unsigned dsa[4], size_t *numbers)
{
	unsigned bits;

	switch (field) {
	case 'k':
		return value.len == 32 ? BLOB_OK : BLOB_BAD;
	case 'q':
		return value.len == 1344 ? BLOB_OK : BLOB_BAD;
	case 'c':
		if (!span_is(
		        (struct span){ (const char *)value.data, value.len }, blob->type->curve))
			return BLOB_CURVE;
		return BLOB_OK;
	case 'p':
		return on_curve(blob->type->curve, value) ? BLOB_OK : BLOB_BAD;
	case 'a':
		/* read as a C string: a NUL is allowed as the last byte only */
		return value.len < 2 || memchr(value.data, 0, value.len - 1) == NULL ? BLOB_OK
		                                                                     : BLOB_BAD;
	case 'e':
	case 'm':
	case 'd':
		bits = number_bits(value);
		if (bits == -1U || bits == 0)
			return BLOB_BAD;
		if (field == 'e')
			/* an even exponent, or one, is no RSA key at all */
			return bits > 1 && (value.data[value.len - 1] & 1) != 0 ? BLOB_OK
			                                                        : BLOB_BAD;
		if (field == 'd')
			dsa[(*numbers)++] = bits;
		if (field == 'm' || *numbers == 1)
			blob->bits = bits;
		return BLOB_OK;
	default:
		return BLOB_OK;
	}
}

enum blob_fault
blob_read(struct bytes bytes, struct blob *blob)
{
	struct bytes rest = bytes, value;
	enum blob_fault worst = BLOB_OK;
	unsigned dsa[4] = { 0 };
	size_t numbers = 0;

	*blob = (struct blob){ .need = bytes.len };
	if (!wire_string(&rest, &value))
		return BLOB_UNKNOWN;
	blob->name = (struct span){ (const char *)value.data, value.len };
	blob->type = key_type_find(blob->name);
	/* signature names and such are types of lines, never of blobs */
	if (blob->type == NULL || strcmp(blob->type->name, blob->type->inner) != 0) {
		blob->type = NULL;
		return BLOB_UNKNOWN;
	}
	blob->bits = blob->type->bits;
	blob->need = bytes.len - rest.len;
	for (const char *field = blob->type->fields; *field != '\0'; field++) {
		size_t n = (size_t)(*field - '0');
		enum blob_fault fault;

		if (*field != '4' && *field != '8') {
			blob->need += 4;
			if (!take_length(&rest, &n))
				return BLOB_SHORT;
		}
		blob->need += n;
		if (!take(&rest, n, &value))
			return BLOB_SHORT;
		fault = check_field(*field, value, blob, dsa, &numbers);
		if (worst == BLOB_OK)
			worst = fault;
	}
	if (rest.len > 0)
		return BLOB_LONG;
	if (worst == BLOB_OK && blob->type->kind == KIND_DSA && !dsa_fits(dsa))
		return BLOB_BAD;
	return worst;
}

bool
blob_is_x25519(struct bytes bytes)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = NULL, *u = NULL, *v = NULL;
	bool is = false;

	if (bytes.len != 32 || ctx == NULL || (bytes.data[31] & 0x80) != 0)
		goto out;
	u = BN_lebin2bn(bytes.data, 32, NULL);
	v = BN_new();
	/* u is a public key where v^2 = u^3 + 486662 u^2 + u has a solution and, since public keys
	 * are even multiples of the curve's generator, u is a square itself */
	if (u == NULL || v == NULL
	    || BN_hex2bn(&p, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed")
	           == 0
	    || BN_cmp(u, p) >= 0 || BN_copy(v, u) == NULL || !BN_add_word(v, 486662)
	    || !BN_mod_mul(v, v, u, p, ctx) || !BN_add_word(v, 1) || !BN_mod_mul(v, v, u, p, ctx))
		goto out;
	is = BN_kronecker(v, p, ctx) == 1 && BN_kronecker(u, p, ctx) == 1;
out:
	BN_free(p);
	BN_free(u);
	BN_free(v);
	BN_CTX_free(ctx);
	return is;
}
