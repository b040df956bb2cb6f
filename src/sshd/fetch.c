#include "sshd/fetch.h"

#include "base/file.h"
#include "base/run.h"
#include "keys/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_LIMIT = 1024 * 1024, FETCH_MS = 30000, SHORTEST_PAUSE = 1 };

/* ---- what may be asked --------------------------------------------------------------------- */

static bool
is_loopback(const char *url)
{
	static const char *const hosts[]
	    = { "http://127.0.0.1", "http://localhost", "http://[::1]" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t len = strlen(hosts[i]);

		if (strncmp(url, hosts[i], len) == 0 && strchr(":/", url[len]) != NULL)
			return true;
	}
	return false;
}

static bool
is_allowed(const char *url)
{
	for (const char *c = url; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"'\\`<>", *c) != NULL)
			return false;
	return strncmp(url, "https://", 8) == 0 || is_loopback(url);
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
	const char **url = settings_list(settings, SET_KEYS_URL);
	struct tool tool;

	if (url[0] == NULL)
		return;
	tool = find_tool(findings->arena);
	if (tool.curl[0] == '\0' && tool.wget[0] == '\0')
		finding_add(
		    findings, ERROR, CODE_URL_TOOL, settings_where(settings, SET_KEYS_URL), NULL);
	for (; *url != NULL; url++)
		if (!is_allowed(*url))
			finding_add(findings, ERROR, CODE_URL_REFUSED, *url, NULL);
}

/* ---- asking -------------------------------------------------------------------------------- */

static int
ask_curl(struct arena *arena, const char *curl, const char *url, const char *out, const char *etag,
    struct span *said)
{
	const char *allowed = is_loopback(url) ? "=http" : "=https";
	const char *redirects = is_loopback(url) ? "0" : "5";
	const char *const argv[]
	    = { "curl", "-q", "-fsS", "-L", "--proto", allowed, "--proto-redir", "=https",
		      "--max-redirs", redirects, "--max-time", "25", "--max-filesize", "1048576",
		      "--etag-compare", etag, "--etag-save", etag, "-o", out, "--", url, NULL };
	const char *const environment[] = { "HOME=/nonexistent", NULL };

	return run_collect(arena, curl, argv, environment, FETCH_MS, said);
}

static int
ask_wget(struct arena *arena, const char *wget, const char *url, const char *out, struct span *said)
{
	const char *const argv[] = { "wget", "--no-config", "-nv", "--tries=1", "--timeout=25",
		"--max-redirect=0", "-O", out, "--", url, NULL };
	const char *const environment[] = { "HOME=/nonexistent", NULL };

	return run_collect(arena, wget, argv, environment, FETCH_MS, said);
}

static void
say(const char *url, const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s\n", url, what);
}

/* Puts the answer in the place of the old one when it is keys and differs. */
static void
take_answer(struct arena *arena, int directory, const char *url, const char *new, const char *name)
{
	const struct paste_rules rules = { .repair = true, .now = time(NULL) };
	struct entries entries = entries_new(arena);
	struct span text, old = { "", 0 };

	if (file_read_own(arena, directory, new, ANSWER_LIMIT, &text) < 0) {
		say(url, strerror(errno));
		return;
	}
	paste_read(&entries, url, text, &rules);
	if (entries.count[VERDICT_OK] + entries.count[VERDICT_REPAIRED] == 0
	    && !sources_mean_none(text)) {
		say(url, "the answer is not public keys, so it does not count");
		return;
	}
	(void)file_read_own(arena, directory, name, ANSWER_LIMIT, &old);
	if (old.len == text.len && memcmp(old.data, text.data, old.len) == 0)
		return;
	if (renameat(directory, new, directory, name) < 0)
		say(url, strerror(errno));
}

static void
ask(const struct fetch *fetch, int directory, const struct tool *tool, const char *url, size_t n)
{
	struct arena *arena = arena_new();
	const char *name = arena_printf(arena, "%zu", n);
	const char *new = arena_printf(arena, ".%zu.new", n);
	const char *path = arena_printf(arena, "%s/url/%s", fetch->state->path, new);
	const char *etag = arena_printf(arena, "%s/url/.%zu.etag", fetch->state->path, n);
	struct span said = { "", 0 };
	int status;

	(void)unlinkat(directory, new, 0);
	status = tool->curl[0] != '\0' ? ask_curl(arena, tool->curl, url, path, etag, &said)
	                               : ask_wget(arena, tool->wget, url, path, &said);
	if (status == 0 && faccessat(directory, new, F_OK, 0) == 0)
		take_answer(arena, directory, url, new, name);
	else if (status != 0)
		say(url, status < 0 ? strerror(errno)
		                    : arena_strndup(arena, said.data, strcspn(said.data, "\r\n")));
	(void)unlinkat(directory, new, 0);
	arena_free(arena);
}

int
fetch_run(void *context)
{
	const struct fetch *fetch = context;
	struct arena *arena = arena_new();
	const char **urls = settings_list(fetch->settings, SET_KEYS_URL);
	const struct tool tool = find_tool(arena);
	long pause = settings_number(fetch->settings, SET_KEYS_URL_SECONDS);
	int directory = fetch->state->fd >= 0 ? dir_open(fetch->state->fd, "url", 0700, NULL) : -1;

	if (directory < 0 || (tool.curl[0] == '\0' && tool.wget[0] == '\0'))
		return 0;
	for (;;) {
		for (size_t n = 0; urls[n] != NULL; n++)
			if (is_allowed(urls[n]))
				ask(fetch, directory, &tool, urls[n], n);
		sleep((unsigned)(pause < SHORTEST_PAUSE ? SHORTEST_PAUSE : pause));
	}
}
