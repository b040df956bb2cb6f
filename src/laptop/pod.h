/*
 * pod: how one pod is reached, as the laptop knows it.
 *
 * The same options describe it on the command line, in the line that the section keeps of the last
 * run, and (translated) in a pasted ssh command. Every value is checked here, before anything can
 * reach a file; pure.
 */
#ifndef SSHINIT_LAPTOP_POD_H
#define SSHINIT_LAPTOP_POD_H

#include "base/buf.h"
#include "base/finding.h"
#include "base/span.h"

/* One --ssh-option; an empty value deletes the option that sshinit would write. */
struct ssh_option {
	struct ssh_option *next;
	const char *key, *value;
};

struct pod {
	const char *alias;
	const char *host, *user, *identity, *jump; /* NULL: not known */
	unsigned port;                             /* 0: not known */
	struct ssh_option *options;                /* in the order given */
};

/* NULL when the value is good, else what is wrong with it. */
const char *pod_bad_alias(const char *alias);
const char *pod_bad_host(const char *host);
const char *pod_bad_user(const char *user);
const char *pod_bad_jump(const char *jump);
const char *pod_bad_path(const char *path);
const char *pod_bad_port(const char *text, unsigned *port);

/* Takes "--host", "--port", "--user", "--identity", "--jump" or "--ssh-option" with its value;
 * texts are copied to findings' arena. UNKNOWN: none of these. REFUSED: a finding says why. */
enum pod_took { POD_TOOK, POD_REFUSED, POD_UNKNOWN };
enum pod_took pod_option(
    struct pod *pod, struct findings *findings, const char *option, const char *value);

/* Appends key and value, already checked, to the pod's options. */
void pod_add_option(struct pod *pod, struct arena *arena, const char *key, const char *value);

/* Whether an --ssh-option of that key is given; a deleting one counts. */
bool pod_has_option(const struct pod *pod, const char *key);

/* What pod does not say, it takes from before; an option key given now replaces all of that key. */
void pod_inherit(struct pod *pod, struct arena *arena, const struct pod *before);

/* "--host 1.2.3.4 --port 22 ...", as a shell and pod_read read it. */
void pod_write(struct buf *buf, const struct pod *pod);

/* Reads what pod_write wrote. False when it is not that. */
bool pod_read(struct pod *pod, struct arena *arena, struct span text);

#endif
