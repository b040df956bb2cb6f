#include "laptop/probe.h"

#include "base/file.h"
#include "base/run.h"
#include "laptop/knownhosts.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

/* SSH_FAILED: ssh's exit status for its own failures; any other is the remote command's. */
enum { CHECK_SECONDS = 15, SSH_FAILED = 255 };

const char *
seen_name(enum seen seen)
{
	static const char *const names[] = { [SEEN_SSH] = "SSH answers",
		[SEEN_REFUSED] = "connection refused",
		[SEEN_TIMEOUT] = "no answer",
		[SEEN_UNREACHABLE] = "no way to that address",
		[SEEN_NO_NAME] = "no host of that name is known",
		[SEEN_CLOSED] = "the connection is closed at once, perhaps sshd is not up yet",
		[SEEN_OTHER] = "something answers that is no SSH server",
		[SEEN_HOST_KEY] = "another machine's host key answers" };

	return names[seen];
}

static enum seen
seen_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return SEEN_REFUSED;
	case ETIMEDOUT:
		return SEEN_TIMEOUT;
	case ECONNRESET:
		return SEEN_CLOSED;
	default:
		return SEEN_UNREACHABLE;
	}
}

/* Waits for an identification string; a server may send other lines before it (RFC 4253). */
static enum seen
read_banner(int fd, int timeout_ms)
{
	char text[4096];
	size_t used = 0;

	while (used < sizeof(text)) {
		struct pollfd readable = { fd, POLLIN, 0 };
		ssize_t n;

		if (poll(&readable, 1, timeout_ms) <= 0)
			return used == 0 ? SEEN_TIMEOUT : SEEN_OTHER;
		n = read(fd, text + used, sizeof(text) - used);
		if (n <= 0 && used > 0)
			return SEEN_OTHER;
		if (n <= 0)
			return n < 0 ? seen_of(errno) : SEEN_CLOSED;
		used += (size_t)n;
		if ((used >= 4 && memcmp(text, "SSH-", 4) == 0)
		    || memmem(text, used, "\nSSH-", 5) != NULL)
			return SEEN_SSH;
	}
	return SEEN_OTHER;
}

static enum seen
try_address(const struct addrinfo *address, int timeout_ms)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd writable = { fd, POLLOUT, 0 };
	enum seen seen;
	int error = 0;
	socklen_t len = sizeof(error);

	if (fd < 0)
		return SEEN_UNREACHABLE;
	if (connect(fd, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS)
		seen = seen_of(errno);
	else if (poll(&writable, 1, timeout_ms) <= 0)
		seen = SEEN_TIMEOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
		seen = seen_of(error);
	else
		seen = read_banner(fd, timeout_ms);
	close(fd);
	return seen;
}

enum seen
probe_banner(const char *host, unsigned port, int timeout_ms)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *a;
	enum seen seen = SEEN_UNREACHABLE;
	char service[16];
	int error;

	snprintf(service, sizeof(service), "%u", port);
	error = getaddrinfo(host, service, &hints, &list);
	if (error != 0)
		return error == EAI_NONAME ? SEEN_NO_NAME : SEEN_UNREACHABLE;
	for (a = list; a != NULL && seen != SEEN_SSH; a = a->ai_next)
		seen = try_address(a, timeout_ms);
	freeaddrinfo(list);
	return seen;
}

/* A file without a name, which ssh opens through /proc: nothing is left behind when we are killed.
 */
static int
nameless(struct arena *arena, struct span text, const char **path)
{
	int fd = memfd_create("sshinit", MFD_CLOEXEC);

	if (fd >= 0)
		(void)write_all(fd, text.data, text.len);
	*path = arena_printf(arena, "/proc/%ld/fd/%d", (long)getpid(), fd);
	return fd;
}

static char *
read_nameless(struct arena *arena, int fd)
{
	struct buf text = buf_new(arena);
	char bytes[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		buf_add(&text, bytes, (size_t)n);
		at += n;
	}
	return text.data;
}

static enum seen
classify(const char *err)
{
	static const struct {
		const char *words;
		enum seen seen;
	} known[] = { { "HOST IDENTIFICATION HAS CHANGED", SEEN_HOST_KEY },
		{ "Host key verification failed", SEEN_HOST_KEY },
		{ "host key is known for", SEEN_HOST_KEY }, { "Connection refused", SEEN_REFUSED },
		{ "timed out", SEEN_TIMEOUT }, { "Name or service not known", SEEN_NO_NAME },
		{ "Connection closed by", SEEN_CLOSED }, { "Connection reset by", SEEN_CLOSED },
		{ "banner exchange", SEEN_OTHER }, { "kex_exchange_identification", SEEN_OTHER } };

	/* ssh says at a higher log level only that the server hung up. */
	if (err[strspn(err, "\r\n")] == '\0')
		return SEEN_CLOSED;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strstr(err, known[i].words) != NULL)
			return known[i].seen;
	return SEEN_UNREACHABLE;
}

static const char *
last_line(struct arena *arena, const char *text)
{
	size_t len = strlen(text), from;

	while (len > 0 && strchr("\r\n", text[len - 1]) != NULL)
		len--;
	for (from = len; from > 0 && text[from - 1] != '\n'; from--)
		;
	return arena_strndup(arena, text + from, len - from);
}

/* The first line of err that is a complaint about a line of path, without path; else the last. */
static const char *
first_complaint(struct arena *arena, const char *err, const char *path)
{
	size_t name = strlen(path);

	for (const char *line = err; *line != '\0';
	     line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\r\n");

		if (memmem(line, len, " line ", 6) == NULL)
			continue;
		if (strncmp(line, path, name) == 0) {
			line += name + strspn(line + name, ": ");
			len = strcspn(line, "\r\n");
		}
		return arena_strndup(arena, line, len);
	}
	return last_line(arena, err);
}

/* The pod's own answer: all its host keys, the one seen among them. A stranger's keys are not taken
 * over: what ssh saw must be one of those the pod says it has. */
static bool
take_json(struct arena *arena, struct answer *answer, const char *name, struct span out)
{
	/* A login shell may greet before the answer. */
	size_t start = strcspn(out.data, "{");
	json_t *root
	    = json_loadb(out.data + start, strlen(out.data + start), JSON_DISABLE_EOF_CHECK, NULL);
	json_t *keys = json_object_get(json_object_get(root, "connect"), "host_keys"), *key;
	const char *version = json_string_value(json_object_get(root, "version"));
	struct buf lines = buf_new(arena);
	struct span seen = span_of(answer->lines);
	bool among = false;
	size_t i;

	json_array_foreach(keys, i, key) if (json_is_string(key) && i < 16)
	    knownhosts_line(&lines, name, json_string_value(key));
	while (seen.len > 0) {
		size_t len
		    = (size_t)((const char *)memchr(seen.data, '\n', seen.len) - seen.data) + 1;

		among = among || strstr(lines.data, arena_strndup(arena, seen.data, len)) != NULL;
		seen = span_skip(seen, len);
	}
	if (among)
		answer->lines = lines.data;
	if (version != NULL)
		answer->version = arena_strdup(arena, version);
	json_decref(root);
	return answer->version != NULL;
}

/* What the user's ssh said. */
struct said {
	bool no_client; /* there is none on the PATH */
	int status;     /* its exit status; -1: it took too long */
	struct span out, err;
};

/* argv[0] is "ssh". */
static struct said
run_ssh(struct arena *arena, const char *const argv[], int seconds)
{
	const char *path = getenv("PATH");
	const char *ssh = run_find(arena, path != NULL ? path : run_standard_path, "ssh");
	struct said said = { ssh[0] == '\0', -1, { "", 0 }, { "", 0 } };

	if (!said.no_client)
		said.status = run_collect_apart(arena, ssh, argv,
		    (const char *const *)(const void *)environ, seconds * 1000, &said.out,
		    &said.err);
	return said;
}

/* The keys that ssh noted in a known_hosts file, as lines under name. */
static char *
noted_keys(struct arena *arena, struct span noted, const char *name)
{
	struct buf lines = buf_new(arena);
	size_t name_len = strlen(name);

	while (noted.len > 0) {
		const char *end = memchr(noted.data, '\n', noted.len);
		size_t len = end == NULL ? noted.len : (size_t)(end - noted.data) + 1;

		if (len > name_len && noted.data[name_len] == ' '
		    && strncasecmp(noted.data, name, name_len) == 0)
			knownhosts_line(&lines, name,
			    arena_strndup(arena, noted.data + name_len + 1, len - name_len - 1));
		noted = span_skip(noted, len);
	}
	return lines.data;
}

/* How far ssh came. */
static enum seen
seen_by_ssh(const struct said *said)
{
	/* Refused at login: the server was seen, and its key is as good as a first `ssh NAME` gets.
	 */
	if (strstr(said->err.data, "Permission denied") != NULL
	    || strstr(said->err.data, "Too many authentication failures") != NULL)
		return SEEN_SSH;
	if (said->status < 0)
		return SEEN_TIMEOUT;
	return said->status == SSH_FAILED ? classify(said->err.data) : SEEN_SSH;
}

struct answer
probe_ask(struct arena *arena, const struct question *question)
{
	const char *config_path, *keys_path;
	int config = nameless(arena, question->config, &config_path);
	int keys = nameless(arena, span_of(question->pinned), &keys_path);
	const char *const argv[] = { "ssh", "-F", config_path, "-T", "-o",
		question->pinned[0] != '\0' ? "StrictHostKeyChecking=yes"
		                            : "StrictHostKeyChecking=accept-new",
		"-o", arena_printf(arena, "UserKnownHostsFile=%s", keys_path), "-o",
		"GlobalKnownHostsFile=/dev/null", "-o", "HashKnownHosts=no", "-o",
		"UpdateHostKeys=no", "-o", arena_printf(arena, "HostKeyAlias=%s", question->name),
		"-o", question->interactive ? "BatchMode=no" : "BatchMode=yes", "-o",
		"ConnectTimeout=10", "-o", "ControlMaster=no", "-o", "ControlPath=none", "-o",
		"ClearAllForwardings=yes", "-o", "PermitLocalCommand=no", "-o",
		"RemoteCommand=none", "-o", "RequestTTY=no", "-o", "LogLevel=ERROR", "--",
		question->alias, "sshinit", "--connect", "--json", NULL };
	const struct said said = run_ssh(arena, argv, question->seconds);
	const char *noted = keys >= 0 ? read_nameless(arena, keys) : "";
	struct answer answer = { .lines = noted_keys(arena, span_of(noted), question->name),
		.why = last_line(arena, said.err.data),
		.seen = seen_by_ssh(&said) };

	if (keys >= 0)
		close(keys);
	if (config >= 0)
		close(config);
	if (said.no_client) {
		answer.seen = SEEN_UNREACHABLE;
		answer.no_client = true;
		answer.why = "there is no ssh client here";
		return answer;
	}
	answer.reached = answer.seen == SEEN_SSH && answer.lines[0] != '\0';
	if (answer.reached && said.status == 0)
		answer.told = take_json(arena, &answer, question->name, said.out);
	return answer;
}

int
probe_config(struct arena *arena, struct span config, const char *alias, const char **output,
    const char **why)
{
	const char *path;
	int fd = nameless(arena, config, &path);
	const char *const argv[] = { "ssh", "-F", path, "-G", "--", alias, NULL };
	const struct said said = run_ssh(arena, argv, CHECK_SECONDS);

	if (fd >= 0)
		close(fd);
	*output = said.out.data;
	*why = first_complaint(arena, said.err.data, path);
	/* Anything else that ends it (no passwd entry, say) is no judgement on the configuration.
	 */
	return said.status == SSH_FAILED
	               && (strstr(said.err.data, " line ") != NULL
	                   || strstr(said.err.data, "bad configuration") != NULL)
	           ? 1
	           : 0;
}
