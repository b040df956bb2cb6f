/*
 * hostkey_place: the directories in which a host key may stand.
 *
 * A volume may be everybody's: who can rename in /workspace can put another directory in place of
 * ours there, and who owns a directory can change what is in it. So what sshinit makes on a volume
 * is used only while it is ours alone, and where its path is not, it is not left to sshd to read.
 */
#ifndef SSHINIT_SSHD_HOSTKEY_PLACE_H
#define SSHINIT_SSHD_HOSTKEY_PLACE_H

#include "base/settings.h"
#include "pod/state.h"

enum { HOSTKEY_PLACES = 4 };

struct hostkey_place {
	const char *directory; /* all of it */
	const char *top;       /* which is what it is */
	const char *below[2];  /* of our making, and ours alone; NULL: nothing */
	bool lasting;          /* outlives the container */
};

/* One that is used as it is. */
struct hostkey_place hostkey_place_whole(const char *directory, bool lasting);

/* Fills in the directories, best first; the first one with a key, else the first that can hold one,
 * is used. Ends with an entry whose directory is NULL. */
void hostkey_places(struct hostkey_place list[HOSTKEY_PLACES + 1], struct arena *arena,
    const struct settings *settings, const char *pod, const struct state *state);

/* Whether nobody else can put another file under the names in this directory, now or when sshd
 * comes to read them. */
bool hostkey_place_sheltered(struct arena *arena, const char *directory, const struct state *state);

/* The directory, open; what stands below top is made where it is missing, if make. -1, and *why. */
int hostkey_place_open(
    const struct hostkey_place *place, bool make, struct arena *arena, const char **why);

#endif
