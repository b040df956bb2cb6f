/*
 * verb: what every --verb is called with.
 */
#ifndef SSHINIT_VERBS_VERB_H
#define SSHINIT_VERBS_VERB_H

#include "base/settings.h"

struct verb_call {
	struct settings *settings;       /* of the start that runs here, else of this call */
	const struct findings *findings; /* what reading them found */
	char *const *environment;        /* the start's, else our own (pod/context) */
	const long *ports;               /* that our sshd holds already, 0-terminated; or NULL */
	bool running;                    /* an sshinit of this user was started here */
	int argc;
	char **argv; /* argv[0] is the verb */
};

#endif
