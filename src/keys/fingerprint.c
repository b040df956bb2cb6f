#include "keys/fingerprint.h"

#include <md5.h>
#include <sha2.h>

char *
fingerprint_sha256(struct arena *arena, struct bytes blob)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;
	char *text;

	SHA256Init(&ctx);
	SHA256Update(&ctx, blob.data, blob.len);
	SHA256Final(digest, &ctx);
	text = arena_printf(
	    arena, "SHA256:%s", base64_write(arena, (struct bytes){ digest, sizeof(digest) }));
	text[strlen(text) - 1] = '\0'; /* 32 bytes always leave one '=' */
	return text;
}

char *
fingerprint_md5(struct arena *arena, struct bytes blob)
{
	uint8_t digest[MD5_DIGEST_LENGTH];
	char *text = arena_alloc(arena, 4 + sizeof(digest) * 3 + 1, 1);
	MD5_CTX ctx;

	MD5Init(&ctx);
	MD5Update(&ctx, blob.data, blob.len);
	MD5Final(digest, &ctx);
	memcpy(text, "MD5", 3);
	for (size_t i = 0; i < sizeof(digest); i++) {
		static const char hex[] = "0123456789abcdef";

		text[3 + i * 3] = ':';
		text[4 + i * 3] = hex[digest[i] >> 4];
		text[5 + i * 3] = hex[digest[i] & 15];
	}
	return text;
}
