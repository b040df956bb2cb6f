#include "laptop/pasted.h"

#include "base/buf.h"
#include "laptop/pod.h"

static bool
is_among(const char *const names[], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

bool
pasted_is_harmless(const char *key)
{
	static const char *const keys[]
	    = { "AddKeysToAgent", "AddressFamily", "Ciphers", "Compression", "ConnectionAttempts",
		      "ConnectTimeout", "DynamicForward", "ExitOnForwardFailure", "ForwardAgent",
		      "HostKeyAlgorithms", "IdentitiesOnly", "IPQoS", "KexAlgorithms",
		      "LocalForward", "LogLevel", "MACs", "PreferredAuthentications",
		      "PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes", "PubkeyAuthentication",
		      "RequestTTY", "ServerAliveCountMax", "ServerAliveInterval", "TCPKeepAlive" };

	return is_among(keys, sizeof(keys) / sizeof(*keys), key);
}

bool
pasted_is_replaced(const char *key)
{
	static const char *const keys[] = { "BatchMode", "CheckHostIP", "GlobalKnownHostsFile",
		"HashKnownHosts", "PasswordAuthentication", "StrictHostKeyChecking",
		"UpdateHostKeys", "UserKnownHostsFile" };

	return is_among(keys, sizeof(keys) / sizeof(*keys), key);
}

bool
pasted_is_of_sshfs(struct span key)
{
	static const char *const keys[]
	    = { "reconnect", "allow_other", "allow_root", "default_permissions", "follow_symlinks",
		      "cache", "kernel_cache", "auto_cache", "idmap", "uid", "gid", "umask", "ro",
		      "rw", "nonempty", "delay_connect", "transform_symlinks", "dir_cache",
		      "compression", "workaround", "max_conns", "volname", "noatime" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (span_is(key, keys[i]))
			return true;
	return false;
}

char *
pasted_last_colon(char *text)
{
	char *found = NULL;
	int depth = 0;

	for (; *text != '\0'; text++) {
		depth += (*text == '[') - (*text == ']');
		if (*text == ':' && depth == 0)
			found = text;
	}
	return found;
}

bool
pasted_is_address(const char *text)
{
	static const char plain[]
	    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:*[]-_";

	return text[strspn(text, plain)] == '\0';
}

char *
pasted_forward(struct arena *arena, const char *text)
{
	char *left = arena_strdup(arena, text), *right = NULL, *colon = pasted_last_colon(left);
	unsigned port;

	if (!pasted_is_address(left) || colon == NULL || pod_bad_port(colon + 1, &port) != NULL)
		return NULL;
	*colon = '\0';
	right = pasted_last_colon(left);
	*colon = ':';
	if (right == NULL || right == left || right + 1 == colon)
		return NULL;
	*right = ' ';
	return left;
}

/* ---- what copying adds --------------------------------------------------------------------- */

struct span
pasted_plain(struct arena *arena, struct span text)
{
	static const struct {
		const char *bytes, *plain;
		bool first; /* only where a word begins */
	} odd[] = {
		{ "\\\n", " ", false },
		{ "\\\r\n", " ", false },
		/* no-break spaces, zero width characters, a byte order mark */
		{ "\xc2\xa0", " ", false },
		{ "\xe2\x80\xaf", " ", false },
		{ "\xe2\x80\x8b", "", false },
		{ "\xe2\x80\x8c", "", false },
		{ "\xe2\x80\x8d", "", false },
		{ "\xe2\x81\xa0", "", false },
		{ "\xef\xbb\xbf", "", false },
		/* the quotation marks and dashes of a word processor */
		{ "\xe2\x80\x9c", "\"", false },
		{ "\xe2\x80\x9d", "\"", false },
		{ "\xe2\x80\x90", "-", true },
		{ "\xe2\x80\x91", "-", true },
		{ "\xe2\x80\x93", "-", true },
		{ "\xe2\x80\x94", "-", true },
		{ "\xe2\x88\x92", "-", true },
	};
	enum { ODD = sizeof(odd) / sizeof(*odd) };
	struct buf out = buf_new(arena);

	while (text.len > 0) {
		bool first = out.len == 0 || strchr(" \t", out.data[out.len - 1]) != NULL;
		size_t i = 0;

		while (i < ODD && !(span_starts(text, odd[i].bytes) && (first || !odd[i].first)))
			i++;
		if (i < ODD)
			buf_puts(&out, odd[i].plain);
		else
			buf_putc(&out, text.data[0]);
		text = span_skip(text, i < ODD ? strlen(odd[i].bytes) : 1);
	}
	return (struct span){ out.data, out.len };
}

static bool
is_among_bytes(char c, const char *bytes)
{
	return c != '\0' && strchr(bytes, c) != NULL;
}

static struct span
trimmed(struct span text)
{
	while (text.len > 0 && is_among_bytes(text.data[text.len - 1], " \t\r\n"))
		text.len--;
	while (text.len > 0 && is_among_bytes(text.data[0], " \t\r\n"))
		text = span_skip(text, 1);
	return text;
}

static bool
begins_command(struct span text)
{
	static const char *const programs[]
	    = { "ssh ", "ssh.exe ", "scp ", "sftp ", "rsync ", "sshfs " };

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (span_starts(text, programs[i]))
			return true;
	return false;
}

struct span
pasted_command(struct span text)
{
	text = trimmed(text);
	if (text.len > 2 && is_among_bytes(text.data[0], "\"'`")
	    && text.data[text.len - 1] == text.data[0]
	    && memchr(text.data + 1, text.data[0], text.len - 2) == NULL)
		text = trimmed((struct span){ text.data + 1, text.len - 2 });
	while (text.len > 0 && is_among_bytes(text.data[0], " \t\r\n$>#%"))
		text = span_skip(text, 1);
	/* Whatever stands in front of a prompt's last character: nothing of it is used. */
	for (size_t i = 0; !begins_command(text) && i < text.len; i++) {
		struct span rest = trimmed(span_skip(text, i + 1));

		if (is_among_bytes(text.data[i], "\"'`;|&<\n"))
			break;
		if (is_among_bytes(text.data[i], "$>#%") && begins_command(rest))
			return rest;
	}
	return text;
}
