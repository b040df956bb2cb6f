/*
 * der: the public half of a key in PEM's inner form.
 *
 * PKCS #1 and #8, SEC 1 and SubjectPublicKeyInfo, private or public: enough of DER to find the
 * numbers of RSA, the point of ECDSA, the bytes of Ed25519, and to put them into the form that SSH
 * has for them. Of a private key only its public numbers are read.
 */
#ifndef SSHINIT_KEYS_DER_H
#define SSHINIT_KEYS_DER_H

#include "keys/base64.h"

/* The blob of the key in der; empty where it is none of these, or encrypted. */
struct bytes der_public(struct arena *arena, struct bytes der);

#endif
