/*
 * blob: what the base64 of a key holds, RFC 4253 wire format.
 *
 * Everything is read through a cursor that cannot leave the bytes. One table says of each key type
 * which fields it has; a blob is walked along it, so the length a blob ought to have is known even
 * of one that was cut off. EC points are checked to lie on their curve by libcrypto.
 */
#ifndef SSHINIT_KEYS_BLOB_H
#define SSHINIT_KEYS_BLOB_H

#include "keys/base64.h"

enum key_kind { KIND_RSA, KIND_DSA, KIND_ECDSA, KIND_ED25519, KIND_SK, KIND_POSTQUANTUM };

struct key_type {
	const char *name;  /* the type word of a line */
	size_t len;        /* of name */
	const char *inner; /* the name inside the blob; differs for signature names used as types */
	const char *fields; /* what follows that name, see blob.c */
	enum key_kind kind;
	const char *curve; /* ECDSA only, else NULL */
	unsigned bits;     /* 0: measured (RSA, DSA) */
	bool certificate;
};

enum blob_fault {
	BLOB_OK,
	BLOB_UNKNOWN, /* the type inside is not one of ours */
	BLOB_SHORT,   /* ends before its last field does */
	BLOB_LONG,    /* bytes behind the last field */
	BLOB_CURVE,   /* ECDSA: another curve is named inside */
	BLOB_BAD      /* a field is not what the type demands */
};

struct blob {
	struct span name;            /* the type inside, empty where unreadable */
	const struct key_type *type; /* NULL where unknown */
	unsigned bits;
	size_t need; /* the length the fields add up to, as far as they can be read */
};

/* By type word, exactly as OpenSSH compares it. NULL where there is none. */
const struct key_type *key_type_find(struct span word);

/* The types one after the other, NULL behind the last. */
const struct key_type *key_type_at(size_t i);

enum blob_fault blob_read(struct bytes bytes, struct blob *blob);

/* Whether the 32 bytes can be an X25519 public key, as WireGuard prints them in base64. One in
 * eight random strings can, so a fingerprint rarely passes for one. */
bool blob_is_x25519(struct bytes bytes);

/* A length-prefixed string at the front of bytes; both move on. False where it does not fit. */
bool wire_string(struct bytes *bytes, struct bytes *string);

#endif
