#include "pod/ways.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- parts --------------------------------------------------------------------------------- */

static bool
is_ipv6(const char *host)
{
	return strchr(host, ':') != NULL;
}

/* scp, sftp and rsync take a colon for the end of the host. */
static const char *
bracketed(struct arena *arena, const char *host)
{
	return is_ipv6(host) ? arena_printf(arena, "[%s]", host) : host;
}

static const char *
key_path(struct arena *arena, const struct door *door)
{
	return arena_printf(arena, "~/.ssh/%s", door->identity);
}

/* " -P 17445", with the letter the program uses; "" for port 22. */
static const char *
port_option(struct arena *arena, const struct reach *reach, char letter)
{
	return reach->port == 22 ? "" : arena_printf(arena, " -%c %ld", letter, reach->port);
}

static const char *
jump_option(struct arena *arena, const struct reach *reach)
{
	return reach->jump[0] == '\0' ? "" : arena_printf(arena, " -J %s", reach->jump);
}

/* The alias under which editors and configuration files know the pod. */
static const char *
alias_of(struct arena *arena, const struct reach *reach)
{
	char *alias = arena_strdup(arena, reach->pod);

	for (char *c = alias; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.')
			*c = '-';
	return *alias == '\0' || *alias == '-' || *alias == '.' ? "pod" : alias;
}

/* As a link holds it: any directory, a zone of IPv6, an @ in a user's name. */
static const char *
in_link(struct arena *arena, const char *text)
{
	struct buf out = buf_new(arena);

	for (; *text != '\0'; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~/:[]", *text) != NULL)
			buf_putc(&out, *text);
		else
			buf_printf(&out, "%%%02X", (unsigned)(unsigned char)*text);
	return out.data;
}

/* ---- the list ------------------------------------------------------------------------------ */

static struct way **
add(struct way **end, struct arena *arena, const char *name, const char *line)
{
	*end = arena_alloc(arena, 1, sizeof(**end));
	(*end)->name = name;
	(*end)->line = line;
	return &(*end)->next;
}

static struct way **
add_commands(struct way **end, struct arena *arena, const struct door *door)
{
	const struct reach *reach = door->reach;
	const char *host = bracketed(arena, reach->host), *key = key_path(arena, door);
	const char *jump = jump_option(arena, reach), *upper = port_option(arena, reach, 'P');
	const char *lower = port_option(arena, reach, 'p');

	end = add(end, arena, "ssh",
	    arena_printf(arena, "ssh%s %s@%s%s -i %s", jump, door->user, reach->host, lower, key));
	end = add(end, arena, "ssh on Windows",
	    arena_printf(arena, "ssh%s %s@%s%s -i %%USERPROFILE%%\\.ssh\\%s", jump, door->user,
	        reach->host, lower, door->identity));
	end = add(end, arena, "scp",
	    arena_printf(arena, "scp%s%s -i %s FILE %s@%s:", jump, upper, key, door->user, host));
	end = add(end, arena, "sftp",
	    arena_printf(arena, "sftp%s%s -i %s %s@%s", jump, upper, key, door->user, host));
	end = add(end, arena, "rsync",
	    arena_printf(arena, "rsync -av -e 'ssh%s%s -i %s' DIRECTORY/ %s@%s:DIRECTORY/", jump,
	        lower, key, door->user, host));
	return add(end, arena, "sshfs",
	    arena_printf(arena, "sshfs%s -o IdentityFile=%s%s %s@%s: MOUNTPOINT", lower, key,
	        reach->jump[0] == '\0' ? "" : arena_printf(arena, ",ProxyJump=%s", reach->jump),
	        door->user, host));
}

/* Editors cannot pass a jump host or a key in a link, so they get the alias that --config-ssh or
 * the Host block makes. */
static struct way **
add_links(struct way **end, struct arena *arena, const struct door *door)
{
	const struct reach *reach = door->reach;
	const char *user = in_link(arena, door->user), *directory = in_link(arena, door->directory);
	const char *remote = reach->jump[0] != '\0'
	                         ? alias_of(arena, reach)
	                         : arena_printf(arena, "%s@%s:%ld", user,
	                             in_link(arena, bracketed(arena, reach->host)), reach->port);

	end = add(end, arena, "VS Code",
	    arena_printf(arena, "vscode://vscode-remote/ssh-remote+%s%s", remote, directory));
	end = add(end, arena, "Cursor",
	    arena_printf(arena, "cursor://vscode-remote/ssh-remote+%s%s", remote, directory));
	return add(end, arena, "JetBrains",
	    arena_printf(arena,
	        "jetbrains-gateway://connect#type=ssh&host=%s&port=%ld&user=%s&projectPath=%s",
	        in_link(arena, reach->host), reach->port, user, directory));
}

struct way *
ways_in(struct arena *arena, const struct door *door)
{
	const struct reach *reach = door->reach;
	const char *known = ways_known_hosts(arena, door);
	struct way *first = NULL, **end = &first;

	if (reach->host[0] == '\0' || reach->port < 0)
		return NULL;
	end = add_commands(end, arena, door);
	end = add_links(end, arena, door);
	end = add(end, arena, "laptop",
	    arena_printf(arena, "sshinit --config-ssh %s --from '%s -i %s'", alias_of(arena, reach),
	        reach_ssh_line(arena, reach, door->user), key_path(arena, door)));
	if (known[0] != '\0')
		(void)add(end, arena, "known_hosts", known);
	return first;
}

const char *
ways_known_hosts(struct arena *arena, const struct door *door)
{
	const struct reach *reach = door->reach;
	const char *mark = door->host_ca[0] != '\0' ? "@cert-authority " : "";
	const char *key = door->host_ca[0] != '\0' ? door->host_ca : door->host_key;

	if (reach->host[0] == '\0' || reach->port < 0 || key[0] == '\0')
		return "";
	if (reach->port == 22)
		return arena_printf(arena, "%s%s %s", mark, reach->host, key);
	return arena_printf(arena, "%s[%s]:%ld %s", mark, reach->host, reach->port, key);
}

const char *
ways_host_block(struct arena *arena, const struct door *door)
{
	const struct reach *reach = door->reach;
	struct buf block = buf_new(arena);

	if (reach->host[0] == '\0' || reach->port < 0)
		return "";
	buf_printf(&block, "Host %s\n", alias_of(arena, reach));
	buf_puts(&block, "    HostName ");
	for (const char *c = reach->host; *c != '\0'; c++) /* fe80::1%eth0 */
		buf_puts(&block, *c == '%' ? "%%" : (const char[]){ *c, '\0' });
	buf_putc(&block, '\n');
	buf_printf(&block, "    Port %ld\n", reach->port);
	buf_printf(&block, "    User %s\n", door->user);
	if (reach->jump[0] != '\0')
		buf_printf(&block, "    ProxyJump %s\n", reach->jump);
	buf_printf(&block, "    IdentityFile ~/.ssh/%s\n", door->identity);
	buf_puts(&block, "    IdentitiesOnly yes\n");
	buf_puts(&block, "    ServerAliveInterval 30\n");
	/* A host key cannot stand in a Host block, so the first contact has to pin it. */
	buf_puts(&block, "    StrictHostKeyChecking accept-new\n");
	return block.data;
}

const char *
ways_unknown(struct arena *arena, const struct reach *reach, long port, const char *inside)
{
	if (strcmp(reach->platform, "RunPod") == 0 && reach->port > 0)
		return "RunPod has given this pod a public port, but no public IP address; its "
		       "Connect page has the way by RunPod's own proxy";
	if (reach->port > 0)
		return arena_printf(arena,
		    "the port outside is %ld, but the host is not known; set SSHINIT_PUBLIC_HOST",
		    reach->port);
	if (strcmp(reach->platform, "Docker") == 0)
		return arena_printf(arena,
		    "Docker does not tell a container its published port. On Docker's machine: "
		    "docker port NAME %ld%s%s",
		    port, inside[0] != '\0' ? "; or without a published port: " : "", inside);
	if (strcmp(reach->platform, "Kubernetes") == 0)
		return arena_printf(arena,
		    "Kubernetes does not tell a pod its outer address. From your computer: "
		    "kubectl port-forward pod/%s 2222:%ld, then ssh -p 2222 USER@127.0.0.1",
		    reach->pod, port);
	if (strcmp(reach->platform, "RunPod") == 0)
		return arena_printf(arena,
		    "RunPod has given this pod no public TCP port for %ld: add %ld under Expose TCP "
		    "Ports in the pod's settings",
		    port, port);
	if (strcmp(reach->platform, "Vast") == 0)
		return arena_printf(arena,
		    "Vast has mapped no public port to %ld: add -p %ld:%ld to the instance's Docker "
		    "options",
		    port, port, port);
	return "this platform does not tell how the pod is reached from outside; set "
	       "SSHINIT_PUBLIC_HOST and SSHINIT_PUBLIC_PORT";
}

const char *
ways_identity(const char *key_type)
{
	static const struct {
		const char *type, *file;
	} files[] = { { "ssh-rsa", "id_rsa" }, { "ecdsa-sha2-", "id_ecdsa" },
		{ "sk-ssh-ed25519", "id_ed25519_sk" }, { "sk-ecdsa-", "id_ecdsa_sk" } };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strncmp(key_type, files[i].type, strlen(files[i].type)) == 0)
			return files[i].file;
	return "id_ed25519";
}
