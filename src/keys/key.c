#include "keys/key.h"

#include "keys/chars.h"
#include "keys/fingerprint.h"

#include <string.h>

enum { COMMENT_MAX = 200 };

/* Whether the bytes end within the name that every blob of the type, or of any, begins with. */
static bool
cut_in_name(const struct key_type *type, struct bytes bytes)
{
	char head[80];
	size_t len;

	for (size_t i = 0; type == NULL && bytes.len > 4 && key_type_at(i) != NULL; i++)
		if (cut_in_name(key_type_at(i), bytes))
			return true;
	len = type == NULL ? 0 : strlen(type->inner);
	if (type == NULL || bytes.len == 0 || bytes.len >= 4 + len)
		return false;
	memcpy(head, (char[4]){ 0, 0, 0, (char)len }, 4);
	memcpy(head + 4, type->inner, len);
	return memcmp(head, bytes.data, bytes.len) == 0;
}

/* What is wrong with a whole key whose base64 does not end as it should. */
static enum code
coding_code(enum base64_fault coding, struct span blob)
{
	size_t pads = 0;

	while (pads < blob.len && blob.data[blob.len - 1 - pads] == '=')
		pads++;
	if (coding == BASE64_LENGTH && pads == 1 && blob.len % 4 == 3)
		return CODE_BAD_BLOB; /* one = of two: what else is missing? */
	return coding == BASE64_PADDING || (coding == BASE64_LENGTH && pads > 0)
	           ? CODE_BASE64_PADDING
	           : CODE_BASE64;
}

enum code
key_judge_blob(struct arena *arena, const struct key_type *type, struct span blob,
    struct blob *facts, struct bytes *bytes)
{
	enum base64_fault coding;
	enum blob_fault fault;

	*facts = (struct blob){ 0 };
	if (blob.len == 0)
		return CODE_NO_BLOB;
	coding = base64_read(arena, blob, bytes);
	fault = blob_read(*bytes, facts);
	if (coding == BASE64_CHAR)
		return CODE_BASE64;
	if (type != NULL && type->certificate)
		return CODE_CERTIFICATE;
	if (fault == BLOB_UNKNOWN)
		return cut_in_name(type, *bytes) ? CODE_TRUNCATED : CODE_BAD_BLOB;
	if (facts->type->certificate)
		return CODE_CERTIFICATE;
	if (type != NULL && strcmp(facts->type->name, type->inner) != 0)
		return CODE_TYPE_MISMATCH;
	/* '=' at the end shows that nothing is missing behind it */
	if (fault == BLOB_SHORT)
		return memchr(blob.data, '=', blob.len) == NULL ? CODE_TRUNCATED : CODE_BAD_BLOB;
	if (fault == BLOB_CURVE)
		return CODE_TYPE_MISMATCH;
	if (fault != BLOB_OK)
		return CODE_BAD_BLOB;
	if (coding != BASE64_OK)
		return coding_code(coding, blob);
	if (facts->type->kind == KIND_DSA)
		return CODE_DSA;
	if (facts->type->kind == KIND_POSTQUANTUM)
		return CODE_ALGORITHM_NOT_ENABLED;
	if (facts->type->kind == KIND_RSA && facts->bits < 1024)
		return CODE_RSA_TOO_SHORT;
	return CODE_NONE;
}

/* Type word, blob and comment at the front of line. */
static enum code
read_fields(struct arena *arena, struct span line, struct reading *reading)
{
	reading->word = span_word(line);
	reading->type = key_type_find(reading->word);
	if (reading->type == NULL)
		return CODE_NO_TYPE;
	line = span_skip_blanks(span_skip(line, reading->word.len));
	reading->blob = span_word(line);
	reading->comment = chars_trim(span_skip(line, reading->blob.len));
	return key_judge_blob(
	    arena, reading->type, reading->blob, &reading->facts, &reading->bytes);
}

/* sshd's lines end at a NUL, and no control character may get into a line that we write. */
static struct reading
as_c_string(struct span line, struct reading reading)
{
	if (reading.code != CODE_NONE)
		return reading;
	if (line.len > 0 && memchr(line.data, '\0', line.len) != NULL)
		reading.code = CODE_INVISIBLE;
	for (size_t i = 0; i < reading.list.len; i++)
		if ((unsigned char)reading.list.data[i] < ' ' && reading.list.data[i] != '\t')
			reading.code = CODE_INVISIBLE;
	return reading;
}

struct reading
key_read(struct arena *arena, struct span line, time_t now)
{
	struct reading reading = { 0 };
	bool balanced;
	size_t length;

	line = span_skip_blanks(line);
	line.len = line.len == 0 || *line.data == '\r' ? line.len : chars_trim(line).len;
	reading.code = read_fields(arena, line, &reading);
	if (reading.type != NULL)
		return as_c_string(line, reading);
	length = options_length(line, &balanced);
	reading.list = span_take(line, length);
	if (!balanced) {
		reading.code = CODE_OPTION_QUOTE;
		return reading;
	}
	reading.code = read_fields(arena, span_skip_blanks(span_skip(line, length)), &reading);
	reading.options = options_read(arena, reading.list, now);
	if (reading.type != NULL && reading.code == CODE_NONE)
		reading.code = reading.options.code;
	return as_c_string(line, reading);
}

static const char *
copy(struct arena *arena, struct span text)
{
	return arena_strndup(arena, text.len > 0 ? text.data : "", text.len);
}

struct key *
key_make(struct arena *arena, const struct reading *reading)
{
	struct key *key = arena_alloc(arena, 1, sizeof(*key));
	struct span comment;
	bool invisible, spaces;

	comment = chars_clean(arena, reading->comment, 0, &invisible, &spaces);
	key->options = copy(arena, reading->list);
	key->type = reading->type->name;
	key->blob = base64_write(arena, reading->bytes);
	key->comment = copy(arena, chars_trim(comment));
	key->bits = reading->facts.bits;
	key->fingerprint = fingerprint_sha256(arena, reading->bytes);
	key->authority = reading->options.authority;
	return key;
}

char *
key_compose(struct arena *arena, struct span list, const char *type, struct span blob,
    struct span comment, time_t now)
{
	char *line;
	struct reading reading;

	/* what stands behind another key belongs to that one */
	comment = span_take(comment, find_key(comment, 0));
	line = arena_printf(arena, "%.*s%s%s %.*s %s", (int)list.len, list.len > 0 ? list.data : "",
	    list.len > 0 ? " " : "", type, (int)blob.len, blob.data,
	    chars_show(arena, chars_trim(comment), COMMENT_MAX));
	reading = key_read(arena, span_of(line), now);
	if (reading.code != CODE_NONE || list.len > 2000)
		return NULL;
	for (size_t i = 0; i < list.len; i++)
		if ((unsigned char)list.data[i] < ' ' || list.data[i] == 0x7f)
			return NULL;
	return key_line(arena, key_make(arena, &reading));
}
