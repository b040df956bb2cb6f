/*
 * home: the user's ssh configuration (~/.ssh/config and what belongs to it) as it stands: the
 * files, sshinit's section, the pods in it.
 *
 * sshinit's own files, the pods' host keys and (with --include) their Host blocks, stand beside the
 * configuration.
 */
#ifndef SSHINIT_LAPTOP_HOME_H
#define SSHINIT_LAPTOP_HOME_H

#include "laptop/conffile.h"
#include "laptop/pod.h"
#include "laptop/section.h"

struct home {
	struct arena *arena;
	struct conffile config, own, known;
	struct section section;            /* of config */
	struct section own_section;        /* of own */
	bool include;                      /* the pods stand in own */
	bool broken;                       /* ssh does not read it, for reasons of its own */
	const char *own_name, *known_name; /* as ssh_config names them */
};

/* Reads all that config (NULL: ~/.ssh/config) leads to. include and in_line say where the pods are
 * to stand from now on; neither: where they stand. False: a finding says why. */
bool home_open(
    struct home *home, struct findings *findings, const char *config, bool include, bool in_line);

struct chunk *home_chunks(const struct home *home);
struct chunk *home_chunk(const struct home *home, const char *alias);

/* What config and own should hold with pod in them (pinned: its host key is known) or, where pod is
 * NULL, without alias. Nothing is written. */
struct home_texts {
	struct span config, own;
};
struct home_texts home_with(
    const struct home *home, const char *alias, const struct pod *pod, bool pinned);

/* One text that ssh -F can read: the configuration with the pod in it, not yet pinned. */
struct span home_candidate(const struct home *home, const struct pod *pod);

/* Whether ssh accepts the configuration with the pod in it; false with a finding when it does not.
 * Warns where another part of the configuration speaks of the pod, or is broken already. */
bool home_check(struct home *home, struct findings *findings, const struct pod *pod);

/* The path as ssh finds it from any directory: a relative one is opened out where the file is
 * there. */
const char *home_identity(struct arena *arena, const char *path);

/* Warns when the identity file is not there, is a public key, or may be read by others. */
void home_check_identity(const struct home *home, struct findings *findings, const struct pod *pod);

#endif
