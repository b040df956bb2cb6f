#include "sshd/ports.h"

#include "pod/capabilities.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether the port is free and ours to bind: 0, or an errno value. */
static int
try_port(long port)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const struct sockaddr *addresses[]
	    = { (const struct sockaddr *)&any4, (const struct sockaddr *)&any6 };
	const socklen_t sizes[] = { sizeof(any4), sizeof(any6) };
	int wrong = 0;

	for (int i = 0; i < 2 && wrong == 0; i++) {
		int fd = socket(addresses[i]->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int on = 1;

		if (fd < 0)
			continue; /* a kernel without that family: the other one will do */
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (i == 1)
			(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		if (bind(fd, addresses[i], sizes[i]) < 0 && errno != EADDRNOTAVAIL)
			wrong = errno;
		/* bind alone succeeds beside another listener's SO_REUSEADDR; listen does not. */
		else if (listen(fd, 1) < 0)
			wrong = errno;
		close(fd);
	}
	return wrong;
}

void
ports_as_set(long ports[PORTS_MOST + 1], const struct settings *settings)
{
	const char **words = settings_list(settings, SET_PORT);
	size_t n = 0;

	for (; *words != NULL && n < PORTS_MOST; words++)
		ports[n++] = strtol(*words, NULL, 10);
	ports[n] = 0;
}

void
ports_plan(long ports[PORTS_MOST + 1], const struct settings *settings, struct findings *findings)
{
	ports_as_set(ports, settings);
	for (size_t i = 0; ports[i] != 0; i++) {
		char subject[32];
		int wrong = try_port(ports[i]);

		if (wrong == 0)
			continue;
		snprintf(subject, sizeof(subject), "port %ld", ports[i]);
		if (!settings_given(settings, SET_PORT) && try_port(PORT_FALLBACK) == 0) {
			finding_add(findings, WARNING, CODE_PORT_MOVED, subject,
			    "%s; sshd listens on %d", strerror(wrong), PORT_FALLBACK);
			ports[i] = PORT_FALLBACK;
		} else {
			finding_add(findings, ERROR,
			    wrong == EACCES ? CODE_PORT_FORBIDDEN : CODE_PORT_IN_USE, subject, "%s",
			    strerror(wrong));
		}
	}
}
