#include "keys/damage.h"

#include "keys/chars.h"
#include "keys/decoration.h"

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

/* "ssh-ed25519,AAAA...": something else than a space between type and blob. */
static bool
report_joint(struct reader *reader, struct span line)
{
	size_t at = span_find(line, "AAAA"), end = at;
	struct span blob, word;

	if (at == line.len || at < 4)
		return false;
	while (end > 0 && memchr(",:;=|/_.-", line.data[end - 1], 9) != NULL)
		end--;
	word = span_take(line, end);
	if (end == at || key_type_find(word) == NULL)
		return false;
	blob = span_word(span_skip(line, at));
	refuse_showing(reader, CODE_TYPE_TYPO, NULL, (struct bytes){ 0 },
	    right_line(reader, (struct span){ "", 0 }, blob, span_skip(line, at + blob.len)),
	    span_take(line, at));
	return true;
}

/* "// ssh-ed25519 ...", "; ..." or "rem ...": somebody's way to comment a line out. */
static bool
report_comment(struct reader *reader, struct span line)
{
	static const char *const marks[] = { "//", ";", "--", "rem ", "<!--", "%" };
	size_t key = find_key(line, 0);

	for (size_t i = 0; key < line.len && i < sizeof(marks) / sizeof(*marks); i++) {
		size_t len = strlen(marks[i]);

		if (!span_starts_nocase(line, marks[i])
		    || span_skip_blanks(span_skip(line, len)).data != line.data + key)
			continue;
		read_refused(reader, span_skip(line, key), CODE_COMMENTED_OUT);
		return true;
	}
	return false;
}

/* ssh_key: "ssh-ed25519 ...", name,ssh-ed25519 ...: words in front, and no blank before the type.
 */
static bool
report_glued_label(struct reader *reader, struct span line, bool json)
{
	size_t key = find_key(line, 0);
	struct span front = span_take(line, key), name = front, blob, comment;
	bool option;

	if (key == line.len || key == 0 || memchr("\"'`:,;|/>)([{", line.data[key - 1], 13) == NULL
	    || !has_letters(front))
		return false;
	for (size_t i = 0; i < front.len; i++)
		if (memchr("=, ", front.data[i], 3) != NULL) {
			name = span_take(front, i);
			break;
		}
	if (options_known(name, &option) || options_nearest(name) != NULL)
		return false;
	blob = span_word(span_skip(line, key + span_find(span_skip(line, key), "AAAA")));
	comment = span_skip(line, (size_t)(blob.data - line.data) + blob.len);
	blob.len -= decoration_back(blob);
	comment.len -= decoration_back(comment);
	/* what stands behind = may have been meant to limit the key */
	refuse_showing(reader, json ? CODE_JSON : CODE_LABEL, NULL, (struct bytes){ 0 },
	    memchr(front.data, '=', front.len) != NULL
	        ? NULL
	        : right_line(reader, (struct span){ "", 0 }, blob, comment),
	    front);
	return true;
}

bool
report_damage(struct reader *reader, struct span line)
{
	struct decorations removed = { 0 };
	struct words words;
	struct span bare = line;

	if (report_joint(reader, line) || report_comment(reader, line))
		return true;
	find_words(reader, line, &words);
	if (words.type > 0 || words.type == words.n) {
		/* a quotation mark or the like must not hide what is behind it */
		bare = undecorate(reader, line, &removed);
		find_words(reader, bare, &words);
	}
	if (words.type != 0 && report_command(reader, bare))
		return true;
	if (words.type == words.n && report_glued_label(reader, bare, *line.data == '{'))
		return true;
	if (words.type == words.n && words.blob == words.n) {
		static const char *const families[]
		    = { "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-" };
		static const char *const programs[]
		    = { "ssh-key", "ssh-add", "ssh-agent", "ssh-copy", "ssh-import", NULL };

		for (size_t i = 0; i < 4; i++) {
			struct span word = words.n > 0 ? words.at[0] : (struct span){ "", 0 };

			if (!span_starts_nocase(word, families[i])
			    || text_contains_any(word, programs) || words.n < 2)
				continue;
			if (name_thing(reader->arena, rest_from(&words, 1)) == CODE_FINGERPRINT)
				return false;
			refuse_showing(reader,
			    has_odd_letters(word) ? CODE_NON_ASCII : CODE_TYPE_UNKNOWN, NULL,
			    (struct bytes){ 0 }, NULL, word);
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
