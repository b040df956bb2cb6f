#include "live/live.h"

#include "base/buf.h"
#include "base/file.h"
#include "pod/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MS = 3000, BANNER = 256 };

/* "sshd (process 7)" for each process that listens; "" where none can be seen. */
static const char *
holders(struct arena *arena, long port)
{
	pid_t pids[SOCKETS_HOLDERS];
	struct buf text = buf_new(arena);
	int n = sockets_listeners(pids, port);

	for (int i = 0; i < n; i++) {
		struct span name = { "", 0 };

		if (file_read(arena, AT_FDCWD, arena_printf(arena, "/proc/%d/comm", (int)pids[i]),
		        64, &name)
		    < 0)
			name = span_of("a process");
		buf_printf(&text, "%s%.*s (process %d)", i > 0 ? ", " : "",
		    (int)strcspn(name.data, "\n"), name.data, (int)pids[i]);
	}
	return text.data;
}

static bool
can(int fd, short events)
{
	struct pollfd wait_for = { .fd = fd, .events = events };

	return poll(&wait_for, 1, ANSWER_MS) == 1;
}

/* Connects to address and reads the first line: 0, or an errno value. */
static int
read_banner(const struct sockaddr *address, socklen_t size, char banner[BANNER])
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int wrong = 0;
	socklen_t len = sizeof(wrong);
	ssize_t n = -1;

	banner[0] = '\0';
	if (fd < 0)
		return errno;
	if (connect(fd, address, size) < 0 && errno != EINPROGRESS)
		wrong = errno;
	else if (!can(fd, POLLOUT))
		wrong = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &wrong, &len) < 0)
		wrong = errno;
	if (wrong == 0) {
		if (can(fd, POLLIN))
			n = read(fd, banner, BANNER - 1);
		else
			wrong = ETIMEDOUT;
	}
	banner[n > 0 ? n : 0] = '\0';
	banner[strcspn(banner, "\r\n")] = '\0';
	close(fd);
	return wrong;
}

/* Whether somebody took the connection, even one who keeps silent. */
static bool
has_listener(int wrong)
{
	return wrong == 0 || wrong == ETIMEDOUT;
}

/* Through loopback, or at the first address that listen names: the same question that sshd asks. */
static int
ask(const struct plan *plan, long port, char banner[BANNER], const char **where)
{
	static const char *const loopback[] = { "127.0.0.1", "::1" };
	const char **named = settings_list(plan->settings, SET_LISTEN);
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	const char *service = arena_printf(plan->arena, "%ld", port);
	int wrong = EADDRNOTAVAIL;

	*where = named[0] != NULL ? named[0] : loopback[0];
	for (int i = 0; i < (named[0] != NULL ? 1 : 2) && !has_listener(wrong); i++) {
		const char *name = named[0] != NULL ? named[0] : loopback[i];
		struct addrinfo *found = NULL;
		int now = EADDRNOTAVAIL;

		if (getaddrinfo(name, service, &hints, &found) != 0)
			continue;
		for (const struct addrinfo *a = found; a != NULL && !has_listener(now);
		     a = a->ai_next)
			now = read_banner(a->ai_addr, a->ai_addrlen, banner);
		freeaddrinfo(found);
		/* Why 127.0.0.1 does not answer says more than that there is no ::1. */
		if (i == 0 || has_listener(now)) {
			wrong = now;
			*where = name;
		}
	}
	return wrong;
}

static bool
is_ours(const struct looks *looks, long port)
{
	for (const long *ours = looks->ports; ours != NULL && *ours != 0; ours++)
		if (*ours == port)
			return true;
	return false;
}

void
live_port(struct looks *looks, long port)
{
	const char *subject = arena_printf(looks->arena, "port %ld", port);
	const char *who = holders(looks->arena, port), *where = "";
	char banner[BANNER] = "";
	struct look *look;
	int wrong = ask(looks->plan, port, banner, &where);
	bool listens = has_listener(wrong);

	if (!listens && !is_ours(looks, port))
		look = look_add(looks, subject, "nothing listens there%s",
		    plan_can_serve(looks->plan) && !looks->running ? " yet; a start does" : "");
	else
		look = look_add(looks, subject, "%s%s, %s %s%s%s", who[0] != '\0' ? "held by " : "",
		    who[0] != '\0' ? who : "who holds it cannot be seen", where,
		    banner[0] != '\0' ? "answers "
		    : listens         ? "says nothing"
		                      : "does not answer: ",
		    banner, listens ? "" : strerror(wrong));
	look_covers(looks, look, CODE_PORT_IN_USE, subject);
	look_covers(looks, look, CODE_PORT_FORBIDDEN, subject);
	if (port == PORT_FALLBACK)
		look_covers(looks, look, CODE_PORT_MOVED, NULL);
	if (is_ours(looks, port) && strncmp(banner, "SSH-2.0-", 8) != 0)
		(void)look_complain(looks, look, ERROR, CODE_PORT_SILENT, "%s",
		    banner[0] != '\0' ? "another program answers"
		    : wrong != 0      ? strerror(wrong)
		                      : "it was closed without a word");
	else if (looks->running && looks->ports == NULL && plan_can_serve(looks->plan))
		(void)look_complain(looks, look, ERROR, CODE_PORT_SILENT, "sshd is not listening");
}
