#include "keys/sources.h"

#include "base/environment.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCE_LIMIT = 16 * 1024 * 1024 };

void
sources_read_variables(
    struct entries *entries, const struct sources *sources, char *const *environment)
{
	const char **name = settings_list(sources->settings, SET_KEYS_ENV);

	for (; *name != NULL; name++) {
		const char *value = environment_value(environment, *name);

		if (value != NULL)
			paste_read(entries, *name, span_of(value), &sources->rules);
	}
}

int
sources_read_file(struct entries *entries, const char *path, const struct paste_rules *rules)
{
	struct arena *arena = entries->arena;
	struct span text;

	if (strcmp(path, "-") == 0) {
		if (file_drain(arena, STDIN_FILENO, 0, SOURCE_LIMIT, &text) < 0)
			return -1;
		paste_read(entries, "-", text, rules);
		return 0;
	}
	if (file_read(arena, AT_FDCWD, path, SOURCE_LIMIT, &text) < 0)
		return -1;
	paste_read(entries, arena_strdup(arena, path), text, rules);
	return 0;
}

bool
sources_mean_none(struct span text)
{
	bool said = false;

	/* As Windows begins a file. */
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
		text = span_skip(text, 3);
	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		struct span line
		    = span_take(text, end != NULL ? (size_t)(end - text.data) : text.len);

		text = span_skip(text, line.len + 1);
		while (line.len > 0 && strchr(" \t\r", line.data[line.len - 1]) != NULL)
			line.len--;
		while (line.len > 0 && strchr(" \t", line.data[0]) != NULL)
			line = span_skip(line, 1);
		if (line.len > 0 && line.data[0] != '#')
			return false;
		while (line.len > 0 && strchr("# \t", line.data[0]) != NULL)
			line = span_skip(line, 1);
		said = said || span_is_nocase(line, "none");
	}
	return said;
}

/* ---- one file, and what to do when it has gone bad ----------------------------------------- */

/* Appends copies of the entries in force that came from this source; how many. */
static size_t
keep_in_force(struct entries *entries, const struct sources *sources, const char *name)
{
	const struct entry *e = sources->in_force != NULL ? sources->in_force->first : NULL;
	size_t kept = 0;

	for (; e != NULL; e = e->next) {
		if (e->key == NULL || strcmp(e->source, name) != 0)
			continue;
		entries_append_copy(entries, e);
		kept++;
	}
	return kept;
}

/* Says that the source is bad, and keeps what it had. problem: errno's words, NULL where it was
 * read but holds nothing. */
static void
gone_bad(struct entries *entries, const struct sources *sources, const char *name,
    const char *problem, struct findings *findings)
{
	size_t kept = keep_in_force(entries, sources, name);

	if (kept > 0)
		finding_add(findings, ERROR, CODE_SOURCE_KEPT, name, "%s; %zu kept",
		    problem != NULL ? problem : "no usable key in it", kept);
	else if (problem != NULL)
		finding_add(findings, ERROR, CODE_SOURCE_UNREADABLE, name, "%s", problem);
	else
		finding_add(findings, WARNING, CODE_SOURCE_EMPTY, name, NULL);
}

/* Why a file cannot be read. Docker makes a directory of a file to mount that is not there. */
static const char *
why_unreadable(int error)
{
	if (error == EISDIR)
		return "it is a directory (as docker run -v makes where the host has no such "
		       "file); keys-dir reads the files in one";
	return error == EINVAL ? "it is no regular file" : strerror(error);
}

/* Reads path, which reports call name, relative to the open directory. */
static void
read_one(struct entries *entries, const struct sources *sources, int directory, const char *path,
    const char *name, struct findings *findings)
{
	size_t before = entries_usable(entries), refused = entries->count[VERDICT_REFUSED];
	struct span text;

	if (file_read(entries->arena, directory, path, SOURCE_LIMIT, &text) < 0) {
		gone_bad(entries, sources, name, why_unreadable(errno), findings);
		return;
	}
	paste_read(entries, arena_strdup(entries->arena, name), text, &sources->rules);
	if (entries_usable(entries) > before || sources_mean_none(text))
		return;
	/* At a start, refused entries speak for themselves. */
	if (sources->in_force != NULL || entries->count[VERDICT_REFUSED] == refused)
		gone_bad(entries, sources, name, NULL, findings);
}

static int
visible(const struct dirent *file)
{
	return file->d_name[0] != '.';
}

/* Keeps what all files of a directory had that cannot be read or is empty. */
static void
directory_gone_bad(struct entries *entries, const struct sources *sources, const char *path,
    const char *problem, struct findings *findings)
{
	const char *inside = arena_printf(entries->arena, "%s/", path);
	const struct entry *e = sources->in_force != NULL ? sources->in_force->first : NULL;
	const char *last = "";

	for (; e != NULL; e = e->next)
		if (strncmp(e->source, inside, strlen(inside)) == 0
		    && strcmp(e->source, last) != 0) {
			last = e->source;
			gone_bad(entries, sources, last, problem, findings);
		}
	if (last[0] == '\0')
		gone_bad(entries, sources, path, problem, findings);
}

static void
read_directory(struct entries *entries, const struct sources *sources, const char *path,
    struct findings *findings)
{
	struct dirent **names;
	int n = scandir(path, &names, visible, alphasort);

	if (n <= 0)
		directory_gone_bad(entries, sources, path,
		    n < 0 ? strerror(errno) : "the directory is empty", findings);
	for (int i = 0; i < n; i++) {
		const char *file = arena_printf(entries->arena, "%s/%s", path, names[i]->d_name);
		struct stat status;

		if (stat(file, &status) < 0 || !S_ISDIR(status.st_mode))
			read_one(entries, sources, AT_FDCWD, file, file, findings);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

char *
sources_fetched(struct arena *arena, const char *url)
{
	uint64_t hash = 14695981039346656037U; /* FNV-1a */

	for (const char *c = url; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211U;
	return arena_printf(arena, "url/%016llx", (unsigned long long)hash);
}

/* Behind "scheme://" and any "user:password@"; NULL where there is no scheme. */
static const char *
host_of(const char *url)
{
	size_t scheme = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	const char *host = url + scheme + 3, *at;

	if (strncmp(url + scheme, "://", 3) != 0)
		return NULL;
	while ((at = strchr(host, '@')) != NULL && (size_t)(at - host) < strcspn(host, "/?#"))
		host = at + 1;
	return host;
}

bool
sources_url_is_odd(const char *url)
{
	const char *host = host_of(url), *port;

	if (host == NULL)
		return true;
	port = host + strcspn(host, host[0] == '[' ? "]" : ":/?#");
	port += *port == ']';
	if (*port == ':')
		port += 1 + strspn(port + 1, "0123456789");
	return *port != '\0' && strchr("/?#", *port) == NULL;
}

char *
sources_url_shown(struct arena *arena, const char *url)
{
	const char *host = host_of(url), *from = host, *at;
	size_t kept;

	if (host == NULL)
		return arena_strdup(arena, "keys-url");
	at = strrchr(host, '@');
	/* In the path it may be the end of a password that was not encoded. */
	if (at != NULL)
		from = at;
	kept = strcspn(from, "?#");
	if (at != NULL ? strcspn(host, "?#") < (size_t)(at - host) : sources_url_is_odd(url))
		kept = 0;
	return arena_printf(arena, "%.*s://%s%.*s%s", (int)strcspn(url, ":"), url,
	    from != host || kept == 0 ? "..." : "", (int)kept, from,
	    kept > 0 && from[kept] != '\0' ? "?..." : "");
}

/* Addresses that differ in what is not shown alone need names that differ: by its name a source
 * finds the keys it had. */
static const char *
name_of_url(struct arena *arena, const char *const *all, const char *const *url)
{
	const char *name = sources_url_shown(arena, *url);
	size_t n = 1;

	for (; all < url; all++)
		n += strcmp(*all, *url) != 0 && strcmp(sources_url_shown(arena, *all), name) == 0;
	return n == 1 ? name : arena_printf(arena, "%s (%zu)", name, n);
}

static void
read_fetched(struct entries *entries, const struct sources *sources, const char *url,
    const char *name, struct findings *findings)
{
	const char *file = sources_fetched(entries->arena, url);
	const char *wrong = arena_printf(entries->arena, "%s" SOURCES_WRONG, file);
	struct span why;
	bool there;

	if (sources->state < 0)
		return;
	there = faccessat(sources->state, file, F_OK, 0) == 0;
	if (file_read_own(entries->arena, sources->state, wrong, SOURCE_LIMIT, &why) == 0)
		finding_add(findings, there ? WARNING : ERROR, CODE_URL_FAILED, name, "%s%s",
		    why.data, there ? "; the keys of its last good answer stay" : "");
	/* Not there: not fetched yet. */
	if (there)
		read_one(entries, sources, sources->state, file, name, findings);
}

void
sources_read_files(
    struct entries *entries, const struct sources *sources, struct findings *findings)
{
	const struct settings *settings = sources->settings;
	const char **path, **urls;

	for (path = settings_list(settings, SET_KEYS_FILE); *path != NULL; path++)
		read_one(entries, sources, AT_FDCWD, *path, *path, findings);
	for (path = settings_list(settings, SET_KEYS_DIR); *path != NULL; path++)
		read_directory(entries, sources, *path, findings);
	urls = settings_list(settings, SET_KEYS_URL);
	for (path = urls; *path != NULL; path++)
		read_fetched(
		    entries, sources, *path, name_of_url(entries->arena, urls, path), findings);
}
