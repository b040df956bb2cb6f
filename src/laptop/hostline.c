#include "laptop/hostline.h"

#include "laptop/pasted.h"
#include "laptop/words.h"

struct reader {
	struct pod *pod;
	struct findings *findings;
	struct arena *arena;
	struct words words;
	size_t next;
	const char *line;     /* for messages */
	const char *hostname; /* -o HostName: then the host in the line is but a name */
	char port_flag;       /* ssh -p, scp -P */
	bool commas;          /* sshfs: -o a=b,c=d, its own options among ssh's */
	bool paths; /* scp, rsync, sshfs: user@host:path, and local paths among the words */
};

static bool __attribute__((format(printf, 2, 3))) refuse(struct reader *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	finding_add(r->findings, ERROR, CODE_SSH_LINE, r->line, "%s",
	    arena_vprintf(r->arena, format, args));
	va_end(args);
	return false;
}

static bool
set(struct reader *r, const char *option, const char *value)
{
	return pod_option(r->pod, r->findings, option, value) == POD_TOOK;
}

static bool
take_o(struct reader *r, const char *text)
{
	static const struct {
		const char *key, *option;
	} same[] = { { "Port", "--port" }, { "User", "--user" }, { "IdentityFile", "--identity" },
		{ "ProxyJump", "--jump" } };
	const char *key, *value;
	size_t len;

	text += strspn(text, " \t");
	len = strcspn(text, "= \t");
	key = arena_strndup(r->arena, text, len);
	value = text + len + strspn(text + len, " \t");
	value += *value == '=';
	value += strspn(value, " \t");
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		if (strcasecmp(key, same[i].key) == 0)
			return set(r, same[i].option, value);
	if (strcasecmp(key, "HostName") == 0) {
		const char *why = pod_bad_host(value);

		r->hostname = value;
		return why == NULL || refuse(r, "-o HostName: %s", why);
	}
	if (pasted_is_replaced(key))
		return true;
	if (!pasted_is_harmless(key))
		return refuse(r, "-o %s is not taken from a pasted line", key);
	if (*value == '\0')
		return refuse(r, "-o %s has no value", key);
	return set(r, "--ssh-option", arena_printf(r->arena, "%s=%s", key, value));
}

/* sshfs's own options say nothing about the way to the pod, but one names a program to run. */
static bool
take_commas(struct reader *r, const char *text)
{
	char *rest = arena_strdup(r->arena, text), *one;

	while ((one = strsep(&rest, ",")) != NULL)
		if (!pasted_is_of_sshfs((struct span){ one, strcspn(one, "=") }) && !take_o(r, one))
			return false;
	return true;
}

static bool
take_forward(struct reader *r, const char *text)
{
	const char *value = pasted_forward(r->arena, text);

	if (value == NULL)
		return refuse(r, "-L %s has not the form [address:]port:host:port", text);
	return set(r, "--ssh-option", arena_printf(r->arena, "LocalForward=%s", value));
}

static bool
take_dynamic(struct reader *r, const char *text)
{
	if (!pasted_is_address(text))
		return refuse(r, "-D %s has not the form [address:]port", text);
	return set(r, "--ssh-option", arena_printf(r->arena, "DynamicForward=%s", text));
}

/* One flag that stands alone. */
static bool
take_switch(struct reader *r, char flag)
{
	switch (flag) {
	case '4':
		return set(r, "--ssh-option", "AddressFamily=inet");
	case '6':
		return set(r, "--ssh-option", "AddressFamily=inet6");
	case 'A':
		return set(r, "--ssh-option", "ForwardAgent=yes");
	case 'C':
		return set(r, "--ssh-option", "Compression=yes");
	default:
		break;
	}
	/* How this one connection looks, nothing that the next one should inherit. */
	if (strchr(r->paths ? "aprqvz3Oshu" : "fNnqTtvkax", flag) != NULL)
		return true;
	return refuse(r, "-%c is not taken from a pasted line", flag);
}

static bool
take_argument(struct reader *r, char flag, const char *value)
{
	if (flag == r->port_flag)
		return set(r, "--port", value);
	switch (flag) {
	case 'i':
		return set(r, "--identity", value);
	case 'l':
		return set(r, "--user", value);
	case 'J':
		return set(r, "--jump", value);
	case 'L':
		return take_forward(r, value);
	case 'D':
		return take_dynamic(r, value);
	default:
		return r->commas ? take_commas(r, value) : take_o(r, value);
	}
}

/* A word of flags: -Nv, -p22, -p 22, -oKey=Value. */
static bool
take_flags(struct reader *r, const char *word)
{
	for (const char *flag = word + 1; *flag != '\0'; flag++) {
		const char *value = flag + 1;

		if (*flag != r->port_flag && strchr("iloJLD", *flag) == NULL) {
			if (!take_switch(r, *flag))
				return false;
			continue;
		}
		if (*value == '\0') {
			if (r->next >= r->words.count)
				return refuse(r, "-%c has no value", *flag);
			value = r->words.at[r->next++];
		}
		return take_argument(r, *flag, value);
	}
	return word[1] != '\0' || refuse(r, "a '-' stands alone");
}

/* host, host:port, [address]:port; port only where it can be told from an IPv6 address. */
static bool
take_host_port(struct reader *r, char *host)
{
	char *colon = strrchr(host, ':');

	if (host[0] == '[') {
		char *close = strchr(host, ']');

		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return refuse(r, "a bracket is not closed");
		colon = close[1] == ':' ? close + 1 : NULL;
		*close = '\0';
		host++;
	} else if (colon != NULL && strchr(host, ':') != colon) {
		colon = NULL;
	}
	if (colon != NULL) {
		*colon = '\0';
		if (!set(r, "--port", colon + 1))
			return false;
	}
	return set(r, "--host", host);
}

static bool
take_user_host(struct reader *r, const char *text)
{
	char *copy = arena_strdup(r->arena, text), *at = strrchr(copy, '@');

	if (r->pod->host != NULL)
		return refuse(r, "it names two hosts, or a command to run ('%s')", text);
	if (at != NULL) {
		*at = '\0';
		if (!set(r, "--user", copy))
			return false;
	}
	return take_host_port(r, at != NULL ? at + 1 : copy);
}

/* ssh://[user@]host[:port][/path], and what editors append to ssh-remote+. */
static bool
take_url(struct reader *r, const char *rest)
{
	char *authority = arena_strndup(r->arena, rest, strcspn(rest, "/?#"));

	return take_user_host(r, authority);
}

/* jetbrains-gateway://connect#host=1.2.3.4&port=22&user=root&... */
static bool
take_gateway(struct reader *r, const char *rest)
{
	char *copy = arena_strdup(r->arena, rest), *pair;

	while ((pair = strsep(&copy, "#&")) != NULL) {
		if (strncmp(pair, "host=", 5) == 0 && !set(r, "--host", pair + 5))
			return false;
		if (strncmp(pair, "port=", 5) == 0 && !set(r, "--port", pair + 5))
			return false;
		if (strncmp(pair, "user=", 5) == 0 && !set(r, "--user", pair + 5))
			return false;
	}
	return true;
}

/* A word of an scp, rsync or sshfs line: [user@]host:path, or a local path that says nothing. */
static bool
take_remote_path(struct reader *r, const char *word)
{
	size_t colon = strcspn(word, ":/"), close = strcspn(word, "]");

	if (word[strcspn(word, "[/")] == '[' && word[close] == ']' && word[close + 1] == ':')
		colon = close + 1;
	if (word[colon] != ':')
		return true;
	return take_user_host(r, arena_strndup(r->arena, word, colon));
}

static bool
take_word(struct reader *r, const char *word)
{
	if (strncmp(word, "ssh://", 6) == 0 || strncmp(word, "sftp://", 7) == 0)
		return take_url(r, strchr(word, '/') + 2);
	if (r->paths)
		return take_remote_path(r, word);
	return take_user_host(r, word);
}

static bool
take_words(struct reader *r)
{
	bool flags = true;

	while (r->next < r->words.count) {
		const char *word = r->words.at[r->next++];
		bool good;

		if (flags && strcmp(word, "--") == 0) {
			flags = false;
			continue;
		}
		if (flags && strncmp(word, "--", 2) == 0)
			good = r->paths || refuse(r, "%s is no option of ssh", word);
		else if (flags && word[0] == '-')
			good = take_flags(r, word);
		else
			good = take_word(r, word);
		if (!good)
			return false;
	}
	if (r->pod->host == NULL)
		return refuse(r, "it names no host");
	if (r->hostname != NULL)
		r->pod->host = r->hostname;
	return true;
}

/* The last part of the program's path, without .exe. */
static const char *
program(struct reader *r)
{
	const char *word = r->words.at[0], *slash = strpbrk(word, "/\\");
	char *name, *dot;

	for (; slash != NULL; slash = strpbrk(word, "/\\"))
		word = slash + 1;
	name = arena_strdup(r->arena, word);
	dot = strrchr(name, '.');
	if (dot != NULL && strcasecmp(dot, ".exe") == 0)
		*dot = '\0';
	return name;
}

/* rsync keeps the ssh part in one word: -e 'ssh -p 22 -i key'. */
static bool
take_rsync(struct reader *r)
{
	for (; r->next < r->words.count; r->next++) {
		const char *word = r->words.at[r->next], *shell = NULL;
		const char *why;

		if (strncmp(word, "--rsh=", 6) == 0)
			shell = word + 6;
		else if (strcmp(word, "--rsh") == 0
		         || (word[0] == '-' && word[1] != '-' && word[strlen(word) - 1] == 'e'))
			shell = r->next + 1 < r->words.count ? r->words.at[++r->next] : "";
		if (shell != NULL) {
			struct reader inner = *r;

			if (!words_split(r->arena, span_of(shell), &inner.words, &why))
				return refuse(r, "%s", why);
			if (strcmp(program(&inner), "ssh") != 0)
				return refuse(r, "its -e is not ssh");
			inner.paths = false;
			for (inner.next = 1; inner.next < inner.words.count;) {
				word = inner.words.at[inner.next++];
				if (word[0] != '-' || !take_flags(&inner, word))
					return word[0] == '-' ? false
					                      : refuse(r, "its -e names a host");
			}
		} else if (word[0] != '-' && !take_remote_path(r, word)) {
			return false;
		}
	}
	return r->pod->host != NULL || refuse(r, "it names no host");
}

/* "1.2.3.4:17445 -> :22", RunPod's list of ports, is an address followed by decoration. */
static bool
is_arrow(const char *word)
{
	return strcmp(word, "->") == 0 || strcmp(word, "=>") == 0
	       || strcmp(word, "\xe2\x86\x92") == 0 || strcmp(word, "\xe2\x9e\x9c") == 0;
}

static bool
take_address(struct reader *r)
{
	const char *word = r->words.at[0];
	const char *editor = strstr(word, "/ssh-remote+");

	if (r->words.count >= 2 && is_arrow(r->words.at[1]))
		r->words.count = 1;
	if (r->words.count != 1)
		return refuse(r, "it is no ssh command");
	if (editor != NULL && strstr(word, "://") != NULL)
		return take_url(r, editor + strlen("/ssh-remote+"));
	if (strncmp(word, "jetbrains-gateway://", 20) == 0)
		return take_gateway(r, word + 20)
		       && (r->pod->host != NULL || refuse(r, "it names no host"));
	if (strncmp(word, "ssh://", 6) != 0 && strncmp(word, "sftp://", 7) != 0
	    && strstr(word, "://") != NULL)
		return refuse(r, "it is no address of an SSH server");
	return word[0] == '-' ? refuse(r, "it is no ssh command") : take_word(r, word);
}

/* A link is one word, whatever a shell would make of its '&'. */
static bool
is_link(struct span text)
{
	static const char link[]
	    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#[]@"
	      "!$&'()*+,;=%";

	for (size_t i = 0; i < text.len; i++)
		if (memchr(link, text.data[i], sizeof(link) - 1) == NULL)
			return false;
	return memmem(text.data, text.len, "://", 3) != NULL;
}

bool
hostline_read(struct pod *pod, struct findings *findings, struct span text)
{
	struct reader r = { .pod = pod,
		.findings = findings,
		.arena = findings->arena,
		.next = 1,
		.port_flag = 'p' };
	const char *why, *name, *alias = pod->alias;
	char *link;

	r.line = arena_strndup(r.arena, text.data, text.len > 200 ? 200 : text.len);
	if (memchr(text.data, '\0', text.len) != NULL)
		return refuse(&r, "it holds a NUL byte");
	/* RunPod's arrow holds '>', which is a redirection to a shell: take the address before it.
	 */
	text = pasted_command(pasted_plain(r.arena, text));
	for (size_t i = 0; i + 3 < text.len; i++)
		if (memcmp(text.data + i, " -> ", 4) == 0
		    || memcmp(text.data + i, " => ", 4) == 0) {
			text = span_take(text, i);
			break;
		}
	link = arena_strndup(r.arena, text.data, text.len);
	if (is_link(text))
		r.words = (struct words){ &link, 1 };
	else if (!words_split(r.arena, text, &r.words, &why))
		return refuse(&r, "%s", why);
	/* What the section keeps of it has more words than the line. */
	if (r.words.count > 256)
		return refuse(&r, "it has too many words");
	*pod = (struct pod){ .alias = alias };
	name = program(&r);
	if (strcmp(name, "ssh") == 0)
		return take_words(&r);
	if (strcmp(name, "sftp") == 0 || strcmp(name, "scp") == 0 || strcmp(name, "sshfs") == 0) {
		r.paths = true;
		r.port_flag = strcmp(name, "sshfs") == 0 ? 'p' : 'P';
		r.commas = strcmp(name, "sshfs") == 0;
		/* sftp root@host has no path, and no other words either. */
		if (strcmp(name, "sftp") == 0
		    && pasted_last_colon(r.words.at[r.words.count - 1]) == NULL)
			r.paths = false;
		return take_words(&r);
	}
	if (strcmp(name, "rsync") == 0) {
		r.paths = true;
		return take_rsync(&r);
	}
	return take_address(&r);
}
