#include "sshd/hostkey.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/run.h"
#include "keys/paste.h"
#include "sshd/embedded.h"
#include "sshd/hostcert.h"
#include "sshd/hostkey_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_LIMIT = 64 * 1024, KEYGEN_MS = 20000 };

static const char key_name[] = "ssh_host_ed25519_key";
static const char certificate_name[] = "ssh_host_ed25519_key-cert.pub";
/* The directory, in the state directory, of a key that was given. */
static const char given_name[] = "given";
/* And that in which a new one is made. */
static const char making_name[] = "making";
/* A new one's name until it is known that the place keeps it safe. */
static const char trial_name[] = ".new";

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
	return (struct hostkey){
		.path = "", .kept = "", .certificate = "", .public_line = "", .fingerprint = ""
	};
}

static struct hostkey
look_in(struct arena *arena, const struct hostkey_place *place)
{
	struct hostkey key = no_key();
	const char *path = arena_printf(arena, "%s/%s", place->directory, key_name);
	const char *certificate = arena_printf(arena, "%s-cert.pub", path);
	struct span text;

	if (!is_usable(path))
		return key;
	if (file_read(arena, AT_FDCWD, arena_printf(arena, "%s.pub", path), KEY_LIMIT, &text) < 0
	    || !read_public(&key, arena, text))
		return key;
	key.path = path;
	key.lasting = place->lasting;
	if (access(certificate, R_OK) == 0)
		key.certificate = certificate;
	return key;
}

/* The text of the private key in a place where it cannot be left to sshd to read. A named directory
 * may be a mounted Secret, which is made of links, and its files may be read by others. */
static bool
read_key(struct arena *arena, const struct hostkey_place *place, bool named, struct span *text)
{
	const char *why;
	struct stat status;
	int directory, fd = -1;
	bool read = false;

	if (named && place->directory[0] == '/')
		return file_read(arena, AT_FDCWD,
		           arena_printf(arena, "%s/%s", place->directory, key_name), KEY_LIMIT,
		           text)
		       == 0;
	directory = hostkey_place_open(place, false, arena, &why);
	if (directory >= 0)
		fd = openat(
		    directory, key_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &status) == 0 && is_private(&status))
		read = file_drain(arena, fd, (size_t)status.st_size, KEY_LIMIT, text) == 0;
	if (fd >= 0)
		close(fd);
	if (directory >= 0)
		close(directory);
	return read;
}

/* A private key of which sshd is to read a copy, in the state directory. */
struct source {
	struct span key;                           /* data NULL: there is none */
	const char *certificate;                   /* a text or a path, "" for none */
	const char *key_where, *certificate_where; /* for the findings */
	const char *kept; /* the directory that it came from, "" where a setting gave it */
	bool lasting;
};

static struct source
source_of(struct arena *arena, const struct hostkey_place *place, struct span key)
{
	const char *path = arena_printf(arena, "%s/%s", place->directory, key_name);
	const char *certificate = arena_printf(arena, "%s-cert.pub", path);

	return (struct source){ .key = key,
		.certificate = access(certificate, R_OK) == 0 ? certificate : "",
		.key_where = path,
		.certificate_where = certificate,
		.kept = place->directory,
		.lasting = place->lasting };
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

/* The copy that is there; of this source, where that can be read. */
static struct hostkey
look_for_copy(struct arena *arena, const struct source *source, const struct state *state)
{
	const struct hostkey_place given = hostkey_place_whole(
	    arena_printf(arena, "%s/%s", state->path, given_name), source->lasting);
	struct hostkey key = look_in(arena, &given);
	struct span copy;

	key.kept = source->kept;
	if (key.path[0] == '\0' || source->key.data == NULL)
		return key;
	if (file_read_own(arena, AT_FDCWD, key.path, KEY_LIMIT, &copy) < 0
	    || copy.len != source->key.len || memcmp(copy.data, source->key.data, copy.len) != 0)
		return no_key();
	return key;
}

/* The key that is to be used, or what it is to be a copy of. Neither: there is none yet. */
static struct hostkey
find(struct arena *arena, const struct settings *settings, const char *pod,
    const struct state *state, struct source *source)
{
	const bool named = !settings_is(settings, SET_HOST_KEYS, "auto");
	struct hostkey_place list[HOSTKEY_PLACES + 1];
	struct hostkey key = no_key();
	struct span text;

	*source = (struct source){ .certificate = "", .kept = "" };
	hostkey_places(list, arena, settings, pod, state);
	for (const struct hostkey_place *c = list; c->directory != NULL; c++) {
		if (hostkey_place_sheltered(arena, c->directory, state))
			key = look_in(arena, c);
		if (key.path[0] != '\0')
			break;
		if (read_key(arena, c, named, &text)) {
			*source = source_of(arena, c, text);
			break;
		}
	}
	return key;
}

/* The same where a setting gives the key. */
static struct source
given_source(struct arena *arena, const struct settings *settings)
{
	struct source source = { .certificate = settings_text(settings, SET_HOST_CERT),
		.key_where = settings_where(settings, SET_HOST_KEY),
		.certificate_where = settings_where(settings, SET_HOST_CERT),
		.kept = "",
		.lasting = true };

	if (text_or_file(arena, settings_text(settings, SET_HOST_KEY), &source.key) < 0)
		source.key = (struct span){ NULL, 0 };
	return source;
}

/* fingerprint: of the key, "" where that is not known yet. */
static void
check_certificate(struct arena *arena, const struct source *source, const char *fingerprint,
    struct findings *findings)
{
	const char *wrong;
	struct span text;

	if (source->certificate[0] == '\0')
		return;
	wrong = text_or_file(arena, source->certificate, &text) < 0
	            ? strerror(errno)
	            : hostcert_wrong(arena, text, fingerprint);
	if (wrong[0] != '\0')
		finding_add(
		    findings, ERROR, CODE_HOST_CERT, source->certificate_where, "%s", wrong);
}

static bool
is_given(const struct settings *settings)
{
	return settings_text(settings, SET_HOST_KEY)[0] != '\0';
}

struct hostkey
hostkey_look(struct arena *arena, const struct settings *settings, const char *pod,
    const struct state *state, struct findings *findings)
{
	struct source source;
	struct hostkey key = no_key();
	const bool given = is_given(settings);

	if (given)
		source = given_source(arena, settings);
	else
		key = find(arena, settings, pod, state, &source);
	/* A named directory's copy stays in use when the directory is gone. */
	if (key.path[0] == '\0'
	    && (given || source.key.data != NULL || !settings_is(settings, SET_HOST_KEYS, "auto")))
		key = look_for_copy(arena, &source, state);
	if (given)
		check_certificate(arena, &source, key.fingerprint, findings);
	else if (settings_text(settings, SET_HOST_CERT)[0] != '\0')
		finding_add(findings, ERROR, CODE_HOST_CERT,
		    settings_where(settings, SET_HOST_CERT), "there is no host-key beside it");
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

/* Puts the key (and the certificate) into the state directory, where its mode can be what sshd
 * demands, and has ssh-keygen tell its public half. */
static struct hostkey
install(struct arena *arena, const struct source *source, const struct state *state,
    const struct backend *backend, struct findings *findings)
{
	const char *path = arena_printf(arena, "%s/%s/%s", state->path, given_name, key_name);
	const char *const argv[] = { "ssh-keygen", "-y", "-P", "", "-f", path, NULL };
	struct span text = { 0 }, output = { 0 };
	struct hostkey key;
	int fd = state->fd >= 0 ? dir_open(state->fd, given_name, 0700, NULL) : -1;
	int status = -1;

	if (fd >= 0)
		(void)unlinkat(fd, certificate_name, 0);
	if (fd >= 0 && file_replace(fd, key_name, source->key, 0600, NULL, false) == 0)
		status = keygen(arena, backend, argv, &output);
	if (status == 0)
		status = file_replace(fd, "ssh_host_ed25519_key.pub", output, 0644, NULL, false);
	else if (status > 0)
		errno = EINVAL;
	if (status != 0)
		finding_add(findings, ERROR, CODE_HOST_KEY_GIVEN, source->key_where, "%s",
		    errno == EINVAL ? "not an unencrypted private key" : strerror(errno));
	/* One that cannot be read was named by who looked. */
	if (status == 0 && source->certificate[0] != '\0'
	    && text_or_file(arena, source->certificate, &text) == 0
	    && file_replace(fd, certificate_name, text, 0644, NULL, false) < 0)
		finding_add(findings, ERROR, CODE_HOST_CERT, source->certificate_where, "%s",
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	if (status != 0)
		return no_key();
	key = look_for_copy(arena, source, state);
	/* The rest of what may be wrong was seen without the key. */
	if (key.certificate[0] != '\0' && hostcert_wrong(arena, text, "")[0] == '\0')
		check_certificate(arena, source, key.fingerprint, findings);
	return key;
}

struct making {
	const char *pod;
	const struct state *state;
	const struct backend *backend;
	struct findings *findings;
	const char *why; /* it could not be made */
};

static struct hostkey
make_in(struct arena *arena, const struct hostkey_place *in, struct making *making)
{
	int directory = in->below[0] == NULL ? make_directories(arena, in->directory, 0700)
	                                     : hostkey_place_open(in, true, arena, &making->why);
	struct hostkey key = no_key();
	struct source source;
	struct span text;

	if (directory < 0) {
		if (in->below[0] == NULL)
			making->why = strerror(errno);
		return key;
	}
	making->why = generate(arena, making->backend, making->state, directory, making->pod);
	close(directory);
	if (making->why != NULL)
		return key;
	if (hostkey_place_sheltered(arena, in->directory, making->state)) {
		key = look_in(arena, in);
	} else if (read_key(arena, in, false, &text)) {
		source = source_of(arena, in, text);
		key = install(arena, &source, making->state, making->backend, making->findings);
	}
	key.is_new = true;
	return key;
}

struct hostkey
hostkey_make(struct arena *arena, const struct settings *settings, const char *pod,
    const struct state *state, const struct backend *backend, struct findings *findings)
{
	const bool named = !settings_is(settings, SET_HOST_KEYS, "auto");
	struct findings unheard = findings_new(arena);
	struct making making = { pod, state, backend, findings, "there is no place for it" };
	struct hostkey_place list[HOSTKEY_PLACES + 1];
	struct hostkey key = no_key();
	struct source source;

	if (is_given(settings)) {
		source = given_source(arena, settings);
		if (source.key.data != NULL)
			return install(arena, &source, state, backend, findings);
		finding_add(
		    findings, ERROR, CODE_HOST_KEY_GIVEN, source.key_where, "%s", strerror(errno));
		return key;
	}
	key = find(arena, settings, pod, state, &source);
	if (key.path[0] != '\0')
		return key;
	if (source.key.data != NULL)
		key = install(arena, &source, state, backend, named ? findings : &unheard);
	/* Of a named one that cannot be used it was said; one of our own is made anew. */
	if (key.path[0] != '\0' || (source.key.data != NULL && named))
		return key;
	hostkey_places(list, arena, settings, pod, state);
	for (const struct hostkey_place *c = list; c->directory != NULL && key.path[0] == '\0';
	     c++) {
		key = make_in(arena, c, &making);
		if (key.path[0] == '\0' && c[1].directory != NULL && c->lasting)
			finding_add(
			    findings, WARNING, CODE_HOST_KEY_PLACE, c->directory, "%s", making.why);
	}
	if (key.path[0] == '\0')
		finding_add(findings, ERROR, CODE_HOST_KEY_NONE, "host key", "%s", making.why);
	return key;
}

void
hostkey_flush(struct arena *arena, const struct hostkey *key)
{
	const char *path
	    = key->kept[0] == '\0' ? key->path : arena_printf(arena, "%s/%s", key->kept, key_name);
	int fd = key->is_new ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}
