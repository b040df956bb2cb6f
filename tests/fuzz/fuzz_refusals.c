/* sshd/refusals: any log at all. No crash, no control character in a field, no more memory, and
 * never more lines told than the limits allow. Each line of the input is a line of the log. */
#include "fuzz/harness.h"

#include "sshd/refusals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void
must_be_plain(const char *field, size_t size)
{
	must(memchr(field, '\0', size) != NULL, "a field ends");
	for (; *field != '\0'; field++)
		must(*field >= ' ' && *field < 0x7f, "a field is printable");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct refusals refusals;
	char *text = malloc(size + 1), *line = text;
	unsigned told = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	memset(&refusals, 0, sizeof(refusals));
	while (line < text + size) {
		char *end = strchr(line, '\n');
		const struct refusal *refusal;

		if (end != NULL)
			*end = '\0';
		told += refusals_line(&refusals, line, 5, &refusal) == TELL_REFUSAL;
		line += strlen(line) + 1;
	}
	must(told <= REFUSALS_TOLD, "the limit holds");
	for (size_t i = 0; i < REFUSALS_MOST; i++) {
		const struct refusal *r = &refusals.list[i];

		must_be_plain(r->address, sizeof(r->address));
		must_be_plain(r->user, sizeof(r->user));
		must_be_plain(r->type, sizeof(r->type));
		must_be_plain(r->fingerprint, sizeof(r->fingerprint));
		must_be_plain(r->authority, sizeof(r->authority));
		must_be_plain(r->detail, sizeof(r->detail));
	}
	free(text);
	return 0;
}
