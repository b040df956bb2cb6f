#include "laptop/block.h"

#include "laptop/sshconf.h"

#include <ctype.h>

struct writer {
	struct buf buf;
	const struct pod *pod;
};

/* One of our options, unless the user gave or deleted it. */
static void
ours(struct writer *w, const char *key, const char *value, bool percent)
{
	if (value == NULL || pod_has_option(w->pod, key))
		return;
	buf_printf(&w->buf, "\t%s ", key);
	conf_quote(&w->buf, value, percent);
	buf_putc(&w->buf, '\n');
}

char *
block_key_name(struct arena *arena, const char *alias)
{
	char *name = arena_strdup(arena, alias);

	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return name;
}

char *
block_render(struct arena *arena, const struct pod *pod, const struct block_rules *rules)
{
	struct writer w = { .buf = buf_new(arena), .pod = pod };

	buf_printf(&w.buf, "Host %s\n", pod->alias);
	for (const struct ssh_option *o = pod->options; o != NULL; o = o->next)
		if (o->value[0] != '\0')
			buf_printf(&w.buf, "\t%s %s\n", o->key, o->value);
	ours(&w, "HostName", pod->host, true);
	ours(&w, "Port", arena_printf(arena, "%u", pod->port != 0 ? pod->port : 22), false);
	ours(&w, "User", pod->user, false);
	ours(&w, "IdentityFile", pod->identity, true);
	ours(&w, "IdentitiesOnly", pod->identity != NULL ? "yes" : NULL, false);
	ours(&w, "ProxyJump", pod->jump, false);
	/* Known by its name, a pod that moved to another address is still recognised as itself. */
	ours(&w, "HostKeyAlias", block_key_name(arena, pod->alias), false);
	ours(&w, "UserKnownHostsFile", rules->known_hosts, true);
	/* Addresses are used again by other people's pods; the key goes with the name alone. */
	ours(&w, "CheckHostIP", "no", false);
	ours(&w, "HashKnownHosts", "no", false);
	ours(&w, "StrictHostKeyChecking", rules->pinned ? "yes" : "accept-new", false);
	ours(&w, "ServerAliveInterval", "30", false);
	return w.buf.data;
}
