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

/* Whether the port is free there and ours to bind: 0, or an errno value. An address that the
 * container does not have (yet) and a kernel without that family are sshd's to name. */
static int
try_address(const struct sockaddr *address, socklen_t size)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, wrong = 0;

	if (fd < 0)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* bind alone succeeds beside another listener's SO_REUSEADDR; listen does not. */
	if (bind(fd, address, size) < 0 || listen(fd, 1) < 0)
		wrong = errno == EADDRNOTAVAIL ? 0 : errno;
	close(fd);
	return wrong;
}

/* The same at all addresses, or at those that listen names. */
static int
try_port(long port, const struct settings *settings)
{
	static const char *const all[] = { "0.0.0.0", "::", NULL };
	const char *const *addresses = (const char *const *)settings_list(settings, SET_LISTEN);
	int wrong = 0;

	for (const char *const *a = addresses[0] != NULL ? addresses : all;
	     *a != NULL && wrong == 0; a++) {
		struct sockaddr_in v4
		    = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
		struct sockaddr_in6 v6
		    = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

		if (inet_pton(AF_INET, *a, &v4.sin_addr) == 1)
			wrong = try_address((const struct sockaddr *)&v4, sizeof(v4));
		else if (inet_pton(AF_INET6, *a, &v6.sin6_addr) == 1)
			wrong = try_address((const struct sockaddr *)&v6, sizeof(v6));
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
		int wrong = try_port(ports[i], settings);

		if (wrong == 0)
			continue;
		snprintf(subject, sizeof(subject), "port %ld", ports[i]);
		if (!settings_given(settings, SET_PORT) && try_port(PORT_FALLBACK, settings) == 0) {
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
