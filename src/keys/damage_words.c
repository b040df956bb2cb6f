#include "keys/chars.h"
#include "keys/damage.h"

#include <ctype.h>

struct span
rest_from(const struct words *words, size_t i)
{
	if (i >= words->n)
		return (struct span){ "", 0 };
	return (struct span){ words->at[i].data,
		(size_t)(words->text.data + words->text.len - words->at[i].data) };
}

struct span
text_before(const struct words *words, size_t i)
{
	return chars_trim(
	    (struct span){ words->text.data, (size_t)(words->at[i].data - words->text.data) });
}

/* Whether word holds a blob whose type can be read. */
static bool
is_blob(struct reader *reader, struct span word, struct blob *facts)
{
	struct bytes bytes;

	if (word.len < 16 || !span_starts(word, "AAAA"))
		return false;
	base64_read(reader->arena, word, &bytes);
	blob_read(bytes, facts);
	return facts->name.len > 3 && facts->name.len < 64
	       && isalpha((unsigned char)*facts->name.data);
}

void
find_words(struct reader *reader, struct span line, struct words *words)
{
	struct blob facts;

	*words = (struct words){ .text = line };
	for (struct span rest = line; rest.len > 0 && words->n < WORDS_MAX;) {
		struct span word = span_word(rest);

		words->at[words->n++] = word;
		rest = span_skip_blanks(span_skip(rest, word.len));
	}
	words->type = words->blob = words->n;
	for (size_t i = 0; i < words->n; i++) {
		if (words->blob == words->n && is_blob(reader, words->at[i], &facts))
			words->blob = i;
		if (words->type == words->n && key_type_find(words->at[i]) != NULL)
			words->type = i;
	}
}

void
refuse_showing(struct reader *reader, enum code code, const struct blob *facts, struct bytes bytes,
    const char *fix, struct span shown)
{
	report_refused(reader, code, facts, bytes, fix, "%s", chars_show(reader->arena, shown, 60));
}

/* The right line of a blob, whatever its type word was; NULL where sshd would not take it. */
char *
right_line(struct reader *reader, struct span list, struct span blob, struct span comment)
{
	struct blob facts;
	struct bytes bytes;

	base64_read(reader->arena, blob, &bytes);
	blob_read(bytes, &facts);
	if (facts.type == NULL)
		return NULL;
	return key_compose(
	    reader->arena, list, facts.type->name, blob, comment, reader->rules->now);
}

bool
has_odd_letters(struct span text)
{
	size_t len;

	for (size_t i = 0; i < text.len; i += len) {
		enum char_class class = char_at(span_skip(text, i), &len, NULL);

		if (class == CHAR_LETTER || class == CHAR_BYTE)
			return true;
	}
	return false;
}

bool
has_letters(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (isalnum((unsigned char)text.data[i]) || (unsigned char)text.data[i] >= 0x80)
			return true;
	return false;
}
