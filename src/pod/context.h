/*
 * context: what the running sshinit was started with, for the verbs that ask about it later.
 *
 * `ssh pod sshinit --check` runs in a session, which has neither the key variables nor the options
 * of the start. So the start leaves its environment and options in the state directory, readable by
 * its own user alone, and the verbs take them from there.
 */
#ifndef SSHINIT_POD_CONTEXT_H
#define SSHINIT_POD_CONTEXT_H

#include "base/settings.h"
#include "pod/state.h"

struct context {
	char **environment; /* NULL-terminated; NULL where no sshinit has been started here */
	long *ports;        /* that sshd listens on, 0-terminated; NULL while it does not listen */
};

/* Leaves environment and options. config is the file that was named, NULL for none. 0, or -1 and
 * errno. */
int context_save(const struct state *state, const struct settings *settings, const char *config,
    char *const *environment);

/* Leaves the ports, NULL for none. 0, or -1 and errno. */
int context_save_ports(const struct state *state, const long *ports);

/* Leaves the calling process's id: the one that takes SIGHUP. 0, or -1 and errno. */
int context_save_worker(const struct state *state);

/* That id, or -1. */
long context_worker(struct arena *arena, const struct state *state);

/* What is there; the members are NULL where it is not. */
struct context context_load(struct arena *arena, const struct state *state);

#endif
