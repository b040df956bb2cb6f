/*
 * environment: variables, in our own environment or in one that was kept.
 */
#ifndef SSHINIT_BASE_ENVIRONMENT_H
#define SSHINIT_BASE_ENVIRONMENT_H

/* The value of name in a NULL-terminated array of "NAME=value", or NULL. The last one wins where it
 * stands twice, as in shells. */
const char *environment_value(char *const *environment, const char *name);

#endif
