#include "pod/session.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>

enum { MODE_OTHERS_WRITE = 022 };

static mode_t
own_umask(void)
{
	mode_t mask = umask(077);

	(void)umask(mask);
	return mask;
}

/* Where the setting was not given. */
static const char *
usual_dir(const char *platform)
{
	return strcmp(platform, "RunPod") == 0 && file_is_mount("/workspace") ? "/workspace" : "";
}

struct session
session_plan(const struct settings *settings, const char *platform, struct findings *findings)
{
	struct session session = { .dir = settings_text(settings, SET_SESSION_DIR) };
	struct stat status;

	session.umask = own_umask();
	if (!settings_given(settings, SET_SESSION_DIR))
		session.dir = usual_dir(platform);
	else if (strcmp(session.dir, "home") == 0)
		session.dir = "";
	if (session.dir[0] == '\0')
		return session;
	errno = ENOTDIR;
	if (session.dir[0] != '/' || stat(session.dir, &status) < 0 || !S_ISDIR(status.st_mode)) {
		finding_add(findings, WARNING, CODE_SESSION_DIR, session.dir, "%s",
		    session.dir[0] != '/' ? "it must begin with a slash" : strerror(errno));
		session.dir = "";
	}
	return session;
}

void
session_plan_system(
    const struct session *session, const struct settings *settings, struct findings *findings)
{
	if (session->dir[0] != '\0' && settings_given(settings, SET_SESSION_DIR))
		finding_add(findings, WARNING, CODE_SESSION_SYSTEM, "session-dir",
		    "sessions start in the home, not in %s", session->dir);
	if ((session->umask & MODE_OTHERS_WRITE) != MODE_OTHERS_WRITE)
		finding_add(findings, NOTE, CODE_SESSION_SYSTEM, "umask",
		    "sessions have %04o, the container %04o",
		    (unsigned)(session->umask | MODE_OTHERS_WRITE), (unsigned)session->umask);
}
