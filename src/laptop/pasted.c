#include "laptop/pasted.h"

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
