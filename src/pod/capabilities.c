#include "pod/capabilities.h"

#include "base/buf.h"
#include "base/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <unistd.h>

static bool
have(cap_value_t capability)
{
	cap_t set = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	if (set == NULL)
		return true; /* cannot be known: let sshd find out */
	if (cap_get_flag(set, capability, CAP_EFFECTIVE, &value) < 0)
		value = CAP_SET;
	cap_free(set);
	return value == CAP_SET;
}

/* The first port that needs no privilege; 1024 where the kernel does not tell. */
static long
first_free_port(void)
{
	struct arena *arena = arena_new();
	struct span text;
	long port = 1024;

	if (file_read(arena, AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", 64, &text)
	    == 0)
		port = strtol(text.data, NULL, 10);
	arena_free(arena);
	return port;
}

bool
capabilities_allow_port(long port)
{
	return port >= first_free_port() || have(CAP_NET_BIND_SERVICE);
}

static void
need(cap_value_t capability, const char *what, enum severity severity, struct findings *findings)
{
	struct finding *finding;
	char *name, upper[64] = "";

	if (have(capability) || (name = cap_to_name(capability)) == NULL)
		return;
	/* Docker and Kubernetes want the name without cap_, in capitals. */
	for (size_t i = 0; name[i] != '\0' && name[i + 4] != '\0' && i < sizeof(upper) - 1; i++)
		upper[i] = (char)toupper((unsigned char)name[i + 4]);
	cap_free(name);
	finding = finding_add(findings, severity, CODE_CAPABILITY, upper, "%s", what);
	finding_fix(findings, finding,
	    "docker run --cap-add %s; in Kubernetes securityContext.capabilities.add: [%s]", upper,
	    upper);
}

void
capabilities_plan(
    const struct account *accounts, const long *ports, bool system_sshd, struct findings *findings)
{
	bool others = false;

	if (geteuid() != 0)
		return;
	for (; accounts != NULL; accounts = accounts->next)
		others = others || accounts->uid != 0;
	need(CAP_SETUID, "sshd cannot become the login user or drop its rights", ERROR, findings);
	need(CAP_SETGID, "sshd cannot become the login user or drop its rights", ERROR, findings);
	need(CAP_SYS_CHROOT, "sshd cannot lock away the process that talks to strangers", ERROR,
	    findings);
	if (others && system_sshd) {
		need(CAP_CHOWN, "a terminal cannot be given to a user other than root", WARNING,
		    findings);
		need(CAP_FOWNER, "a terminal cannot be given to a user other than root", WARNING,
		    findings);
	} else if (others) {
		need(CAP_CHOWN,
		    "the terminals of other users stay root's, and programs such as screen cannot "
		    "open them again",
		    NOTE, findings);
	}
	if (system_sshd)
		need(CAP_AUDIT_WRITE, "Debian's sshd ends a login with a terminal without it",
		    WARNING, findings);
	for (; *ports != 0; ports++)
		if (!capabilities_allow_port(*ports))
			need(CAP_NET_BIND_SERVICE, "a port below 1024 cannot be bound", ERROR,
			    findings);
}

const char *
capabilities_text(struct arena *arena)
{
	struct buf text = buf_new(arena);

	for (cap_value_t c = 0; c <= CAP_LAST_CAP; c++) {
		char *name = have(c) ? cap_to_name(c) : NULL;

		if (name == NULL)
			continue;
		buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", name);
		cap_free(name);
	}
	return text.len > 0 ? text.data : "none";
}
