/*
 * What ssh-keygen prints around a fingerprint: random art, and its dialogue when it makes a key.
 */
#include "keys/chars.h"
#include "keys/reader.h"

/* Random art, and what ssh-keygen says before it. */
static size_t
read_art(struct reader *reader, struct span rest)
{
	size_t end = line_end(rest, 0), lines = 0;

	while (end < rest.len && lines++ < 12) {
		size_t next = line_end(rest, end + 1);
		struct span line = chars_trim((struct span){ rest.data + end + 1, next - end - 1 });

		if (line.len == 0 || (*line.data != '|' && *line.data != '+'))
			break;
		end = next;
		if (*line.data == '+')
			break;
	}
	report_thing(reader, CODE_FINGERPRINT, span_take(rest, end));
	return end;
}

/* The dialogue of ssh-keygen, to its end. */
static size_t
read_dialogue(struct reader *reader, struct span rest)
{
	static const char *const says[] = { "Generating public/private", "Enter file in which",
		"Enter passphrase", "Enter same passphrase", "Your identification has been saved",
		"Your public key has been saved", "The key fingerprint is",
		"The key's randomart image is", "SHA256:", "MD5:", "+-", "|", "Created directory",
		"Overwrite (y/n)" };
	size_t end = 0, found = 0;

	for (;;) {
		size_t next = line_end(rest, end);
		struct span line = chars_trim((struct span){ rest.data + end, next - end });
		bool said = line.len == 0 && found > 0;

		for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++)
			said |= span_starts(line, says[i])
			        || (i < 8 && span_find(line, says[i]) < line.len);
		if (!said || (found == 0 && span_starts(line, "|")))
			break;
		found += line.len > 0;
		end = next;
		if (end >= rest.len)
			break;
		end++;
	}
	if (found < 2)
		return 0;
	report_thing(reader, CODE_FINGERPRINT, span_take(rest, end));
	return end > 0 && end < rest.len ? end - 1 : end;
}

size_t
read_keygen(struct reader *reader, struct span rest)
{
	struct span text = chars_trim(span_take(rest, line_end(rest, 0)));

	if (span_starts(text, "+-") && text.data[text.len - 1] == '+')
		return read_art(reader, rest);
	/* most lines hold a key, or part of one */
	return span_find(text, "AAAA") < text.len ? 0 : read_dialogue(reader, rest);
}
