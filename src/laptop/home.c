#include "laptop/home.h"

#include "laptop/block.h"
#include "laptop/probe.h"
#include "laptop/sshconf.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
home_directory(void)
{
	const char *home = getenv("HOME");
	const struct passwd *me = getpwuid(geteuid());

	if (home != NULL && home[0] == '/')
		return home;
	return me != NULL ? me->pw_dir : NULL;
}

/* path as ssh_config may name it: with ~ where ssh means the same home by it (it asks the account
 * database, not $HOME). */
static const char *
name_for_ssh(struct arena *arena, const char *path)
{
	const struct passwd *me = getpwuid(geteuid());
	size_t len = me == NULL ? 0 : strlen(me->pw_dir);

	if (len > 1 && strncmp(path, me->pw_dir, len) == 0 && path[len] == '/')
		return arena_printf(arena, "~%s", path + len);
	return path;
}

static const char *
beside(struct arena *arena, const char *path, const char *name)
{
	return arena_printf(arena, "%.*s/%s", (int)(strrchr(path, '/') - path), path, name);
}

static bool
read_section(struct findings *findings, const struct conffile *file, struct section *section)
{
	const char *why;

	if (section_find(findings->arena, file->text, section, &why))
		return true;
	finding_add(findings, ERROR, CODE_SSH_CONFIG_SECTION, file->path, "%s", why);
	return false;
}

/* Moves all pods to the place where they are to stand. */
static void
move(struct section *from, struct section *to)
{
	struct chunk *next;

	for (struct chunk *chunk = from->chunks; chunk != NULL; chunk = next) {
		next = chunk->next;
		section_put(to, chunk->alias, chunk->text);
		section_chunk(to, chunk->alias)->options = chunk->options;
	}
	from->chunks = NULL;
}

bool
home_open(
    struct home *home, struct findings *findings, const char *config, bool include, bool in_line)
{
	struct arena *arena = findings->arena;
	const char *directory = home_directory();

	*home = (struct home){ .arena = arena };
	if (config == NULL && directory == NULL) {
		finding_add(
		    findings, ERROR, CODE_SSH_CONFIG_FILE, "~/.ssh/config", "HOME is not set");
		return false;
	}
	if (config == NULL)
		config = arena_printf(arena, "%s/.ssh/config", directory);
	if (config[0] != '/') {
		char *here = realpath(".", NULL);

		config = arena_printf(arena, "%s/%s", here != NULL ? here : "", config);
		free(here);
	}
	home->own_name = beside(arena, config, "sshinit_config");
	home->known_name = beside(arena, config, "sshinit_known_hosts");
	if (!conffile_read(findings, config, &home->config)
	    || !read_section(findings, &home->config, &home->section)
	    || !conffile_read(findings, home->own_name, &home->own)
	    || !read_section(findings, &home->own, &home->own_section)
	    || !conffile_read(findings, home->known_name, &home->known))
		return false;
	home->own_name = name_for_ssh(arena, home->own_name);
	home->known_name = name_for_ssh(arena, home->known_name);

	home->include = include || (home->section.include && !in_line);
	/* Pods in a file that nothing includes are what an interrupted run left; they do not count.
	 */
	if (!home->section.include)
		home->own_section.chunks = NULL;
	if (home->include)
		move(&home->section, &home->own_section);
	else
		move(&home->own_section, &home->section);
	return true;
}

struct chunk *
home_chunks(const struct home *home)
{
	return home->include ? home->own_section.chunks : home->section.chunks;
}

struct chunk *
home_chunk(const struct home *home, const char *alias)
{
	return section_chunk(home->include ? &home->own_section : &home->section, alias);
}

/* The section's list of pods copied, so that trying a change out does not change home. */
static void
copy_chunks(struct section *section)
{
	struct chunk **at = &section->chunks;

	for (struct chunk *chunk = section->chunks; chunk != NULL; chunk = chunk->next) {
		*at = arena_alloc(section->arena, 1, sizeof(**at));
		**at = *chunk;
		at = &(*at)->next;
	}
	*at = NULL;
}

static struct section
changed(const struct home *home, const char *alias, const struct pod *pod, bool pinned)
{
	struct section section = home->include ? home->own_section : home->section;
	struct block_rules rules = { home->known_name, pinned };
	struct buf options = buf_new(home->arena);
	struct span text = { "", 0 };

	copy_chunks(&section);
	if (pod != NULL) {
		pod_write(&options, pod);
		text = section_chunk_text(
		    &section, alias, options.data, block_render(home->arena, pod, &rules));
	}
	section_put(&section, alias, text);
	return section;
}

struct home_texts
home_with(const struct home *home, const char *alias, const struct pod *pod, bool pinned)
{
	struct section section = changed(home, alias, pod, pinned), including = home->section;
	struct section empty = home->own_section;
	struct buf name = buf_new(home->arena);

	if (!home->include) {
		empty.chunks = NULL;
		return (struct home_texts){ section_compose(home->config.text, &section, NULL),
			section_compose(home->own.text, &empty, NULL) };
	}
	conf_quote(&name, home->own_name, false);
	including.chunks = section.chunks;
	return (struct home_texts){ section_compose(home->config.text, &including, name.data),
		section_compose(home->own.text, &section, NULL) };
}

struct span
home_candidate(const struct home *home, const struct pod *pod)
{
	struct home inline_home = *home;

	/* The own file is not written yet, so its pods stand in for the line that includes it. */
	inline_home.include = false;
	if (home->include)
		inline_home.section.chunks = home->own_section.chunks;
	return home_with(&inline_home, pod->alias, pod, false).config;
}

/* The value that `ssh -G` shows for key, in arena; "" when there is none. */
static const char *
shown(struct arena *arena, const char *output, const char *key)
{
	size_t len = strlen(key);

	for (; *output != '\0'; output += strcspn(output, "\n"), output += *output == '\n')
		if (strncmp(output, key, len) == 0 && output[len] == ' ')
			return arena_strndup(
			    arena, output + len + 1, strcspn(output + len + 1, "\n"));
	return "";
}

static void
check_shown(struct findings *findings, const struct pod *pod, const char *output)
{
	char *port = arena_printf(findings->arena, "%u", pod->port != 0 ? pod->port : 22);
	const struct {
		const char *key, *option, *want;
	} checks[] = { { "hostname", "HostName", pod->host }, { "port", "Port", port },
		{ "user", "User", pod->user } };

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		const char *is = shown(findings->arena, output, checks[i].key);

		if (checks[i].want == NULL || pod_has_option(pod, checks[i].option) || *is == '\0'
		    || strcasecmp(is, checks[i].want) == 0)
			continue;
		finding_fix(findings,
		    finding_add(findings, WARNING, CODE_SSH_CONFIG_OTHER, pod->alias,
		        "%s will be %s, not %s", checks[i].option, is, checks[i].want),
		    "look for %s above the sshinit section, and for system-wide configuration",
		    checks[i].option);
	}
}

bool
home_check(struct home *home, struct findings *findings, const struct pod *pod)
{
	const struct block_rules rules = { home->known_name, false };
	const char *output, *why, *old, *number;
	unsigned line = section_other_host(home->config.text, &home->section, pod->alias);

	if (line != 0)
		finding_add(findings, WARNING, CODE_SSH_CONFIG_OTHER, home->config.path,
		    "line %u has a Host %s of its own", line, pod->alias);
	if (probe_config(home->arena, home_candidate(home, pod), pod->alias, &output, &why) == 0) {
		check_shown(findings, pod, output);
		return true;
	}
	/* What ssh refused before us is not ours to forbid; what it would refuse of ours is. */
	if (probe_config(home->arena, home->config.text, pod->alias, &output, &old) != 0
	    && probe_config(home->arena, span_of(block_render(home->arena, pod, &rules)),
	           pod->alias, &output, &why)
	           == 0) {
		home->broken = true;
		finding_fix(findings,
		    finding_add(
		        findings, WARNING, CODE_SSH_CONFIG_CHECK, home->config.path, "%s", old),
		    "correct that line: ssh refuses the whole file because of it, so ssh %s will "
		    "not work before",
		    pod->alias);
		return true;
	}
	/* The number is that of a text which is not written. */
	number = strncmp(why, "line ", 5) == 0 ? why + 5 + strspn(why + 5, "0123456789") : why;
	finding_add(findings, ERROR, CODE_SSH_CONFIG_CHECK, pod->alias, "%s",
	    number + strspn(number, ": "));
	return false;
}

const char *
home_identity(struct arena *arena, const char *path)
{
	char *directory, *full;

	if (strchr("/~%", path[0]) != NULL || strchr(path, '\\') != NULL || access(path, F_OK) != 0)
		return path;
	directory = getcwd(NULL, 0);
	if (directory == NULL)
		return path;
	full = arena_printf(arena, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory,
	    strncmp(path, "./", 2) == 0 ? path + 2 : path);
	free(directory);
	return full;
}

void
home_check_identity(const struct home *home, struct findings *findings, const struct pod *pod)
{
	const char *path = pod->identity, *directory = home_directory();
	struct stat st;

	if (path == NULL || strcmp(path, "none") == 0)
		return;
	if (strchr(path, '\\') != NULL && (path[0] == '%' || strchr(path, ':') == path + 1)) {
		finding_fix(findings,
		    finding_add(
		        findings, WARNING, CODE_IDENTITY_FILE, path, "that is a path of Windows"),
		    "in WSL copy the key to ~/.ssh and give that path with --identity");
		return;
	}
	if (path[0] == '~' && path[1] == '/' && directory != NULL)
		path = arena_printf(home->arena, "%s%s", directory, path + 1);
	if (strlen(path) > 4 && strcmp(path + strlen(path) - 4, ".pub") == 0)
		finding_fix(findings,
		    finding_add(
		        findings, WARNING, CODE_IDENTITY_FILE, path, "that is the public key"),
		    "give the private key's path, without .pub, with --identity");
	else if (stat(path, &st) != 0)
		finding_add(findings, WARNING, CODE_IDENTITY_FILE, path, "%s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		finding_add(findings, WARNING, CODE_IDENTITY_FILE, path, "it is a directory");
	else if (st.st_uid == geteuid() && (st.st_mode & 077) != 0)
		finding_fix(findings,
		    finding_add(findings, WARNING, CODE_IDENTITY_FILE, path,
		        "others may read it (mode %04o)", (unsigned)st.st_mode & 07777),
		    "chmod 600 %s", shell_word(home->arena, path));
}
