#include "base/distance.h"

#include <ctype.h>

enum { LETTERS_MOST = 63 };

/* Levenshtein's, with one row of the table kept. */
size_t
word_distance(struct span a, const char *b, size_t limit)
{
	size_t row[LETTERS_MOST + 1], n = strlen(b);

	if (n > LETTERS_MOST || a.len > n + limit || n > a.len + limit)
		return limit + 1;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			bool same = tolower((unsigned char)a.data[i - 1])
			            == tolower((unsigned char)b[j - 1]);
			size_t best = corner + !same;

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = row[j];
			row[j] = best;
		}
	}
	return row[n];
}
