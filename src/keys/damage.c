/*
 * Lines that hold a key, or what was one, and that sshd would skip: which mistake it is, and the
 * line that was meant, where nothing has to be guessed for it.
 */
#include "keys/chars.h"
#include "keys/reader.h"

#include <ctype.h>

enum { WORDS_MAX = 64 };

/* A line's words. Only the first few matter; the rest is comment. */
struct words {
	struct span at[WORDS_MAX], text;
	size_t n, type, blob; /* which word is the type, the blob; n: none */
};

static struct span
rest_from(const struct words *words, size_t i)
{
	if (i >= words->n)
		return (struct span){ "", 0 };
	return (struct span){ words->at[i].data,
		(size_t)(words->text.data + words->text.len - words->at[i].data) };
}

static struct span
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

static void
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

static bool
contains_any(struct span text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_find_nocase(text, *words) < text.len)
			return true;
	return false;
}

/* A blob that nobody made: AAAA..., XXXX, words of a template. */
static bool
is_placeholder(struct span blob)
{
	static const char *const words[]
	    = { "...", "\xe2\x80\xa6", "xxxx", "your", "example", "fake", "dummy", "placeholder",
		      "sample", "redacted", "insert", "paste", "replace", "changeme", "publickey",
		      "public-key", "public_key", "<", "${", "****", "[", "____", "blahblah",
		      "foobar", "keydata", "key-data", "key_data", "base64", "todo", "here", NULL };
	size_t same = 1;

	if (blob.len > 200 && blob.data[blob.len - 1] != '.')
		return false;
	if (span_is(blob, "AAAA") || span_is_nocase(blob, "key") || span_is_nocase(blob, "blob"))
		return true;
	for (size_t i = 1; i < blob.len; i++) {
		same = blob.data[i] == blob.data[i - 1] && blob.data[i] != 'A' ? same + 1 : 1;
		if (same >= 8)
			return true;
	}
	return contains_any(blob, words);
}

static void
refuse(struct reader *reader, enum code code, const struct blob *facts, struct bytes bytes,
    const char *fix, struct span shown)
{
	report_refused(reader, code, facts, bytes, fix, "%s", chars_show(reader->arena, shown, 60));
}

/* The right line of a blob, whatever its type word was; NULL where sshd would not take it. */
static char *
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

/* The blob with the padding it needs, or with another alphabet's characters put right. */
static struct span
mend_blob(struct reader *reader, struct span blob, bool urlsafe)
{
	char *text = arena_alloc(reader->arena, blob.len + 4, 1);
	size_t n = 0;

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

static bool
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

/* A line that begins with [options and] a type that exists. */
static void
report_blob(struct reader *reader, const struct words *words, struct span list)
{
	const struct key_type *type = key_type_find(words->at[words->type]);
	struct span blob
	    = words->type + 1 < words->n ? words->at[words->type + 1] : (struct span){ "", 0 };
	struct span comment = rest_from(words, words->type + 2), mended;
	struct blob facts;
	struct bytes bytes;
	enum code code = key_judge_blob(reader->arena, type, blob, &facts, &bytes);
	char *fix = NULL;

	if (type->certificate) {
		report_refused(reader, CODE_CERTIFICATE, &facts, bytes, NULL, NULL);
		return;
	}
	if (key_type_find(blob) != NULL) {
		struct span real = words->type + 2 < words->n ? words->at[words->type + 2] : blob;

		refuse(reader, CODE_TYPE_TWICE, NULL, bytes,
		    right_line(reader, list, real, rest_from(words, words->type + 3)), blob);
		return;
	}
	if (words->blob < words->n && words->blob > words->type + 1) {
		struct span between = text_before(words, words->blob);

		between = chars_trim(
		    (struct span){ blob.data, (size_t)(between.data + between.len - blob.data) });
		if (rest_from(words, words->blob + 1).len > 0)
			between = rest_from(words, words->blob + 1);
		refuse(reader, CODE_FIELD_ORDER, NULL, bytes,
		    right_line(reader, list, words->at[words->blob], between), blob);
		return;
	}
	if (code != CODE_NONE && code != CODE_NO_BLOB && code != CODE_DSA
	    && code != CODE_RSA_TOO_SHORT && code != CODE_TYPE_MISMATCH
	    && is_placeholder(rest_from(words, words->type + 1).len < 80
	                          ? rest_from(words, words->type + 1)
	                          : blob)
	    && code != CODE_ALGORITHM_NOT_ENABLED && code != CODE_CERTIFICATE) {
		report_refused(reader, CODE_PLACEHOLDER, facts.type != NULL ? &facts : NULL, bytes,
		    NULL, NULL);
		return;
	}
	if (span_starts_nocase(blob, "SHA256:") || span_starts_nocase(blob, "MD5:")
	    || name_thing(reader->arena, rest_from(words, words->type + 1)) == CODE_FINGERPRINT) {
		report_thing(reader, CODE_FINGERPRINT, words->text);
		return;
	}
	switch (code) {
	case CODE_NO_BLOB:
		report_refused(reader, code, NULL, bytes, NULL, "%s", type->name);
		return;
	case CODE_TYPE_MISMATCH:
		report_refused(reader, code, &facts, bytes, right_line(reader, list, blob, comment),
		    "%s in front, %s behind", type->name,
		    facts.type->name == type->inner ? "another curve" : facts.type->name);
		return;
	case CODE_BASE64_PADDING:
		fix = right_line(reader, list, mend_blob(reader, blob, false), comment);
		break;
	case CODE_BASE64:
		mended = mend_blob(reader, blob, true);
		if (mended.len >= blob.len
		    && (fix = right_line(reader, list, mended, comment)) != NULL
		    && memchr(blob.data, '.', blob.len) == NULL) {
			code = CODE_BASE64_URLSAFE;
			break;
		}
		if (memchr(blob.data, '@', blob.len) != NULL && !span_starts(blob, "AAAA")) {
			report_refused(reader, CODE_NO_BLOB, NULL, bytes, NULL, "%s", type->name);
			return;
		}
		if (has_odd_letters(blob)) {
			code = CODE_NON_ASCII;
			fix = right_line(reader, list, to_ascii(reader, blob), comment);
			break;
		}
		/* punctuation glued to the end of a whole key */
		for (size_t n = 1;
		     n < 4 && n < blob.len && fix == NULL && !base64_char(blob.data[blob.len - n]);
		     n++)
			fix = right_line(reader, list, span_take(blob, blob.len - n), comment);
		break;
	default:
		if (code == CODE_BAD_BLOB || code == CODE_TRUNCATED) {
			if (facts.type == NULL)
				fix = mend_front(reader, list, type, blob, comment);
			if (fix != NULL)
				code = CODE_TRUNCATED;
		}
		break;
	}
	report_refused(reader, code, facts.type != NULL ? &facts : NULL, bytes, fix, NULL);
}

/* Whether a comma has a space beside it. */
static bool
has_comma_space(struct span list)
{
	for (size_t i = 0; i < list.len; i++)
		if (list.data[i] == ','
		    && ((i + 1 < list.len && list.data[i + 1] == ' ')
		        || (i > 0 && list.data[i - 1] == ' ')))
			return true;
	return false;
}

/* The list with one comma for every run of spaces and commas outside quotes. */
static char *
spaces_to_commas(struct arena *arena, struct span list)
{
	char *out = arena_alloc(arena, list.len + 1, 1);
	bool quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < list.len; i++) {
		char c = list.data[i];

		quoted ^= c == '"' && (i == 0 || list.data[i - 1] != '\\');
		if (quoted || memchr(" \t,", c, 3) == NULL)
			out[n++] = c;
		else if (n > 0 && out[n - 1] != ',')
			out[n++] = ',';
	}
	return out;
}

/* Options that sshd does not take, or a space among them. */
static bool
report_options(struct reader *reader, const struct words *words, struct span list)
{
	struct span key = rest_from(words, words->type), culprit;
	struct options options;
	char *joined, *fix = NULL;
	size_t n = 0, equals;
	bool balanced, quoted = false;
	enum code code;

	(void)options_length(list, &balanced);
	joined = arena_alloc(reader->arena, list.len + 1, 1);
	for (size_t i = 0; i < list.len; i++) {
		quoted ^= list.data[i] == '"' && (i == 0 || list.data[i - 1] != '\\');
		if (quoted || memchr(" \t", list.data[i], 2) == NULL)
			joined[n++] = list.data[i];
	}
	options = options_read(reader->arena, span_of(joined), reader->rules->now);
	code = options.code;
	culprit = options.culprit;
	if (!balanced) {
		code = options.code == CODE_OPTION_VALUE ? CODE_OPTION_UNKNOWN : CODE_OPTION_QUOTE;
		culprit = list;
	} else if (n < list.len) {
		char *commas = spaces_to_commas(reader->arena, list);

		fix = options_read(reader->arena, span_of(joined), reader->rules->now).code
		              == CODE_NONE
		          ? joined
		          : commas;
		if (options_read(reader->arena, span_of(fix), reader->rules->now).code != CODE_NONE)
			fix = NULL;
		else
			fix = arena_printf(reader->arena, "%s %.*s", fix, (int)key.len, key.data);
		if (fix != NULL || has_comma_space(list))
			code = CODE_OPTION_SPACE;
		else if (code != CODE_OPTION_QUOTE)
			code = CODE_OPTION_UNKNOWN;
		culprit = list;
	}
	if (code == CODE_NONE)
		return false;
	if (code == CODE_OPTION_UNKNOWN && balanced && options_nearest(culprit) != NULL) {
		report_refused(reader, code, NULL, (struct bytes){ 0 },
		    arena_printf(
		        reader->arena, "correct the option: %s?", options_nearest(culprit)),
		    "%s", chars_show(reader->arena, culprit, 60));
		return true;
	}
	if (code == CODE_OPTION_QUOTE && balanced && n == list.len) {
		/* name=value or name='value' alone: the quotes can be put in */
		equals = span_find(culprit, "=");
		struct span bare = span_skip(culprit, equals + 1), tail;
		size_t quote = char_quote(bare);
		struct span old = span_skip(list, (size_t)0);

		if (quote > 0) {
			bare = span_skip(bare, quote);
			for (size_t back = 1; back <= 3 && back <= bare.len; back++)
				if (char_quote((struct span){ bare.data + bare.len - back, back })
				    == back) {
					bare.len -= back;
					break;
				}
		}
		tail = span_skip(
		    old, (size_t)(span_find(span_of(joined),
		                      arena_strndup(reader->arena, culprit.data, culprit.len))
		                  + culprit.len));
		fix = arena_printf(reader->arena, "%.*s%.*s=\"%.*s\"%.*s %.*s",
		    (int)(list.len - tail.len - culprit.len), list.data, (int)equals, culprit.data,
		    (int)bare.len, bare.data, (int)tail.len, tail.data, (int)key.len, key.data);
	}
	if (fix != NULL) {
		struct reading reading = key_read(reader->arena, span_of(fix), reader->rules->now);

		fix = reading.code == CODE_NONE
		          ? key_line(reader->arena, key_make(reader->arena, &reading))
		          : NULL;
	}
	refuse(reader, code, NULL, (struct bytes){ 0 }, fix, culprit);
	return true;
}

/* A host, an address, a pattern of them, as known_hosts has in front of a key. */
static bool
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

static bool
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
	       || (memchr(text.data, ' ', text.len) != NULL && has_word(text, talk));
}

/* Words in front of a type that exists, and that has a key behind it. */
static void
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
		refuse(reader, CODE_ALLOWED_SIGNERS, NULL, (struct bytes){ 0 }, plain, first);
	} else if (!known && memchr(front.data, '"', front.len) == NULL && is_hosts(first)) {
		report_refused(
		    reader, CODE_KNOWN_HOSTS_LINE, NULL, (struct bytes){ 0 }, NULL, NULL);
	} else if (is_label(front) && !known) {
		refuse(reader, CODE_LABEL, NULL, (struct bytes){ 0 }, plain, front);
	} else if (blob.len == 0 && !known) {
		report_thing(reader, code, words->text);
	} else if (!report_options(reader, words, front)) {
		refuse(reader, CODE_OPTION_UNKNOWN, NULL, (struct bytes){ 0 }, NULL, front);
	}
}

/* Whether a word is put together of nothing but the parts of types: ecdsa-nistp521, id_rsa. */
static bool
has_type_parts(struct span word)
{
	static const char *const named[] = { "rsa", "dss", "dsa", "ecdsa", "ed25519", "nistp256",
		"nistp384", "nistp521", "p256", "p384", "p521", "rsa2", "curve25519", "25519",
		"x25519", "eddsa", "ecdsa256", NULL };
	static const char *const others[] = { "", "ssh", "sk", "sha2", "sha", "nist", "256", "384",
		"512", "521", "openssh", "com", "id", "key", "ssh2", "ed", "v01", NULL };
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

/* A blob without a type that exists. */
static void
report_bare(struct reader *reader, const struct words *words)
{
	struct span blob = words->at[words->blob], comment = rest_from(words, words->blob + 1);
	struct span front
	    = words->blob > 0 ? text_before(words, words->blob) : (struct span){ "", 0 };
	struct span word = words->blob > 0 ? words->at[words->blob - 1] : front, list = front;
	struct blob facts;
	struct bytes bytes;
	enum code code = key_judge_blob(reader->arena, NULL, blob, &facts, &bytes);
	bool balanced;

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
		refuse(reader, code, NULL, bytes, NULL, word);
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
		refuse(reader, CODE_FIELD_ORDER, &facts, bytes,
		    right_line(reader, list, blob, comment), words->at[words->type]);
		return;
	}
	if (facts.type->certificate) {
		report_refused(reader, CODE_CERTIFICATE, &facts, bytes, NULL, NULL);
		return;
	}
	if (front.len == list.len) {
		char *fix = right_line(reader, list, blob, comment);

		if (code != CODE_NONE && code != CODE_DSA && code != CODE_RSA_TOO_SHORT
		    && is_placeholder(blob))
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
	refuse(reader, code, &facts, bytes,
	    code == CODE_TYPE_UNKNOWN ? NULL : right_line(reader, list, blob, comment), word);
}

/* echo "ssh-ed25519 ..." >> FILE: the key in it is the line to paste. */
static bool
report_command(struct reader *reader, struct span line)
{
	size_t key = find_key(line, 0), end = line.len;
	enum code code;

	if (key == line.len || key == 0)
		return false;
	code = name_thing(reader->arena, span_take(line, key));
	if (code != CODE_COMMAND)
		return false;
	if (memchr("\"'", line.data[key - 1], 2) != NULL) {
		const char *close = memchr(line.data + key, line.data[key - 1], line.len - key);

		if (close != NULL)
			end = (size_t)(close - line.data);
	}
	read_refused(reader, (struct span){ line.data + key, end - key }, CODE_COMMAND);
	return true;
}

bool
report_damage(struct reader *reader, struct span line)
{
	struct decorations removed = { 0 };
	struct words words;
	struct span bare = line;

	find_words(reader, line, &words);
	if (words.type > 0 || words.type == words.n) {
		/* a quotation mark or the like must not hide what is behind it */
		bare = undecorate(reader, line, &removed);
		find_words(reader, bare, &words);
	}
	if (words.type != 0 && report_command(reader, bare))
		return true;
	if (words.type == words.n && words.blob == words.n) {
		static const char *const families[]
		    = { "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-" };
		static const char *const programs[]
		    = { "ssh-key", "ssh-add", "ssh-agent", "ssh-copy", NULL };

		for (size_t i = 0; i < 4; i++) {
			struct span word = words.n > 0 ? words.at[0] : (struct span){ "", 0 };

			if (!span_starts_nocase(word, families[i]) || contains_any(word, programs)
			    || words.n < 2)
				continue;
			if (name_thing(reader->arena, rest_from(&words, 1)) == CODE_FINGERPRINT)
				return false;
			refuse(reader, has_odd_letters(word) ? CODE_NON_ASCII : CODE_TYPE_UNKNOWN,
			    NULL, (struct bytes){ 0 }, NULL, word);
			return true;
		}
		return false;
	}
	if (words.type == 0) {
		report_blob(reader, &words, (struct span){ "", 0 });
	} else if (words.type < words.n && (words.blob > words.type || words.blob == words.n)) {
		/* a sentence about a type is no key */
		if (words.blob == words.n && words.type + 1 < words.n
		    && words.at[words.type + 1].len < 8 && *words.at[0].data != '@')
			return false;
		if (words.type + 1 == words.n
		    && options_read(
		           reader->arena, text_before(&words, words.type), reader->rules->now)
		               .code
		           != CODE_NONE)
			return false;
		report_front(reader, &words);
	} else {
		report_bare(reader, &words);
	}
	return true;
}
