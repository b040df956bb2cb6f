/*
 * Secrets that were pasted for a key by mistake: by the prefixes that services give their tokens,
 * and by the look of a password.
 */
#include "keys/thing.h"

#include "keys/base64.h"
#include "keys/chars.h"

#include <ctype.h>

static bool
is_base64(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!base64_char(text.data[i]))
			return false;
	return true;
}

bool
secret_token(struct span text)
{
	static const char *const prefixes[] = { "rpa_", "hf_", "ghp_", "gho_", "ghu_", "ghs_",
		"ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "sk-ant-", "sk-proj-", "sk-or-",
		"sk_live_", "sk_test_", "pk_live_", "pk_test_", "rk_live_", "akia", "asia", "xoxb-",
		"xoxp-", "xoxa-", "xapp-", "eyj", "aiza", "npm_", "pypi-", "dckr_pat_", "dckr_",
		"sg.", "ya29.", "r8_", "bearer ", "authorization:", "tskey-", "dop_v1_", "shpat_",
		"nvapi-", "wandb_", "tvly-", "pat_", "api_", "key_", "token ", "basic ", "lin_api_",
		"secret_", "gsk_", "xai-", "pplx-", "rnd_", "figd_", "atlasv1.", "hvs.", "hvb.",
		"s.", "vercel_", "sbp_", "cfut_", "do_", "fly_", "fo1_", "fm2_", "runpod_", "vast_",
		"api-key", "apikey", "x-api-key", "token:", "token=", "sq0", "whsec_", "aws_",
		NULL };
	struct span word = span_word(text);
	size_t letters = text_count(word, isalpha), digits = text_count(word, isdigit), mark = 0;

	if (text_starts_any(text, prefixes) && text.len >= 12
	    && (digits > 0 || text.len >= 20 || memchr(text.data, ' ', text.len) != NULL))
		return true;
	if (word.len != text.len || (!text_is_name(word) && (word.len != 40 || !is_base64(word))))
		return false;
	/* sk-..., or name_ and many random letters */
	if (span_starts(word, "sk-") && word.len >= 20 && digits > 0)
		return true;
	mark = span_find(word, "_");
	if (mark > 1 && mark < 12 && word.len - mark >= 20 && digits > 2 && letters > 8
	    && memchr(word.data + mark + 1, '-', word.len - mark - 1) == NULL)
		return true;
	/* a UUID */
	if (word.len == 36 && word.data[8] == '-' && word.data[13] == '-' && word.data[18] == '-'
	    && word.data[23] == '-' && text_count(word, isxdigit) == 32)
		return true;
	/* a secret key of AWS */
	if (word.len == 40 && text_count(word, isupper) > 4 && text_count(word, islower) > 4
	    && digits > 0)
		return true;
	/* upper and lower case and digits, all over */
	return word.len >= 33 && word.len < 200 && !span_starts(word, "age1") && digits >= 3
	       && text_count(word, isupper) >= 3 && text_count(word, islower) >= 3;
}

bool
secret_password(struct span text)
{
	static const char *const common[] = { "password", "passwd", "passw0rd", "letmein", "qwerty",
		"admin", "toor", "iloveyou", "welcome", "monkey", "dragon", "hunter", "abc123",
		"trustno1", "master", "p@ssw0rd", NULL };
	static const char *const says[]
	    = { "password:", "password=", "password is", "pass:", "pwd:", "pwd=", "passwd=",
		      "passphrase:", "passphrase=", "root:", "user:pass", NULL };
	static const char *const types[] = { "25519", "ecdsa", "nistp", "ssh-", NULL };
	size_t digits = text_count(text, isdigit), letters = text_count(text, isalpha),
	       marks = text_count(text, ispunct);

	if (text_starts_any(text, says))
		return true;
	if (text.len < 4 || text.len > 40 || memchr(text.data, ' ', text.len) != NULL
	    || span_starts(text, "age1"))
		return false;
	for (size_t i = 0; common[i] != NULL; i++)
		if (span_is_nocase(text, common[i]))
			return true;
	if (text_count(text, isgraph) != text.len)
		return false;
	for (size_t i = 0; types[i] != NULL; i++)
		if (span_find_nocase(text, types[i]) < text.len)
			return false;
	if (memchr(text.data, '@', text.len) != NULL && memchr(text.data, '.', text.len) != NULL)
		return false;
	if (digits == text.len)
		return true;
	return (letters >= 2 && digits >= 1)
	       || (letters >= 4 && marks >= 1
	           && text_has_any(span_take(text, text.len - 1), "!$%^&*#?~"));
}
