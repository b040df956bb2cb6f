#include "sshd/hostkey.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/run.h"
#include "keys/paste.h"
#include "sshd/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_LIMIT = 64 * 1024, KEYGEN_MS = 20000, CANDIDATES = 4 };

static const char key_name[] = "ssh_host_ed25519_key";
/* The directory, in the state directory, of a key that was given. */
static const char given_name[] = "given";
/* And that in which a new one is made. */
static const char making_name[] = "making";
/* A new one's name until it is known that the place keeps it safe. */
static const char trial_name[] = ".new";

/* ---- where it may stand -------------------------------------------------------------------- */

struct candidate {
	const char *directory;
	bool lasting;
};

/* The pod's name as a file name. */
static const char *
directory_name(struct arena *arena, const char *pod)
{
	char *name = arena_strdup(arena, pod);

	for (char *c = name; *c != '\0'; c++)
		if (*c == '/' || (unsigned char)*c < ' ')
			*c = '_';
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || *name == '\0' ? "pod" : name;
}

/* Fills in the directories, best first; the first one with a key, else the first that can hold one,
 * is used. Ends with an entry whose directory is NULL. */
static void
list_candidates(struct candidate list[CANDIDATES + 1], struct arena *arena,
    const struct settings *settings, const char *pod, const struct state *state)
{
	const char *named = settings_text(settings, SET_HOST_KEYS);
	const char *own = directory_name(arena, pod);
	size_t n = 0;

	memset(list, 0, sizeof(*list) * (CANDIDATES + 1));
	if (strcmp(named, "auto") != 0) {
		list[n++] = (struct candidate){ named, true };
		return;
	}
	if (file_is_mount("/etc/ssh"))
		list[n++] = (struct candidate){ "/etc/ssh", true };
	if (file_is_mount("/workspace"))
		list[n++] = (struct candidate){ arena_printf(arena, "/workspace/.sshinit/%s", own),
			true };
	/* Not lasting: it dies with the container's own layer, but it survives its restarts. */
	if (file_is_mount("/etc/sshinit"))
		list[n++] = (struct candidate){ "/etc/sshinit", true };
	else
		list[n++]
		    = (struct candidate){ arena_printf(arena, "/etc/sshinit/%s", own), false };
	if (state->fd >= 0)
		list[n++]
		    = (struct candidate){ arena_printf(arena, "%s/hostkey", state->path), false };
}

/* ---- looking ------------------------------------------------------------------------------- */

/* Whether sshd would take the file as a private host key: ours, and nobody else's to read. */
static bool
is_private(const struct stat *status)
{
	return S_ISREG(status->st_mode) && status->st_uid == geteuid()
	       && (status->st_mode & 077) == 0 && status->st_size > 0;
}

static bool
is_usable(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && is_private(&status);
}

/* Fills in what the public half tells. */
static bool
read_public(struct hostkey *key, struct arena *arena, struct span text)
{
	struct entries entries = entries_new(arena);

	paste_read(&entries, "host key", text, &(struct paste_rules){ .repair = true });
	for (const struct entry *e = entries.first; e != NULL; e = e->next)
		if (e->key != NULL) {
			key->public_line = arena_printf(arena, "%s %s", e->key->type, e->key->blob);
			key->fingerprint = e->key->fingerprint;
			return true;
		}
	return false;
}

static struct hostkey
no_key(void)
{
	return (
	    struct hostkey){ .path = "", .certificate = "", .public_line = "", .fingerprint = "" };
}

static struct hostkey
look_in(struct arena *arena, const struct candidate *candidate)
{
	struct hostkey key = no_key();
	const char *path = arena_printf(arena, "%s/%s", candidate->directory, key_name);
	const char *certificate = arena_printf(arena, "%s-cert.pub", path);
	struct span text;

	if (!is_usable(path))
		return key;
	if (file_read(arena, AT_FDCWD, arena_printf(arena, "%s.pub", path), KEY_LIMIT, &text) < 0
	    || !read_public(&key, arena, text))
		return key;
	key.path = path;
	key.lasting = candidate->lasting;
	if (access(certificate, R_OK) == 0)
		key.certificate = certificate;
	return key;
}

struct hostkey
hostkey_look(struct arena *arena, const struct settings *settings, const char *pod,
    const struct state *state, struct findings *findings)
{
	const struct candidate given
	    = { arena_printf(arena, "%s/%s", state->path, given_name), true };
	struct candidate list[CANDIDATES + 1];
	struct hostkey key = no_key();

	(void)findings;
	if (settings_text(settings, SET_HOST_KEY)[0] != '\0')
		return look_in(arena, &given);
	list_candidates(list, arena, settings, pod, state);
	for (const struct candidate *c = list; c->directory != NULL && key.path[0] == '\0'; c++)
		key = look_in(arena, c);
	/* What was found in a named directory may have had to be copied. */
	if (key.path[0] == '\0' && !settings_is(settings, SET_HOST_KEYS, "auto"))
		key = look_in(arena, &given);
	return key;
}

/* ---- making -------------------------------------------------------------------------------- */

/* Makes every directory of path that is missing. An open descriptor of the last, or -1. */
static int
make_directories(struct arena *arena, const char *path, mode_t mode)
{
	char *copy = arena_strdup(arena, path);
	int wrong = ENOENT, fd;

	for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST && wrong == ENOENT)
			wrong = errno;
		*slash = '/';
	}
	fd = dir_open(AT_FDCWD, copy, mode, NULL);
	if (fd < 0 && errno == ENOENT)
		errno = wrong;
	return fd;
}

static int
keygen(struct arena *arena, const struct backend *backend, const char *const argv[],
    struct span *output)
{
	const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };

	if (backend->keygen[0] == '\0') {
		errno = ENOENT;
		return -1;
	}
	if (backend->kind == BACKEND_EMBEDDED)
		return run_collect_main(arena, embedded_main, argv, environment, KEYGEN_MS, output);
	return run_collect(arena, backend->keygen, argv, environment, KEYGEN_MS, output);
}

/* Puts the pair from the open directory made into the other. What stands there stays as it is where
 * the file system does not keep what a private key needs. NULL, or what went wrong. */
static const char *
place(struct arena *arena, int made, int directory)
{
	static const char unfit[] = "the file system does not keep owner and mode 0600";
	const char *public_name = arena_printf(arena, "%s.pub", key_name);
	struct span key, public;
	struct stat status;
	const char *wrong = NULL;

	if (file_read_own(arena, made, public_name, KEY_LIMIT, &public) < 0
	    || file_read_own(arena, made, key_name, KEY_LIMIT, &key) < 0)
		return strerror(errno);
	if (file_replace(directory, trial_name, key, 0600, NULL, false) < 0)
		wrong = strerror(errno);
	explicit_bzero((void *)(uintptr_t)key.data, key.len);
	if (wrong != NULL)
		return wrong;
	if (fstatat(directory, trial_name, &status, AT_SYMLINK_NOFOLLOW) < 0
	    || !is_private(&status))
		wrong = unfit;
	else if (file_replace(directory, public_name, public, 0644, NULL, false) < 0
	         || renameat(directory, trial_name, directory, key_name) < 0)
		wrong = strerror(errno);
	if (wrong != NULL)
		(void)unlinkat(directory, trial_name, 0);
	return wrong;
}

/* A new pair, made where nobody else can put anything in ssh-keygen's way (it follows links, and a
 * volume may be everybody's), and then placed whole. NULL, or what went wrong. */
static const char *
generate(struct arena *arena, const struct backend *backend, const struct state *state,
    int directory, const char *pod)
{
	const char *public_name = arena_printf(arena, "%s.pub", key_name);
	int made = dir_open(state->fd, making_name, 0700, NULL);
	const char *const argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
		arena_printf(arena, "sshinit@%s", pod), "-f",
		arena_printf(arena, "%s/%s/%s", state->path, making_name, key_name), NULL };
	const char *wrong = NULL;
	struct span output;
	int result;

	if (made < 0)
		return strerror(errno);
	(void)unlinkat(made, key_name, 0);
	(void)unlinkat(made, public_name, 0);
	result = keygen(arena, backend, argv, &output);
	if (result != 0)
		wrong = result < 0 ? strerror(errno)
		        : output.len > 0
		            ? arena_strndup(arena, output.data, strcspn(output.data, "\r\n"))
		            : "ssh-keygen failed";
	else
		wrong = place(arena, made, directory);
	(void)unlinkat(made, key_name, 0);
	(void)unlinkat(made, public_name, 0);
	close(made);
	return wrong;
}

static struct hostkey
make_in(struct arena *arena, const struct candidate *candidate, const char *pod,
    const struct state *state, const struct backend *backend, const char **why)
{
	int directory = make_directories(arena, candidate->directory, 0700);
	struct hostkey key = no_key();

	if (directory < 0) {
		*why = strerror(errno);
		return key;
	}
	*why = generate(arena, backend, state, directory, pod);
	close(directory);
	if (*why == NULL) {
		key = look_in(arena, candidate);
		key.is_new = true;
	}
	return key;
}

/* The text of a setting that holds either a text or a file's name. */
static int
text_or_file(struct arena *arena, const char *value, struct span *text)
{
	if (value[0] == '/')
		return file_read(arena, AT_FDCWD, value, KEY_LIMIT, text);
	*text = span_of(arena_printf(arena, "%s\n", value));
	return 0;
}

/* What was given, by a setting or in a directory: texts or files, certificate "" for none. */
struct given {
	const char *key, *certificate;
	const char *key_where, *certificate_where; /* for the findings */
};

/* Puts the given key (and certificate) into the state directory, where its mode can be what sshd
 * demands, and has ssh-keygen tell its public half. */
static struct hostkey
install_given(struct arena *arena, const struct given *given, const struct state *state,
    const struct backend *backend, struct findings *findings)
{
	const char *directory = arena_printf(arena, "%s/%s", state->path, given_name);
	char *path = arena_printf(arena, "%s/%s", directory, key_name);
	const char *const argv[] = { "ssh-keygen", "-y", "-P", "", "-f", path, NULL };
	struct candidate there = { directory, true };
	struct span text = { 0 }, output = { 0 };
	int fd = state->fd >= 0 ? dir_open(state->fd, given_name, 0700, NULL) : -1;
	int status = -1;

	if (fd >= 0 && text_or_file(arena, given->key, &text) == 0
	    && file_replace(fd, key_name, text, 0600, NULL, false) == 0)
		status = keygen(arena, backend, argv, &output);
	if (status == 0)
		status = file_replace(fd, "ssh_host_ed25519_key.pub", output, 0644, NULL, false);
	else if (status > 0)
		errno = EINVAL;
	if (status != 0)
		finding_add(findings, ERROR, CODE_HOST_KEY_GIVEN, given->key_where, "%s",
		    errno == EINVAL ? "not an unencrypted private key" : strerror(errno));
	if (status == 0 && given->certificate[0] != '\0'
	    && (text_or_file(arena, given->certificate, &text) < 0
	        || file_replace(fd, "ssh_host_ed25519_key-cert.pub", text, 0644, NULL, false) < 0))
		finding_add(findings, ERROR, CODE_HOST_CERT, given->certificate_where, "%s",
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	return status == 0 ? look_in(arena, &there) : no_key();
}

/* A key in the named directory that sshd does not take as it stands: a mounted Secret is made of
 * links, and its files may be read by others. False where there is none. */
static bool
find_in_named(struct given *given, struct arena *arena, const struct settings *settings)
{
	const char *named = settings_text(settings, SET_HOST_KEYS);
	struct span text;

	if (strcmp(named, "auto") == 0)
		return false;
	given->key = arena_printf(arena, "%s/%s", named, key_name);
	given->key_where = given->key;
	if (given->key[0] != '/' || file_read(arena, AT_FDCWD, given->key, KEY_LIMIT, &text) < 0)
		return false;
	given->certificate = arena_printf(arena, "%s-cert.pub", given->key);
	given->certificate_where = given->certificate;
	if (access(given->certificate, R_OK) < 0)
		given->certificate = "";
	return true;
}

struct hostkey
hostkey_make(struct arena *arena, const struct settings *settings, const char *pod,
    const struct state *state, const struct backend *backend, struct findings *findings)
{
	struct candidate list[CANDIDATES + 1];
	struct hostkey key;
	const char *why = "there is no place for it";
	struct given given = { settings_text(settings, SET_HOST_KEY),
		settings_text(settings, SET_HOST_CERT), settings_where(settings, SET_HOST_KEY),
		settings_where(settings, SET_HOST_CERT) };

	if (given.key[0] != '\0')
		return install_given(arena, &given, state, backend, findings);
	key = hostkey_look(arena, settings, pod, state, findings);
	if (key.path[0] != '\0')
		return key;
	if (find_in_named(&given, arena, settings))
		return install_given(arena, &given, state, backend, findings);
	list_candidates(list, arena, settings, pod, state);
	for (const struct candidate *c = list; c->directory != NULL && key.path[0] == '\0'; c++) {
		key = make_in(arena, c, pod, state, backend, &why);
		if (key.path[0] == '\0' && c[1].directory != NULL && c->lasting)
			finding_add(
			    findings, WARNING, CODE_HOST_KEY_PLACE, c->directory, "%s", why);
	}
	if (key.path[0] == '\0')
		finding_add(findings, ERROR, CODE_HOST_KEY_NONE, "host key", "%s", why);
	return key;
}
