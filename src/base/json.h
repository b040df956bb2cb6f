/*
 * json: what sshinit's JSON has in common, on top of jansson.
 */
#ifndef SSHINIT_BASE_JSON_H
#define SSHINIT_BASE_JSON_H

#include <jansson.h>
#include <sys/types.h>

/* A string of text that may hold any byte. JSON carries UTF-8 only: where text is not, each of its
 * bytes beyond ASCII becomes "?". */
json_t *json_lossy_string(const char *text);

/* Prints the object on standard output, and frees it (json_decref). */
void json_print(json_t *object);

/* Makes the object the text of the file name, with that mode, in the open directory, and frees it.
 * 0, or -1 and errno. */
int json_save(int directory, const char *name, json_t *object, mode_t mode);

#endif
