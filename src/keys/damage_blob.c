#include "keys/chars.h"
#include "keys/damage.h"

#include <ctype.h>

/* me@host: no blob, but what stands behind one. */
static bool
is_comment(struct span word)
{
	const char *at = memchr(word.data, '@', word.len);

	if (at == NULL || at == word.data || span_starts(word, "AAAA"))
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (!isalnum((unsigned char)word.data[i])
		    && memchr("@._-+", word.data[i], 5) == NULL)
			return false;
	return true;
}

/* A blob that nobody made: AAAA..., XXXX, words of a template. */
bool
is_placeholder_blob(struct span blob)
{
	static const char *const words[]
	    = { "...", "\xe2\x80\xa6", "xxxx", "your", "example", "fake", "dummy", "placeholder",
		      "sample", "redacted", "insert", "paste", "replace", "changeme", "publickey",
		      "public-key", "public_key", "<", "${", "****", "[", "____", "blahblah",
		      "foobar", "keydata", "key-data", "key_data", "base64", "todo", "here", NULL };
	size_t same = 1;

	if (blob.len > 200 && blob.data[blob.len - 1] != '.')
		return false;
	if (is_comment(span_word(blob)))
		return false;
	if (blob.len > 1 && memchr("$<[{%", *blob.data, 5) != NULL)
		return true;
	if (span_is(blob, "AAAA") || span_is_nocase(blob, "key") || span_is_nocase(blob, "blob"))
		return true;
	for (size_t i = 1; i < blob.len; i++) {
		same = blob.data[i] == blob.data[i - 1] && blob.data[i] != 'A' ? same + 1 : 1;
		if (same >= 8)
			return true;
	}
	return text_contains_any(blob, words);
}

/* The blob with the padding it needs, or with another alphabet's characters put right. */
static struct span
mend_blob(struct reader *reader, struct span blob, bool urlsafe)
{
	char *text = arena_alloc(reader->arena, blob.len + 4, 1);
	size_t n = 0;

	while (blob.len > 0 && blob.data[blob.len - 1] == '=')
		blob.len--;
	for (size_t i = 0; i < blob.len; i++) {
		char c = blob.data[i];

		text[n++] = urlsafe && c == '-' ? '+' : urlsafe && c == '_' ? '/' : c;
	}
	while (n % 4 != 0 && n < blob.len + 3)
		text[n++] = '=';
	return (struct span){ text, n };
}

/* What the beginning of every blob of this type is, for one that lost its first characters. */
static char *
mend_front(struct reader *reader, struct span list, const struct key_type *type, struct span blob,
    struct span comment)
{
	size_t len = strlen(type->inner);
	uint8_t *head = arena_alloc(reader->arena, len + 8, 1);
	const char *front;

	head[3] = (uint8_t)len;
	memcpy(head + 4, type->inner, len);
	front = base64_write(reader->arena, (struct bytes){ head, (len + 4) / 3 * 3 });
	if (blob.len < 40)
		return NULL;
	for (size_t n = 1; front[n - 1] != '\0'; n++) {
		char *whole = arena_printf(
		    reader->arena, "%.*s%.*s", (int)n, front, (int)blob.len, blob.data);
		char *line;

		if (strncmp(whole, front, strlen(front)) != 0)
			continue;
		line = key_compose(
		    reader->arena, list, type->name, span_of(whole), comment, reader->rules->now);
		if (line != NULL)
			return line;
	}
	return NULL;
}

/* Letters that only look like those of a key: dashes of a word processor, full-width forms. */
static struct span
to_ascii(struct reader *reader, struct span text)
{
	char *out = arena_alloc(reader->arena, text.len + 1, 1);
	size_t n = 0, len;

	for (size_t i = 0; i < text.len; i += len) {
		uint32_t c;

		char_at(span_skip(text, i), &len, &c);
		if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xfe58 || c == 0xfe63
		    || c == 0xad)
			c = '-';
		else if (c >= 0xff01 && c <= 0xff5e)
			c -= 0xff01 - '!';
		if (c < 0x80)
			out[n++] = (char)c;
	}
	return (struct span){ out, n };
}

/* Words that stand where the blob ought to; false where there is nothing to say about them. */
static bool
report_words(struct reader *reader, const struct words *words, struct span list, enum code code)
{
	struct span blob
	    = words->type + 1 < words->n ? words->at[words->type + 1] : (struct span){ "", 0 };
	struct span behind = rest_from(words, words->type + 1), comment;
	const struct bytes none = { NULL, 0 };

	if (key_type_find(blob) != NULL) {
		struct span real = words->type + 2 < words->n ? words->at[words->type + 2] : blob;

		refuse_showing(reader, CODE_TYPE_TWICE, NULL, none,
		    right_line(reader, list, real, rest_from(words, words->type + 3)), blob);
		return true;
	}
	if (words->blob < words->n && words->blob > words->type + 1) {
		struct span between = text_before(words, words->blob);

		between
		    = (struct span){ blob.data, (size_t)(between.data + between.len - blob.data) };
		comment = rest_from(words, words->blob + 1);
		if (comment.len == 0)
			comment = between;
		if (!has_letters(between)) {
			/* "ssh-ed25519 : AAAA..." */
			refuse_showing(reader, CODE_TYPE_TYPO, NULL, none,
			    right_line(reader, list, words->at[words->blob],
			        rest_from(words, words->blob + 1)),
			    between);
			return true;
		}
		refuse_showing(reader, CODE_FIELD_ORDER, NULL, none,
		    right_line(reader, list, words->at[words->blob], comment), blob);
		return true;
	}
	if ((code == CODE_BASE64 || code == CODE_BAD_BLOB || code == CODE_TRUNCATED
	        || code == CODE_BASE64_PADDING)
	    && is_placeholder_blob(behind.len < 80 ? behind : blob)) {
		report_refused(reader, CODE_PLACEHOLDER, NULL, none, NULL, NULL)->type
		    = key_type_find(words->at[words->type])->name;
		return true;
	}
	if (span_starts_nocase(blob, "SHA256:") || span_starts_nocase(blob, "MD5:")
	    || name_thing(reader->arena, behind) == CODE_FINGERPRINT) {
		report_thing(reader, CODE_FINGERPRINT, words->text);
		return true;
	}
	return false;
}

/* Which characters of a blob are wrong, and the line with the right ones where they can be told. */
static enum code
mend_characters(
    struct reader *reader, struct span list, struct span blob, struct span comment, char **fix)
{
	*fix = right_line(reader, list, mend_blob(reader, blob, true), comment);
	if (*fix != NULL && memchr(blob.data, '.', blob.len) == NULL)
		return CODE_BASE64_URLSAFE;
	if (is_comment(blob))
		return CODE_NO_BLOB;
	if (has_odd_letters(blob)) {
		*fix = right_line(reader, list, to_ascii(reader, blob), comment);
		return CODE_NON_ASCII;
	}
	/* punctuation glued to the end of a whole key */
	for (size_t n = 1; n < 4 && n < blob.len && *fix == NULL; n++) {
		if (base64_char(blob.data[blob.len - n]))
			break;
		*fix = right_line(reader, list, span_take(blob, blob.len - n), comment);
	}
	return CODE_BASE64;
}

void
report_blob(struct reader *reader, const struct words *words, struct span list)
{
	const struct key_type *type = key_type_find(words->at[words->type]);
	struct span blob
	    = words->type + 1 < words->n ? words->at[words->type + 1] : (struct span){ "", 0 };
	struct span comment = rest_from(words, words->type + 2);
	struct blob facts;
	struct bytes bytes = { NULL, 0 };
	enum code code = key_judge_blob(reader->arena, type, blob, &facts, &bytes);
	char *fix = NULL;

	if (!type->certificate && report_words(reader, words, list, code))
		return;
	if (type->certificate)
		code = CODE_CERTIFICATE;
	else if (code == CODE_BASE64_PADDING)
		fix = right_line(reader, list, mend_blob(reader, blob, false), comment);
	else if (code == CODE_BASE64)
		code = mend_characters(reader, list, blob, comment, &fix);
	else if (code == CODE_TYPE_MISMATCH)
		fix = right_line(reader, list, blob, comment);
	else if (facts.type == NULL && (code == CODE_BAD_BLOB || code == CODE_TRUNCATED))
		fix = mend_front(reader, list, type, blob, comment);
	if (fix != NULL && code == CODE_BAD_BLOB)
		code = CODE_TRUNCATED;
	if (code == CODE_TYPE_MISMATCH)
		report_refused(reader, code, &facts, bytes, fix, "%s in front, %s behind",
		    type->name,
		    facts.type->name == type->inner ? "another curve" : facts.type->name);
	else if (code == CODE_NO_BLOB)
		report_refused(reader, code, NULL, bytes, NULL, "%s", type->name);
	else
		report_refused(reader, code, &facts, bytes, fix, NULL);
}
