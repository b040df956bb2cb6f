#include "base/distance.h"
#include "keys/chars.h"
#include "keys/damage.h"

#include <ctype.h>

/* rsa4096, or the 2048 of ssh-rsa-2048. */
static bool
is_rsa_bits(struct span part)
{
	size_t digits = 0;

	if (part.len > 4 && span_starts_nocase(part, "rsa"))
		part = span_skip(part, 3);
	while (digits < part.len && isdigit((unsigned char)part.data[digits]))
		digits++;
	return digits == part.len && (digits == 4 || digits == 5);
}

/* Whether a word is put together of nothing but the parts of types: ecdsa-nistp521, id_rsa. */
static bool
has_type_parts(struct span word)
{
	static const char *const named[] = { "rsa", "dss", "dsa", "ecdsa", "ed25519", "nistp256",
		"nistp384", "nistp521", "p256", "p384", "p521", "rsa2", "curve25519", "25519",
		"x25519", "eddsa", "ecdsa256", "ecdsa384", "ecdsa521", NULL };
	static const char *const others[] = { "", "ssh", "sk", "sha2", "sha", "nist", "256", "384",
		"512", "521", "openssh", "com", "id", "pub", "key", "ssh2", "ed", "v01", NULL };
	size_t start = 0, found = 0;

	for (size_t i = 0; i <= word.len; i++) {
		struct span part = { word.data + start, i - start };
		bool known = false;

		if (i < word.len && isalnum((unsigned char)word.data[i]))
			continue;
		for (size_t k = 0; named[k] != NULL && !known; k++)
			known = span_is_nocase(part, named[k]);
		found += known;
		for (size_t k = 0; others[k] != NULL && !known; k++)
			known = span_is_nocase(part, others[k]);
		if (is_rsa_bits(part)) {
			known = true;
			found += part.len > 5;
		}
		if (!known)
			return false;
		start = i + 1;
	}
	return found > 0 || span_is_nocase(word, "ssh") || span_is_nocase(word, "ssh-ed");
}

/* How a word that is no type came to stand in front of a blob of type inner. */
static enum code
judge_word(struct span word, const char *inner)
{
	char bare[80];
	size_t n = 0, at = (size_t)(strchrnul(inner, '@') - inner);

	if (has_odd_letters(word))
		return CODE_NON_ASCII;
	if (span_find_nocase(word, "email") < word.len
	    && span_find_nocase(word, "protected") < word.len)
		return CODE_EMAIL_OBFUSCATED;
	for (size_t i = 0; i < word.len && n < sizeof(bare); i++)
		if (isalnum((unsigned char)word.data[i]) || memchr("-_@.", word.data[i], 4) != NULL)
			bare[n++] = word.data[i] == '_' ? '-' : word.data[i];
	word = (struct span){ bare, n };
	if (has_type_parts(word))
		return CODE_TYPE_TYPO;
	if (word_distance(word, inner, 4) <= (strlen(inner) > 10 ? 4 : 2))
		return CODE_TYPE_TYPO;
	/* sk-ssh-ed25519, with @openssh.com lost or misspelled */
	if (at < strlen(inner)) {
		char name[80] = "";

		memcpy(name, inner, at);
		if (word.len >= at && word_distance(span_take(word, at), name, 2) <= 2)
			return CODE_TYPE_TYPO;
	}
	for (size_t i = 0; key_type_at(i) != NULL; i++) {
		const char *name = key_type_at(i)->name;

		if (word_distance(word, name, 2) <= (strlen(name) > 10 ? 2 : 1))
			return CODE_TYPE_TYPO;
	}
	if (span_starts_nocase(word, "ssh-") || span_starts_nocase(word, "ecdsa-")
	    || span_starts_nocase(word, "sk-"))
		return CODE_TYPE_UNKNOWN;
	return CODE_NONE;
}

/* Whether text, which sshd would not take as options, was meant as some. */
static bool
means_options(struct span text)
{
	struct span name = text;
	bool value;

	for (size_t i = 0; i < text.len; i++)
		if (memchr("=, ", text.data[i], 3) != NULL) {
			name = span_take(text, i);
			break;
		}
	return options_known(name, &value) || options_nearest(name) != NULL
	       || memchr(text.data, '=', text.len) != NULL;
}

/* A blob without a type that exists. */
void
report_bare(struct reader *reader, const struct words *words)
{
	struct span blob = words->at[words->blob], comment = rest_from(words, words->blob + 1);
	struct span front
	    = words->blob > 0 ? text_before(words, words->blob) : (struct span){ "", 0 };
	struct span word = words->blob > 0 ? words->at[words->blob - 1] : front, list;
	struct blob facts;
	struct bytes bytes;
	enum code code = key_judge_blob(reader->arena, NULL, blob, &facts, &bytes);
	bool balanced;
	char *fix;

	list = span_take(front, options_length(front, &balanced));
	if (options_read(reader->arena, list, reader->rules->now).code != CODE_NONE || !balanced)
		list.len = 0;
	if (facts.type == NULL) {
		if (word.len > 0 && facts.name.len == word.len
		    && memcmp(facts.name.data, word.data, word.len) == 0)
			code = span_starts(word, "ecdsa-sha2-") ? CODE_BAD_BLOB : CODE_TYPE_UNKNOWN;
		else if (word.len > 0 && list.len == 0
		         && (span_starts(word, "ssh-") || span_starts(word, "ecdsa-")))
			code = CODE_TYPE_UNKNOWN;
		refuse_showing(reader, code, NULL, bytes, NULL, word);
		return;
	}
	if (words->type < words->n && words->type > words->blob) {
		struct span before = list.len > 0 ? (struct span){ "", 0 } : front;

		comment = chars_trim((struct span){
		    comment.data, (size_t)(words->at[words->type].data - comment.data) });
		if (comment.len == 0)
			comment = rest_from(words, words->type + 1);
		if (comment.len == 0)
			comment = before;
		refuse_showing(reader, CODE_FIELD_ORDER, &facts, bytes,
		    right_line(reader, list, blob, comment), words->at[words->type]);
		return;
	}
	if (facts.type->certificate) {
		report_refused(reader, CODE_CERTIFICATE, &facts, bytes, NULL, NULL);
		return;
	}
	if (front.len == list.len) {
		fix = right_line(reader, list, blob, comment);
		if (code != CODE_NONE && code != CODE_DSA && code != CODE_RSA_TOO_SHORT
		    && is_placeholder_blob(blob))
			code = CODE_PLACEHOLDER;
		else if (fix != NULL || code == CODE_NONE)
			code = CODE_NO_TYPE;
		report_refused(reader, code, &facts, bytes, fix, NULL);
		return;
	}
	/* "[email protected]" is two words */
	if (words->blob > 1 && span_find(front, "protected]") < front.len)
		word = front;
	code = judge_word(word, facts.type->name);
	if (word.data == front.data) {
		list.len = 0;
	} else if (words->blob > 1 && code == CODE_TYPE_TYPO && words->blob == 2
	           && (span_is_nocase(words->at[0], "ssh")
	               || word_distance(words->at[0], "ssh-", 1) <= 1)) {
		list.len = 0; /* "ssh ed25519" */
	} else if (code == CODE_NONE && judge_word(words->at[0], facts.type->name) != CODE_NONE) {
		code = judge_word(words->at[0], facts.type->name);
		list.len = 0;
		/* a comment between type and blob as well */
	}
	if (code == CODE_NONE && is_hosts(words->at[0]) && words->blob == 1) {
		code = CODE_NO_TYPE;
		comment = comment.len > 0 ? comment : front;
	} else if (code == CODE_NONE && (is_label(front) || words->blob > 1)) {
		code = CODE_LABEL;
	} else if (code == CODE_NONE) {
		code = CODE_NO_TYPE;
		comment = comment.len > 0 ? comment : front;
	}
	if (code == CODE_TYPE_UNKNOWN || (list.len == 0 && means_options(front)))
		fix = NULL; /* without the options the key would be more powerful than was meant */
	else
		fix = right_line(reader, list, blob, comment);
	refuse_showing(reader, code, &facts, bytes, fix, word);
}
