#include "pod/platform.h"

#include "base/buf.h"
#include "base/environment.h"

#include <bsd/stdlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The variables by which a platform shows itself. A %ld stands for sshd's port in the pod. */
static const struct platform {
	const char *name;
	const char *sign; /* set on this platform and nowhere else */
	const char *pod, *host, *port;
} platforms[] = {
	{ "RunPod", "RUNPOD_POD_ID", "RUNPOD_POD_ID", "RUNPOD_PUBLIC_IP", "RUNPOD_TCP_PORT_" },
	{ "Vast", "VAST_CONTAINERLABEL", "VAST_CONTAINERLABEL", "PUBLIC_IPADDR", "VAST_TCP_PORT_" },
	{ "Kubernetes", "KUBERNETES_SERVICE_HOST", "POD_NAME", "", "" },
};

/* A variable's value where it is fit to stand in a command line: no blank, quote or control
 * character; "" otherwise. */
static const char *
plain(char *const *environment, const char *name)
{
	const char *value = name[0] != '\0' ? environment_value(environment, name) : NULL;

	if (value == NULL)
		return "";
	for (const char *c = value; *c != '\0'; c++)
		if (strchr("-._:/@[]", *c) == NULL && (*c < '0' || *c > '9')
		    && (*c < 'A' || *c > 'Z') && (*c < 'a' || *c > 'z'))
			return "";
	return value[0] == '-' ? "" : value;
}

static long
port_number(const char *text)
{
	const char *wrong = NULL;
	long port = (long)strtonum(text, 1, 65535, &wrong);

	return wrong == NULL ? port : -1;
}

static const char *
host_name(struct arena *arena)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 || name[0] == '\0')
		return "pod";
	return arena_strdup(arena, name);
}

static void
ask_platform(struct reach *reach, struct arena *arena, char *const *environment, long port)
{
	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		const struct platform *p = &platforms[i];
		const char *host = plain(environment, p->host);
		long mapped
		    = port_number(plain(environment, arena_printf(arena, "%s%ld", p->port, port)));

		/* Vast sets its label only in some images, so an address with a port is a sign too.
		 */
		if (environment_value(environment, p->sign) == NULL
		    && (host[0] == '\0' || mapped < 0))
			continue;
		reach->platform = p->name;
		reach->host = host;
		reach->port = mapped;
		if (plain(environment, p->pod)[0] != '\0')
			reach->pod = plain(environment, p->pod);
		return;
	}
	if (access("/.dockerenv", F_OK) == 0)
		reach->platform = "Docker";
}

struct reach
platform_reach(
    struct arena *arena, const struct settings *settings, char *const *environment, long port)
{
	struct reach reach = { .platform = "", .pod = host_name(arena), .host = "", .port = -1 };

	ask_platform(&reach, arena, environment, port);
	if (settings_text(settings, SET_PUBLIC_HOST)[0] != '\0') {
		reach.host = settings_text(settings, SET_PUBLIC_HOST);
		if (reach.port < 0)
			reach.port = port;
	}
	if (settings_number(settings, SET_PUBLIC_PORT) > 0)
		reach.port = settings_number(settings, SET_PUBLIC_PORT);
	reach.jump = settings_text(settings, SET_JUMP);
	return reach;
}

const char *
reach_ssh_line(struct arena *arena, const struct reach *reach, const char *user)
{
	struct buf line = buf_new(arena);

	if (reach->host[0] == '\0' || reach->port < 0)
		return "";
	buf_puts(&line, "ssh");
	if (reach->jump[0] != '\0')
		buf_printf(&line, " -J %s", reach->jump);
	buf_printf(&line, " %s@%s", user, reach->host);
	if (reach->port != 22)
		buf_printf(&line, " -p %ld", reach->port);
	return line.data;
}
