#include "base/environment.h"

#include <string.h>

const char *
environment_value(char *const *environment, const char *name)
{
	size_t len = strlen(name);
	const char *value = NULL;

	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
			value = *environment + len + 1;
	return value;
}
