#include "laptop/pod.h"

#include "laptop/words.h"

#include <ctype.h>
#include <stdio.h>

#include <bsd/stdlib.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool
only(const char *text, const char *allowed)
{
	return text[strspn(text, allowed)] == '\0';
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

const char *
pod_bad_alias(const char *alias)
{
	if (alias[0] == '\0')
		return "a name cannot be empty";
	if (alias[0] == '-' || alias[0] == '.')
		return "a name cannot begin with '-' or '.'";
	if (!only(alias, ALNUM "._-"))
		return "a name is made of letters, digits, '.', '_' and '-'";
	if (strlen(alias) > 200)
		return "a name has at most 200 characters";
	return NULL;
}

const char *
pod_bad_host(const char *host)
{
	if (host[0] == '\0')
		return "the host is missing";
	if (host[0] == '-')
		return "a host cannot begin with '-'";
	if (strlen(host) > 255)
		return "a host has at most 255 characters";
	if (strchr(host, ':') != NULL) {
		size_t address = strcspn(host, "%");

		if (strspn(host, "0123456789abcdefABCDEF:.") < address
		    || !only(host + address, ALNUM "%._-") || strstr(host, ":::") != NULL)
			return "that is not an IPv6 address";
		return NULL;
	}
	if (!only(host, ALNUM "._-"))
		return "a host is made of letters, digits, '.', '_' and '-'";
	return NULL;
}

const char *
pod_bad_user(const char *user)
{
	if (user[0] == '\0')
		return "the user is missing";
	if (user[0] == '-')
		return "a user cannot begin with '-'";
	if (!only(user, ALNUM "._@+-") || strlen(user) > 255)
		return "a user is made of letters, digits, '.', '_', '@', '+' and '-'";
	return NULL;
}

const char *
pod_bad_port(const char *text, unsigned *port)
{
	const char *error;
	long long number = strtonum(text, 1, 65535, &error);

	if (error != NULL || !only(text, "0123456789"))
		return "a port is a number from 1 to 65535";
	*port = (unsigned)number;
	return NULL;
}

/* One hop: [user@]host[:port] or [user@][address]:port. */
static const char *
bad_hop(char *hop)
{
	char *at = strrchr(hop, '@'), *host = hop, *colon;
	const char *why;
	unsigned port;

	if (strncmp(hop, "ssh://", 6) == 0) {
		host = hop += 6;
		at = strrchr(hop, '@');
	}
	if (at != NULL) {
		*at = '\0';
		if ((why = pod_bad_user(hop)) != NULL)
			return why;
		host = at + 1;
	}
	colon = strrchr(host, ':');
	if (host[0] == '[') {
		char *close = strchr(host, ']');

		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return "a bracket is not closed";
		colon = close[1] == ':' ? close + 1 : NULL;
		*close = '\0';
		host++;
	} else if (colon != NULL && strchr(host, ':') != colon) {
		return "an IPv6 address stands in brackets here";
	}
	if (colon != NULL) {
		*colon = '\0';
		if ((why = pod_bad_port(colon + 1, &port)) != NULL)
			return why;
	}
	return pod_bad_host(host);
}

const char *
pod_bad_jump(const char *jump)
{
	char copy[1024], *rest = copy, *hop;

	if (snprintf(copy, sizeof(copy), "%s", jump) >= (int)sizeof(copy))
		return "a jump list has at most 1000 characters";
	while ((hop = strsep(&rest, ",")) != NULL) {
		const char *why = bad_hop(hop);

		if (why != NULL)
			return why;
	}
	return NULL;
}

const char *
pod_bad_path(const char *path)
{
	if (path[0] == '\0')
		return "the path is missing";
	if (path[0] == '-')
		return "a path cannot begin with '-'; write ./- in front";
	if (has_control(path))
		return "a path cannot hold a line end or another control character";
	if (strlen(path) > 4000)
		return "a path has at most 4000 characters";
	return NULL;
}

/* These would end the Host block or bring in text that nobody checked. */
static bool
is_structure(const char *key)
{
	return strcasecmp(key, "Host") == 0 || strcasecmp(key, "Match") == 0
	       || strcasecmp(key, "Include") == 0;
}

static const char *
bad_ssh_option(const char *text, size_t key_len)
{
	if (key_len == 0 || text[key_len] != '=')
		return "an option has the form Key=Value; Key= deletes one of sshinit's";
	if (strspn(text, ALNUM) != key_len)
		return "an option's name is made of letters and digits";
	if (has_control(text))
		return "an option cannot hold a line end or another control character";
	if (strlen(text) > 4000)
		return "an option has at most 4000 characters";
	return NULL;
}

void
pod_add_option(struct pod *pod, struct arena *arena, const char *key, const char *value)
{
	struct ssh_option **end = &pod->options;

	for (; *end != NULL; end = &(*end)->next)
		if (strcasecmp((*end)->key, key) == 0 && strcmp((*end)->value, value) == 0)
			return;
	*end = arena_alloc(arena, 1, sizeof(**end));
	(*end)->key = arena_strdup(arena, key);
	(*end)->value = arena_strdup(arena, value);
}

static const char *
take_ssh_option(struct pod *pod, struct arena *arena, const char *text)
{
	size_t key_len = strcspn(text, "=");
	const char *why = bad_ssh_option(text, key_len);
	const char *key, *value;

	if (why != NULL)
		return why;
	key = arena_strndup(arena, text, key_len);
	value = text + key_len + 1;
	if (is_structure(key))
		return "Host, Match and Include are no options of one host";
	value += strspn(value, " \t");
	pod_add_option(pod, arena, key, value);
	return NULL;
}

enum pod_took
pod_option(struct pod *pod, struct findings *findings, const char *option, const char *value)
{
	static const struct {
		const char *name;
		size_t offset;
		const char *(*bad)(const char *);
	} texts[] = {
		{ "--host", offsetof(struct pod, host), pod_bad_host },
		{ "--user", offsetof(struct pod, user), pod_bad_user },
		{ "--identity", offsetof(struct pod, identity), pod_bad_path },
		{ "--jump", offsetof(struct pod, jump), pod_bad_jump },
	};
	struct arena *arena = findings->arena;
	const char *why = NULL;
	bool known = false;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(option, texts[i].name) != 0)
			continue;
		known = true;
		why = texts[i].bad(value);
		*(const char **)(void *)((char *)pod + texts[i].offset)
		    = arena_strdup(arena, value);
	}
	if (strcmp(option, "--port") == 0) {
		known = true;
		why = pod_bad_port(value, &pod->port);
	} else if (strcmp(option, "--ssh-option") == 0) {
		known = true;
		why = take_ssh_option(pod, arena, value);
	}
	if (why != NULL) {
		finding_add(findings, ERROR, CODE_POD_VALUE,
		    arena_printf(arena, "%s %s", option, value), "%s", why);
		return POD_REFUSED;
	}
	return known ? POD_TOOK : POD_UNKNOWN;
}

bool
pod_has_option(const struct pod *pod, const char *key)
{
	for (const struct ssh_option *o = pod->options; o != NULL; o = o->next)
		if (strcasecmp(o->key, key) == 0)
			return true;
	return false;
}

void
pod_inherit(struct pod *pod, struct arena *arena, const struct pod *before)
{
	struct pod kept = { 0 };
	struct ssh_option **end = &pod->options;

	/* An address belongs together: a new host does not keep the old one's port or jump host. */
	if (pod->host == NULL) {
		pod->host = before->host;
		pod->port = pod->port != 0 ? pod->port : before->port;
		pod->jump = pod->jump != NULL ? pod->jump : before->jump;
	}
	pod->user = pod->user != NULL ? pod->user : before->user;
	pod->identity = pod->identity != NULL ? pod->identity : before->identity;
	for (const struct ssh_option *o = before->options; o != NULL; o = o->next)
		if (!pod_has_option(pod, o->key))
			pod_add_option(&kept, arena, o->key, o->value);
	while (*end != NULL)
		end = &(*end)->next;
	*end = kept.options;
}

static void
write_one(struct buf *buf, const char *option, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(buf, "%s%s ", buf->len > 0 ? " " : "", option);
	buf_word(buf, value);
}

void
pod_write(struct buf *buf, const struct pod *pod)
{
	struct buf text = buf_new(buf->arena);

	write_one(&text, "--host", pod->host);
	if (pod->port != 0)
		write_one(&text, "--port", arena_printf(buf->arena, "%u", pod->port));
	write_one(&text, "--user", pod->user);
	write_one(&text, "--identity", pod->identity);
	write_one(&text, "--jump", pod->jump);
	for (const struct ssh_option *o = pod->options; o != NULL; o = o->next)
		write_one(
		    &text, "--ssh-option", arena_printf(buf->arena, "%s=%s", o->key, o->value));
	buf_add(buf, text.data, text.len);
}

bool
pod_read(struct pod *pod, struct arena *arena, struct span text)
{
	struct findings ignored = findings_new(arena);
	struct words words;
	const char *why;

	if (!words_split(arena, text, &words, &why))
		return false;
	for (size_t i = 0; i + 1 < words.count; i += 2)
		if (pod_option(pod, &ignored, words.at[i], words.at[i + 1]) != POD_TOOK)
			return false;
	return words.count % 2 == 0;
}
