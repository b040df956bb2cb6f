/*
 * replay FILE...: gives each file to the fuzzer this is linked with.
 */
#include "fuzz/harness.h"

#include <stdio.h>

enum { MOST = 1024 * 1024 };

int
main(int argc, char **argv)
{
	static uint8_t data[MOST];

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");

		if (file == NULL) {
			perror(argv[i]);
			return 1;
		}
		(void)LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), file));
		fclose(file);
	}
	printf("%d files replayed\n", argc - 1);
	return 0;
}
