#include "sshd/logins.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOGINS_LIMIT = 256 * 1024, WORD = 256 };

static const char logins_name[] = "logins";

/* "Accepted publickey for root from 10.0.0.1 port 4711 ssh2: ED25519 SHA256:...". The user's name
 * stands before what sshd itself adds, so the words are counted from the end. A certificate's line
 * goes on behind the fingerprint: "... SHA256:... ID alice (serial 1) CA ED25519 SHA256:...". */
static bool
parse(const char *line, struct login_record *record, char user[WORD], char address[WORD],
    char fingerprint[WORD])
{
	static const char start[] = "Accepted publickey for ";
	const char *ssh2 = strstr(line, " ssh2: "), *from;
	char type[WORD];

	if (strncmp(line, start, strlen(start)) != 0 || ssh2 == NULL)
		return false;
	from = strstr(line, " from ");
	if (from == NULL || from > ssh2 || (size_t)(from - line) - strlen(start) >= WORD)
		return false;
	snprintf(
	    user, WORD, "%.*s", (int)((size_t)(from - line) - strlen(start)), line + strlen(start));
	if (sscanf(from, " from %255s port %ld ssh2: %255s %255s", address, &record->port, type,
	        fingerprint)
	    != 4)
		return false;
	return strncmp(fingerprint, "SHA256:", 7) == 0 && strpbrk(user, " \t\n") == NULL;
}

void
logins_note(const struct state *state, const char *line, time_t now)
{
	struct login_record record;
	char user[WORD], address[WORD], fingerprint[WORD], text[4 * WORD];
	struct stat status;
	int fd, len;

	if (state->fd < 0 || !parse(line, &record, user, address, fingerprint))
		return;
	fd = openat(state->fd, logins_name,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return;
	/* A list that nobody reads must not fill the memory that /run is made of. */
	if (fstat(fd, &status) == 0 && status.st_size > LOGINS_LIMIT)
		(void)ftruncate(fd, 0);
	len = snprintf(text, sizeof(text), "%lld %s %s %ld %s\n", (long long)now, fingerprint,
	    address, record.port, user);
	if (len > 0 && (size_t)len < sizeof(text))
		(void)write_all(fd, text, (size_t)len);
	close(fd);
}

struct login_record *
logins_read(struct arena *arena, const struct state *state)
{
	struct login_record *first = NULL, **end = &first;
	struct span text;
	char *rest, *line;

	if (state->fd < 0
	    || file_read_own(arena, state->fd, logins_name, 2 * LOGINS_LIMIT, &text) < 0)
		return NULL;
	rest = arena_strndup(arena, text.data, text.len);
	while ((line = strsep(&rest, "\n")) != NULL) {
		char fingerprint[WORD], address[WORD], user[WORD];
		long long when;
		long port;

		if (sscanf(line, "%lld %255s %255s %ld %255s", &when, fingerprint, address, &port,
		        user)
		    != 5)
			continue;
		*end = arena_alloc(arena, 1, sizeof(**end));
		(*end)->when = (time_t)when;
		(*end)->fingerprint = arena_strdup(arena, fingerprint);
		(*end)->address = arena_strdup(arena, address);
		(*end)->user = arena_strdup(arena, user);
		(*end)->port = port;
		end = &(*end)->next;
	}
	return first;
}
