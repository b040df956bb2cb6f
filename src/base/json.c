#include "base/json.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *
json_lossy_string(const char *text)
{
	json_t *string = json_string(text);
	char *copy;

	if (string != NULL)
		return string;
	copy = strdup(text);
	if (copy == NULL)
		return json_null();
	for (char *c = copy; *c != '\0'; c++)
		if ((*c & 0x80) != 0)
			*c = '?';
	string = json_string(copy);
	free(copy);
	return string;
}

void
json_print(json_t *object)
{
	char *text = json_dumps(object, JSON_INDENT(2));

	puts(text != NULL ? text : "{}");
	free(text);
	json_decref(object);
}

int
json_save(int directory, const char *name, json_t *object, mode_t mode)
{
	char *text = json_dumps(object, JSON_INDENT(2));
	int result = -1;

	errno = ENOMEM;
	if (text != NULL)
		result = file_replace(directory, name, span_of(text), mode, NULL, false);
	free(text);
	json_decref(object);
	return result;
}
