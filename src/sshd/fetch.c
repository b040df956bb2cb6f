#include "sshd/fetch.h"

#include "base/buf.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/run.h"
#include "keys/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { ANSWER_LIMIT = 1024 * 1024, FETCH_MS = 30000, SHORTEST_PAUSE = 1, CURL_USAGE = 2 };

/* ---- what may be asked --------------------------------------------------------------------- */

/* Nothing but a host of this pod, and perhaps a port, may stand before the path:
 * "127.0.0.1:80@evil" is evil's. */
static bool
is_loopback(const char *url)
{
	static const char *const hosts[]
	    = { "http://127.0.0.1", "http://localhost", "http://[::1]" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t len = strlen(hosts[i]);
		const char *end = url + len;

		if (strncmp(url, hosts[i], len) != 0)
			continue;
		if (*end == ':')
			end += 1 + strspn(end + 1, "0123456789");
		return *end == '/' || *end == '?' || *end == '\0';
	}
	return false;
}

bool
fetch_allows(const char *url)
{
	for (const char *c = url; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"'\\`<>", *c) != NULL)
			return false;
	if (sources_url_is_odd(url))
		return false;
	return strncmp(url, "https://", 8) == 0 || is_loopback(url);
}

/* The addresses of everybody and of the users' sections, NULL-terminated. */
static const char **
all_urls(const struct settings *settings, struct arena *arena)
{
	const char **all = NULL;
	size_t n = 0;
	const struct user_section *user = settings->users;
	struct settings own = *settings;

	for (bool common = true; common || user != NULL; common = false) {
		if (!common) {
			own = settings_for_user(settings, user->name);
			user = user->next;
		}
		for (const char **p = settings_list(&own, SET_KEYS_URL); *p != NULL; p++) {
			bool there = false;

			for (size_t i = 0; i < n; i++)
				there = there || strcmp(all[i], *p) == 0;
			if (there)
				continue;
			all = arena_grow(arena, all, n * sizeof(*all), (n + 1) * sizeof(*all));
			all[n++] = *p;
		}
	}
	all = arena_grow(arena, all, n * sizeof(*all), (n + 1) * sizeof(*all));
	all[n] = NULL;
	return all;
}

bool
fetch_wanted(const struct settings *settings)
{
	struct arena *arena = arena_new();
	bool wanted = all_urls(settings, arena)[0] != NULL;

	arena_free(arena);
	return wanted;
}

struct tool {
	const char *curl, *wget; /* paths, "" where there is none */
};

/* wget means GNU's: busybox's neither checks a certificate nor can be kept from following a
 * redirect to http. */
static struct tool
find_tool(struct arena *arena)
{
	struct tool tool = { run_find(arena, run_standard_path, "curl"),
		run_find(arena, run_standard_path, "wget") };
	const char *const environment[] = { NULL };
	struct span output;

	if (tool.wget[0] != '\0'
	    && (run_collect(arena, tool.wget, (const char *const[]){ "wget", "--version", NULL },
	            environment, 5000, &output)
	            != 0
	        || strstr(output.data, "GNU Wget") == NULL))
		tool.wget = "";
	return tool;
}

void
fetch_plan(const struct settings *settings, struct findings *findings)
{
	const char **url = all_urls(settings, findings->arena);
	struct tool tool;

	if (url[0] == NULL)
		return;
	tool = find_tool(findings->arena);
	if (tool.curl[0] == '\0' && tool.wget[0] == '\0')
		finding_add(
		    findings, ERROR, CODE_URL_TOOL, settings_where(settings, SET_KEYS_URL), NULL);
	for (; *url != NULL; url++)
		if (!fetch_allows(*url))
			finding_add(findings, ERROR, CODE_URL_REFUSED,
			    sources_url_shown(findings->arena, *url), NULL);
}

/* ---- asking -------------------------------------------------------------------------------- */

/* One address, and the files of its answer in the directory for them. */
struct question {
	struct arena *arena;
	const struct tool *tool;
	const char *const *environment;
	int directory;
	const char *path; /* of the directory */
	const char *url, *shown;
	const char *name, *new, *etag, *wrong, *ask;
	struct span said; /* by the program */
};

static const char *const *
program_environment(struct arena *arena, char *const *ours)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE" };
	const char **environment
	    = arena_alloc(arena, sizeof(names) / sizeof(names[0]) + 2, sizeof(*environment));
	size_t n = 0;

	environment[n++] = "HOME=/nonexistent";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = environment_value(ours, names[i]);

		if (value != NULL)
			environment[n++] = arena_printf(arena, "%s=%s", names[i], value);
	}
	return environment;
}

static const char *
path_of(const struct question *q, const char *name)
{
	return arena_printf(q->arena, "%s/%s", q->path, name);
}

/* The address in a file for the program: every user of the container can read what stands on a
 * command line, and an address may hold a password. No quote or backslash is in it (fetch_allows).
 */
static int
put_address(const struct question *q, const char *before, const char *behind)
{
	const char *text = arena_printf(q->arena, "%s%s%s\n", before, q->url, behind);

	return file_replace(q->directory, q->ask, span_of(text), 0600, NULL, false);
}

static int
run_curl(struct question *q, bool with_etag)
{
	const char *argv[32] = { "curl", "-q", "-K", path_of(q, q->ask), "-fsS", "-L", "--proto",
		is_loopback(q->url) ? "=http" : "=https", "--proto-redir", "=https", "--max-redirs",
		is_loopback(q->url) ? "0" : "5", "--max-time", "25", "--max-filesize", "1048576",
		"-w", "%{http_code}", "-o", path_of(q, q->new) };
	const char *etag = path_of(q, q->etag);
	size_t n = 20;

	if (with_etag) {
		argv[n++] = "--etag-compare";
		argv[n++] = etag;
		argv[n++] = "--etag-save";
		argv[n++] = etag;
	}
	return run_collect(q->arena, q->tool->curl, argv, q->environment, FETCH_MS, &q->said);
}

/* 0: there is an answer; 1: it is as it was; -1: said tells what went wrong. */
static int
ask_curl(struct question *q)
{
	static const char unchanged[] = "304";
	int status;

	/* An ETag says something only of an answer that was kept. */
	if (faccessat(q->directory, q->name, F_OK, 0) < 0)
		(void)unlinkat(q->directory, q->etag, 0);
	if (put_address(q, "url = \"", "\"") < 0)
		return -1;
	status = run_curl(q, true);
	if (status == CURL_USAGE) /* before 7.68 it knows no ETag */
		status = run_curl(q, false);
	if (status != 0)
		return -1;
	/* Some releases make an empty file of it. */
	return q->said.len >= strlen(unchanged)
	               && strcmp(q->said.data + q->said.len - strlen(unchanged), unchanged) == 0
	           ? 1
	           : 0;
}

static int
ask_wget(struct question *q)
{
	const char *const argv[] = { "wget", "--no-config", "-nv", "--tries=1", "--timeout=25",
		"--max-redirect=0", "-O", path_of(q, q->new), "-i", path_of(q, q->ask), NULL };

	if (put_address(q, "", "") < 0)
		return -1;
	return run_collect(q->arena, q->tool->wget, argv, q->environment, FETCH_MS, &q->said) == 0
	           ? 0
	           : -1;
}

/* Says it once, and leaves it for --check. */
static void
complain(const struct question *q, const char *what)
{
	struct span before = { "", 0 };

	(void)file_read_own(q->arena, q->directory, q->wrong, ANSWER_LIMIT, &before);
	if (span_is(before, what))
		return;
	dprintf(STDERR_FILENO, "%s: %s\n", q->shown, what);
	(void)file_replace(q->directory, q->wrong, span_of(what), 0600, NULL, false);
}

/* Puts the answer in the place of the old one when it is keys and differs. */
static void
take_answer(const struct question *q)
{
	const struct paste_rules rules = { .repair = true, .now = time(NULL) };
	struct entries entries = entries_new(q->arena);
	struct span text, old = { "", 0 };

	if (file_read_own(q->arena, q->directory, q->new, ANSWER_LIMIT, &text) < 0) {
		complain(q, errno == EFBIG ? "the answer is larger than 1 MB" : strerror(errno));
		return;
	}
	paste_read(&entries, q->shown, text, &rules);
	if (entries.count[VERDICT_OK] + entries.count[VERDICT_REPAIRED] == 0
	    && !sources_mean_none(text)) {
		(void)unlinkat(q->directory, q->etag, 0);
		complain(q, text.len == 0 ? "the answer is empty, so it does not count"
		                          : "the answer is not public keys, so it does not count");
		return;
	}
	(void)unlinkat(q->directory, q->wrong, 0);
	if (file_read_own(q->arena, q->directory, q->name, ANSWER_LIMIT, &old) == 0
	    && old.len == text.len && memcmp(old.data, text.data, old.len) == 0)
		return;
	if (renameat(q->directory, q->new, q->directory, q->name) < 0)
		complain(q, strerror(errno));
}

/* What the program said: the first line that does not only repeat the address (wget's first ends
 * with a colon), with every address in it cut to what may be shown. */
static const char *
words_of(const struct question *q)
{
	const char *line = arena_strndup(q->arena, q->said.data, q->said.len);
	struct buf words = buf_new(q->arena);
	size_t len = strcspn(line, "\r\n");

	/* Not even its host is shown; the program may name it. */
	if (strstr(q->shown, "://...") != NULL)
		return "write @ behind the host as %40 to be told why";
	while (len > 0 && line[len - 1] == ':' && line[len] != '\0' && line[len + 1] != '\0') {
		line += len + 1;
		len = strcspn(line, "\r\n");
	}
	while (len > 0) {
		size_t word = strcspn(line, " \r\n"), gap = strspn(line + word, " ");
		const char *text = arena_strndup(q->arena, line, word);

		buf_puts(
		    &words, strstr(text, "://") != NULL ? sources_url_shown(q->arena, text) : text);
		buf_add(&words, line + word, gap);
		line += word + gap;
		len -= word + gap;
	}
	return words.data;
}

static void
ask(struct question *q)
{
	int result;

	(void)unlinkat(q->directory, q->new, 0);
	result = q->tool->curl[0] != '\0' ? ask_curl(q) : ask_wget(q);
	if (result == 0)
		take_answer(q);
	else if (result == 1)
		(void)unlinkat(q->directory, q->wrong, 0);
	else
		complain(q, q->said.len > 0 ? words_of(q) : strerror(errno));
	(void)unlinkat(q->directory, q->new, 0);
	(void)unlinkat(q->directory, q->ask, 0);
}

static void
ask_one(const struct fetch *fetch, const struct tool *tool, int directory, const char *url,
    char *const *environment)
{
	struct arena *arena = arena_new();
	struct question q = { .arena = arena,
		.tool = tool,
		.environment = program_environment(arena, environment),
		.directory = directory,
		.path = arena_printf(arena, "%s/url", fetch->state->path),
		.url = url,
		.shown = sources_url_shown(arena, url),
		.name = strrchr(sources_fetched(arena, url), '/') + 1,
		.said = { "", 0 } };

	q.new = arena_printf(arena, ".%s.new", q.name);
	q.ask = arena_printf(arena, ".%s.ask", q.name);
	q.etag = arena_printf(arena, ".%s.etag", q.name);
	q.wrong = arena_printf(arena, "%s" SOURCES_WRONG, q.name);
	ask(&q);
	arena_free(arena);
}

int
fetch_run(void *context)
{
	const struct fetch *fetch = context;
	/* Whatever arrives without having said how long it is: no file gets larger. */
	const struct rlimit largest = { ANSWER_LIMIT + 1, ANSWER_LIMIT + 1 };
	struct arena *arena = arena_new();
	const char **urls = all_urls(fetch->settings, arena);
	const struct tool tool = find_tool(arena);
	long pause = settings_number(fetch->settings, SET_KEYS_URL_SECONDS);
	int directory = fetch->state->fd >= 0 ? dir_open(fetch->state->fd, "url", 0700, NULL) : -1;

	if (directory < 0 || (tool.curl[0] == '\0' && tool.wget[0] == '\0'))
		return 0;
	(void)setrlimit(RLIMIT_FSIZE, &largest);
	for (;;) {
		for (size_t n = 0; urls[n] != NULL; n++)
			if (fetch_allows(urls[n]))
				ask_one(fetch, &tool, directory, urls[n], environ);
		sleep((unsigned)(pause < SHORTEST_PAUSE ? SHORTEST_PAUSE : pause));
	}
}
