#include "pod/api_plan.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <bsd/stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A token that could be guessed would be worse than none. */
enum { TOKEN_LEAST = 16, TOKEN_MOST = 4096 };

/* ---- the address --------------------------------------------------------------------------- */

static bool
read_path(struct api_address *address, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)(void *)&address->where;

	if (strlen(path) >= sizeof(un->sun_path))
		return false;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, strlen(path) + 1);
	address->len = sizeof(*un);
	address->loopback = true;
	return true;
}

static bool
read_ipv6(struct api_address *address, const char *host, in_port_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&address->where;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = port;
	address->len = sizeof(*in6);
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return false;
	address->loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	return true;
}

static bool
read_ipv4(struct api_address *address, const char *host, in_port_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&address->where;

	in->sin_family = AF_INET;
	in->sin_port = port;
	address->len = sizeof(*in);
	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		return false;
	address->loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return true;
}

bool
api_address_read(struct api_address *address, const char *text)
{
	const char *colon = strrchr(text, ':'), *wrong = NULL;
	char host[64] = "";
	size_t len;
	in_port_t port;

	*address = (struct api_address){ .loopback = false };
	if (text[0] == '/')
		return read_path(address, text);
	if (colon == NULL || (len = (size_t)(colon - text)) >= sizeof(host))
		return false;
	memcpy(host, text, len);
	port = htons((in_port_t)strtonum(colon + 1, 1, 65535, &wrong));
	if (wrong != NULL)
		return false;
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		return read_ipv6(address, host + 1, port);
	}
	if (len == 0 || strcmp(host, "*") == 0)
		return read_ipv4(address, "0.0.0.0", port);
	return read_ipv4(address, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, port);
}

/* ---- the token ----------------------------------------------------------------------------- */

static void
complain(struct findings *findings, const char *path, const char *what)
{
	finding_add(
	    findings, ERROR, CODE_API_TOKEN, path[0] != '\0' ? path : "api-token-file", "%s", what);
}

/* What was read and who owns it are of one file, whatever is put under its name meanwhile. */
static int
read_with_status(struct arena *arena, const char *path, struct span *text, struct stat *status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result = -1, saved;

	if (fd < 0)
		return -1;
	if (fstat(fd, status) == 0) {
		errno = EINVAL;
		if (S_ISREG(status->st_mode))
			result = file_drain(arena, fd, 0, TOKEN_MOST, text);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static const char *
read_token(const char *path, struct findings *findings)
{
	struct stat status;
	struct span text;
	char *token;

	if (path[0] == '\0') {
		complain(findings, path, "the setting is empty");
		return NULL;
	}
	if (read_with_status(findings->arena, path, &text, &status) < 0) {
		complain(findings, path, strerror(errno));
		return NULL;
	}
	if (status.st_uid != 0 && status.st_uid != geteuid()) {
		complain(findings, path, "it belongs to another user, who can change it");
		return NULL;
	}
	if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
		finding_fix(findings,
		    finding_add(findings, ERROR, CODE_API_TOKEN, path,
		        "others can read or change it (mode %04o)",
		        (unsigned)status.st_mode & 07777),
		    "chmod 0400 %s (a Secret of Kubernetes: defaultMode: 0400)", path);
		return NULL;
	}
	token = arena_strndup(findings->arena, text.data, strcspn(text.data, "\r\n"));
	if (strlen(token) < TOKEN_LEAST) {
		complain(findings, path, "the token has fewer than 16 characters");
		return NULL;
	}
	for (const char *c = token; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~') {
			complain(
			    findings, path, "a token has no blanks, and only plain characters");
			return NULL;
		}
	return token;
}

/* ---- the plan ------------------------------------------------------------------------------ */

struct api_plan
api_plan(const struct settings *settings, struct findings *findings)
{
	const char *where = settings_text(settings, SET_API);
	struct api_plan plan = { .on = false };

	if (where[0] == '\0' || settings_is(settings, SET_API, "off"))
		return plan;
	if (!api_address_read(&plan.address, where)) {
		finding_add(findings, ERROR, CODE_API_ADDRESS, settings_where(settings, SET_API),
		    "\"%s\"", where);
		return plan;
	}
	if (!plan.address.loopback && !settings_flag(settings, SET_API_PUBLIC)) {
		finding_add(findings, ERROR, CODE_API_NOT_PUBLIC, settings_where(settings, SET_API),
		    "\"%s\"", where);
		return plan;
	}
	plan.token = read_token(settings_text(settings, SET_API_TOKEN_FILE), findings);
	if (plan.token == NULL)
		return plan;
	if (!plan.address.loopback)
		finding_add(findings, WARNING, CODE_API_PLAIN, settings_where(settings, SET_API),
		    "\"%s\"", where);
	plan.on = true;
	return plan;
}
