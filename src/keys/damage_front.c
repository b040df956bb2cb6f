#include "keys/chars.h"
#include "keys/damage.h"

#include <ctype.h>

/* A host, an address, a pattern of them, as known_hosts has in front of a key. */
bool
is_hosts(struct span text)
{
	bool dot = false;

	if (span_starts(text, "|1|") || span_starts(text, "@") || span_find(text, "]:") < text.len)
		return true;
	if (span_is(text, "localhost") || span_starts(text, "localhost,") || span_is(text, "*"))
		return true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!isalnum((unsigned char)c) && memchr(".-_,:*?!%[]", c, 11) == NULL)
			return false;
		dot |= c == '.' || c == '*' || (c == ':' && i + 1 < text.len);
	}
	return dot && text.data[text.len - 1] != ':' && text.data[text.len - 1] != '.';
}

/* Whether one of the words stands in text, between blanks, dashes and the like. */
static bool
has_word(struct span text, const char *const *words)
{
	size_t start = 0;

	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && isalnum((unsigned char)text.data[i]))
			continue;
		for (size_t k = 0; words[k] != NULL; k++)
			if (span_is_nocase((struct span){ text.data + start, i - start }, words[k]))
				return true;
		start = i + 1;
	}
	return false;
}

bool
is_label(struct span text)
{
	static const char *const words[] = { "key", "keys", "pub", "pubkey", "public", "ssh",
		"sshkey", "id", "publickey", "mykey", NULL };
	static const char *const talk[] = { "my", "your", "here", "laptop", "name", "title", "user",
		"value", "is", "the", "this", "for", "use", "add", "new", "old", "work", "home",
		"from", "of", "please", NULL };
	bool option;

	if (memchr(text.data, '"', text.len) != NULL)
		return false;
	if (text.data[text.len - 1] == ':')
		return true;
	if (options_known(span_word(text), &option) || memchr(text.data, '=', text.len) != NULL
	    || memchr(text.data, ',', text.len) != NULL)
		return false;
	if (memchr(text.data, '-', text.len) != NULL && options_nearest(text) != NULL)
		return false;
	return has_odd_letters(text) || has_word(text, words)
	       || memchr("|;>-", text.data[text.len - 1], 4) != NULL
	       || (memchr(text.data, ' ', text.len) != NULL && has_word(text, talk));
}

/* Words in front of a type that exists, and that has a key behind it. */
void
report_front(struct reader *reader, const struct words *words)
{
	struct span front = text_before(words, words->type), first = words->at[0];
	struct span blob
	    = words->type + 1 < words->n ? words->at[words->type + 1] : (struct span){ "", 0 };
	struct options options = options_read(reader->arena, front, reader->rules->now);
	char *plain
	    = right_line(reader, (struct span){ "", 0 }, blob, rest_from(words, words->type + 2));
	enum code code = name_thing(reader->arena, words->text);
	const char *equals = memchr(first.data, '=', first.len);
	bool value, known;

	known = options_known(
	    equals == NULL ? first : span_take(first, (size_t)(equals - first.data)), &value);
	if (options.code == CODE_NONE) {
		report_blob(reader, words, front);
	} else if (*first.data == '@' || span_starts(first, "|1|")) {
		report_refused(
		    reader, CODE_KNOWN_HOSTS_LINE, NULL, (struct bytes){ 0 }, NULL, NULL);
	} else if (code == CODE_COMMAND || code == CODE_COMMAND_OUTPUT || code == CODE_URL) {
		report_refused(reader, code == CODE_URL ? CODE_LABEL : code, NULL,
		    (struct bytes){ 0 }, plain, NULL);
	} else if (memchr(first.data, '@', first.len) != NULL
	           && memchr(first.data, '"', first.len) == NULL) {
		refuse_showing(
		    reader, CODE_ALLOWED_SIGNERS, NULL, (struct bytes){ 0 }, plain, first);
	} else if (!known && words->type == 1 && memchr(front.data, '"', front.len) == NULL
	           && is_hosts(first)) {
		report_refused(
		    reader, CODE_KNOWN_HOSTS_LINE, NULL, (struct bytes){ 0 }, NULL, NULL);
	} else if (is_label(front) && !known) {
		refuse_showing(reader, CODE_LABEL, NULL, (struct bytes){ 0 }, plain, front);
	} else if (blob.len == 0 && !known) {
		report_thing(reader, code, words->text);
	} else if (!report_options(reader, words, front)) {
		refuse_showing(reader, CODE_OPTION_UNKNOWN, NULL, (struct bytes){ 0 }, NULL, front);
	}
}
