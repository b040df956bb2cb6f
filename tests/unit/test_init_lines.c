/* init/lines: any bytes in any pieces become the same lines. */
#include "init/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen {
	int count;
	char text[4 * LINES_ROOM];
};

static void
see(void *context, const char *line)
{
	struct seen *seen = context;
	size_t used = strlen(seen->text);

	seen->count++;
	assert_true(strlen(line) < LINES_ROOM);
	snprintf(seen->text + used, sizeof(seen->text) - used, "[%s]", line);
}

static void
test_pieces_do_not_matter(void **unused)
{
	static const char text[] = "one\ntwo\r\n\n\r\nth\0ree\nfour";

	(void)unused;
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		struct lines lines = { .len = 0 };
		struct seen seen = { .count = 0 };

		for (size_t at = 0; at < sizeof(text) - 1; at += piece) {
			size_t left = sizeof(text) - 1 - at;

			lines_add(&lines, text + at, left < piece ? left : piece, see, &seen);
		}
		assert_string_equal(seen.text, "[one][two][th?ree]");
		lines_add(&lines, "\n", 1, see, &seen);
		assert_string_equal(seen.text, "[one][two][th?ree][four]");
	}
}

static void
test_one_write_is_one_line(void **unused)
{
	static const char text[] = "Invalid user x\r\nFailed publickey for root\r\n";
	struct lines lines = { .len = 0 };
	struct seen seen = { .count = 0 };

	(void)unused;
	lines_add_whole(&lines, text, sizeof(text) - 1, see, &seen);
	lines_add_whole(&lines, "next\n", 5, see, &seen);
	lines_add_whole(&lines, "no end", 6, see, &seen);
	lines_add_whole(&lines, "", 0, see, &seen);
	assert_string_equal(
	    seen.text, "[Invalid user x\r?Failed publickey for root][next][no end]");
}

static void
test_endless_line_is_cut(void **unused)
{
	struct lines lines = { .len = 0 };
	struct seen seen = { .count = 0 };
	char block[1000];

	(void)unused;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 1000; i++)
		lines_add(&lines, block, sizeof(block), see, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(strlen(seen.text), LINES_ROOM - 1 + 2);
	seen.text[0] = '\0';
	lines_add(&lines, "rest\nnext\n", 10, see, &seen);
	assert_string_equal(seen.text, "[next]");
}

/* Exactly as long as there is room for: nothing of the next line may be lost with it. */
static void
test_line_that_just_fits(void **unused)
{
	for (size_t len = LINES_ROOM - 3; len < LINES_ROOM + 2; len++) {
		struct lines lines = { .len = 0 };
		struct seen seen = { .count = 0 };
		char block[LINES_ROOM + 8];

		(void)unused;
		memset(block, 'y', len);
		memcpy(block + len, "\nz\n", 3);
		lines_add(&lines, block, len + 3, see, &seen);
		assert_int_equal(seen.count, 2);
		assert_string_equal(seen.text + strlen(seen.text) - 3, "[z]");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_do_not_matter),
		cmocka_unit_test(test_one_write_is_one_line),
		cmocka_unit_test(test_endless_line_is_cut),
		cmocka_unit_test(test_line_that_just_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
