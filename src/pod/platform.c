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

/* A Kubernetes pod learns its node's address by a downward variable, and a Service that was there
 * before it by the variables the kubelet makes: X_SERVICE_HOST and, for a port named ssh,
 * X_SERVICE_PORT_SSH. The node counts first, for a Service's address holds inside the cluster only.
 */
static void
ask_kubernetes(struct reach *reach, struct arena *arena, char *const *environment)
{
	static const char *const node_names[] = { "NODE_IP", "HOST_IP" };
	static const char suffix[] = "_SERVICE_PORT_SSH";

	reach->port = port_number(plain(environment, "NODE_PORT"));
	for (int i = 0; i < 2 && reach->host[0] == '\0' && reach->port > 0; i++)
		reach->host = plain(environment, node_names[i]);
	for (char *const *v = environment; *v != NULL && reach->host[0] == '\0'; v++) {
		size_t len = strcspn(*v, "="), tail = strlen(suffix);
		const char *host;

		if (len <= tail || strncmp(*v + len - tail, suffix, tail) != 0)
			continue;
		host = arena_printf(arena, "%.*s_SERVICE_HOST", (int)(len - tail), *v);
		reach->host = plain(environment, host);
		reach->port = port_number(*v + len + 1);
	}
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
		if (strcmp(p->name, "Kubernetes") == 0)
			ask_kubernetes(reach, arena, environment);
		return;
	}
	if (access("/.dockerenv", F_OK) == 0)
		reach->platform = "Docker";
}

/* [2001:db8::1], as addresses with a port are written. */
static const char *
without_brackets(struct arena *arena, const char *host)
{
	size_t len = strlen(host);

	return len > 2 && host[0] == '[' && host[len - 1] == ']'
	           ? arena_strndup(arena, host + 1, len - 2)
	           : host;
}

struct reach
platform_reach(
    struct arena *arena, const struct settings *settings, char *const *environment, long port)
{
	struct reach reach = { .platform = "", .pod = host_name(arena), .host = "", .port = -1 };

	ask_platform(&reach, arena, environment, port);
	if (settings_text(settings, SET_PUBLIC_HOST)[0] != '\0') {
		reach.host = without_brackets(arena, settings_text(settings, SET_PUBLIC_HOST));
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
