#include "keys/identity.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/run.h"
#include "keys/chars.h"
#include "keys/fingerprint.h"
#include "keys/key.h"
#include "keys/paste.h"
#include "keys/private.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MOST = 256 * 1024, KEYGEN_MS = 10000, KEYGEN_REFUSES = 255, SHOWN = 8 };

struct look {
	struct arena *arena;
	struct findings *findings;
	const struct identity_question *question;
	struct identity identity;
};

static struct finding *
fault(struct look *look, enum code code, const char *detail)
{
	look->identity.usable = false;
	if (detail == NULL)
		return finding_add(look->findings, ERROR, code, look->identity.path, NULL);
	return finding_add(look->findings, ERROR, code, look->identity.path, "%s", detail);
}

/* What ssh-add -l writes in its brackets. */
static const char *
short_type(const char *type)
{
	if (strncmp(type, "sk-ssh-ed25519", 14) == 0)
		return "ED25519-SK";
	if (strncmp(type, "sk-ecdsa", 8) == 0 || strncmp(type, "webauthn-sk", 11) == 0)
		return "ECDSA-SK";
	if (strncmp(type, "ecdsa", 5) == 0)
		return "ECDSA";
	if (strcmp(type, "ssh-ed25519") == 0)
		return "ED25519";
	return strcmp(type, "ssh-dss") == 0 ? "DSA" : "RSA";
}

char *
identity_listing(struct arena *arena, unsigned bits, const char *fingerprint, const char *comment,
    const char *type)
{
	return arena_printf(arena, "%u %s %s (%s)", bits, fingerprint,
	    *comment == '\0' ? "no comment" : comment, short_type(type));
}

/* C:\Users\me\key or C:/Users/me/key, what a shell leaves of the first (C:Usersmekey), and whatever
 * else has backslashes: %USERPROFILE%\.ssh\key. */
static bool
is_windows_path(const char *path)
{
	return (isalpha((unsigned char)path[0]) && path[1] == ':' && path[2] != '\0')
	       || strchr(path, '\\') != NULL;
}

/* A path as it stands in a command to paste. */
static const char *
shell_path(struct look *look, const char *path)
{
	const char *shown = chars_show(look->arena, span_of(path), 300);

	return shell_word(
	    look->arena, shown[0] == '-' ? arena_printf(look->arena, "./%s", shown) : shown);
}

/* The path under WSL, where there is one. */
static void
report_windows_path(struct look *look, const char *path)
{
	struct finding *finding = fault(look, CODE_IDENTITY_WINDOWS_PATH, NULL);
	char *slashes = arena_strdup(look->arena, path[1] == ':' ? path + 2 : "");
	struct stat st;

	for (char *p = slashes; *p != '\0'; p++)
		if (*p == '\\')
			*p = '/';
	if (path[1] == ':' && *slashes == '/' && stat("/mnt/c", &st) == 0)
		finding_fix(look->findings, finding, "here the same file is %s",
		    shell_path(look, arena_printf(look->arena, "/mnt/%c%s",
		                         tolower((unsigned char)path[0]), slashes)));
}

/* "~/.ssh/id" where a quoted ~ came through, "" where the path needs nothing. */
static const char *
open_tilde(struct look *look, const char *path)
{
	const char *home = look->question->home;

	if (path[0] == '~' && path[1] == '/' && home != NULL)
		return arena_printf(look->arena, "%s%s", home, path + 1);
	return path;
}

/* ssh refuses a key that group or others may read, where the file is the user's own. */
static void
check_modes(struct look *look, const struct stat *st)
{
	struct finding *finding;
	const char *shown = shell_path(look, look->identity.path);

	if (st->st_uid != getuid() || (st->st_mode & 077) == 0)
		return;
	finding = fault(look, CODE_IDENTITY_MODES,
	    arena_printf(look->arena, "mode %04o", (unsigned)st->st_mode & 07777));
	if (strncmp(look->identity.path, "/mnt/", 5) == 0)
		finding_fix(look->findings, finding,
		    "a Windows drive keeps no modes: cp %s ~/.ssh/ and chmod 600 the copy", shown);
	else
		finding_fix(look->findings, finding, "chmod 600 %s", shown);
}

/* The one public key in text. */
static const struct entry *
read_public(struct look *look, struct span text)
{
	struct entries entries = entries_new(look->arena);
	struct paste_rules rules = { .repair = true, .now = look->question->now };

	paste_read(&entries, "public", text, &rules);
	for (const struct entry *entry = entries.first; entry != NULL; entry = entry->next)
		if (entry->key != NULL)
			return entry;
	return entries.first;
}

static void
take_public(struct look *look, struct bytes blob)
{
	struct blob facts;
	char *text;

	if (blob.len == 0 || blob_read(blob, &facts) == BLOB_UNKNOWN)
		return;
	text = base64_write(look->arena, blob);
	look->identity.type = facts.type->name;
	look->identity.bits = facts.bits;
	look->identity.fingerprint = fingerprint_sha256(look->arena, blob);
	look->identity.md5 = fingerprint_md5(look->arena, blob);
	look->identity.line = arena_printf(look->arena, "%s %s", facts.type->name, text);
}

static void
take_blob_of(struct look *look, const struct key *key)
{
	struct bytes blob;

	if (base64_read(look->arena, span_of(key->blob), &blob) == BASE64_OK)
		take_public(look, blob);
}

/* Lets ssh-keygen read a key without a passphrase, which would be asked for otherwise: it knows the
 * public half of a PEM key, and whether all of the private one is there. */
static void
ask_keygen(struct look *look)
{
	const char *program = look->question->ssh_keygen;
	const char *argv[] = { "ssh-keygen", "-y", "-P", "", "-f", look->identity.path, NULL };
	const char *environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	struct span output;
	const struct entry *entry;
	int status;

	if (program == NULL)
		return;
	status = run_collect(look->arena, program, argv, environment, KEYGEN_MS, &output);
	if (status == KEYGEN_REFUSES) {
		struct span why = span_take(output, span_find(output, "\n"));
		size_t name = span_find(why, "\": ");

		fault(look, CODE_IDENTITY_DAMAGED,
		    arena_printf(look->arena, "ssh says: %s",
		        chars_show(
		            look->arena, span_skip(why, name < why.len ? name + 3 : 0), 200)));
	}
	if (status != 0 || *look->identity.fingerprint != '\0')
		return;
	entry = read_public(look, output);
	if (entry != NULL && entry->key != NULL)
		take_blob_of(look, entry->key);
}

/* What stands at the path is no private key: what then? */
static void
report_other(struct look *look, struct span text)
{
	const struct entry *entry = read_public(look, text);
	const char *path = look->identity.path;
	size_t len = strlen(path);
	struct finding *finding;

	if (text.len == 0) {
		fault(look, CODE_IDENTITY_NO_KEY, "the file is empty");
		return;
	}
	if (entry->key == NULL && entry->code != CODE_CERTIFICATE) {
		fault(look, CODE_IDENTITY_NO_KEY, entry->message);
		return;
	}
	finding = fault(look, CODE_IDENTITY_PUBLIC, NULL);
	if (entry->key != NULL) {
		take_blob_of(look, entry->key);
		look->identity.comment = entry->comment;
	}
	if (len > 4 && strcmp(path + len - 4, ".pub") == 0)
		finding_fix(look->findings, finding, "give the file without .pub: %s",
		    shell_path(look, arena_strndup(look->arena, path, len - 4)));
}

/* ssh offers what the .pub says and then signs with the private key: where the two are of different
 * pairs, the server refuses. */
static void
check_beside(struct look *look)
{
	const char *beside = arena_printf(look->arena, "%s.pub", look->identity.path);
	struct identity *identity = &look->identity;
	const struct entry *entry;
	struct finding *finding;
	struct span text;

	if (file_read(look->arena, AT_FDCWD, beside, FILE_MOST, &text) != 0)
		return;
	entry = read_public(look, text);
	if (entry == NULL || entry->key == NULL) {
		finding = finding_add(look->findings, WARNING, CODE_IDENTITY_PUB_FILE, beside, "%s",
		    entry == NULL ? "it is empty" : entry->message);
		finding_fix(look->findings, finding, "ssh-keygen -y -f %s > %s",
		    shell_path(look, identity->path), shell_path(look, beside));
		return;
	}
	if (*identity->fingerprint == '\0') {
		/* an encrypted PEM key: the best that can be known without its passphrase */
		take_blob_of(look, entry->key);
		identity->comment = entry->comment;
		finding_add(look->findings, NOTE, CODE_IDENTITY_HIDDEN, identity->path,
		    "taken from %s", beside);
		return;
	}
	if (strcmp(entry->fingerprint, identity->fingerprint) == 0) {
		identity->comment = entry->comment;
		return;
	}
	finding = fault(look, CODE_IDENTITY_MISMATCH,
	    arena_printf(look->arena, "the private key is %s, the .pub is %s",
	        identity_listing(
	            look->arena, identity->bits, identity->fingerprint, "", identity->type),
	        identity_listing(
	            look->arena, entry->bits, entry->fingerprint, entry->comment, entry->type)));
	finding_fix(look->findings, finding, "ssh-keygen -y -f %s > %s",
	    shell_path(look, identity->path), shell_path(look, beside));
}

static void
check_authorized(struct look *look)
{
	const struct entries *authorized = look->question->authorized;
	struct identity *identity = &look->identity;
	struct buf list = buf_new(look->arena);
	size_t count = 0;
	struct finding *finding;

	if (authorized == NULL || *identity->fingerprint == '\0')
		return;
	for (const struct entry *entry = authorized->first; entry != NULL; entry = entry->next) {
		if (entry->key == NULL)
			continue;
		if (strcmp(entry->fingerprint, identity->fingerprint) == 0) {
			identity->authorized = true;
			return;
		}
		if (count++ < SHOWN)
			buf_printf(&list, "%s%s", count > 1 ? "; " : "",
			    identity_listing(look->arena, entry->bits, entry->fingerprint,
			        entry->comment, entry->type));
	}
	finding = fault(look, CODE_IDENTITY_NOT_AUTHORIZED,
	    arena_printf(look->arena, "it is %s; authorised: %s%s",
	        identity_listing(look->arena, identity->bits, identity->fingerprint,
	            identity->comment, identity->type),
	        count == 0 ? "none" : list.data, count > SHOWN ? "; and more" : ""));
	finding_fix(look->findings, finding, "%s", identity->line);
}

/* A key that ssh does not read, for its lines are not as they were written. */
static void
report_odd(struct look *look, const struct private_key *key)
{
	struct finding *finding = fault(look, CODE_IDENTITY_DAMAGED, key->odd);
	const char *path = shell_path(look, look->identity.path);

	if (key->mendable)
		finding_fix(look->findings, finding,
		    "sed -i 's|^[^-A-Za-z0-9+/=]*||; s|[ \\t\\r]*$||' %s && echo >> %s", path,
		    path);
}

/* Reads the file and says what kind of key it is; false where it is none that ssh can use. */
static bool
read_private(struct look *look, struct span text)
{
	struct private_key key = private_read(look->arena, text);

	look->identity.encrypted = key.encrypted;
	take_public(look, key.public);
	switch (key.format) {
	case PRIVATE_NONE:
		report_other(look, text);
		return false;
	case PRIVATE_PPK:
		finding_fix(look->findings, fault(look, CODE_IDENTITY_PPK, NULL),
		    "puttygen %s -O private-openssh -o %s, or in PuTTYgen: Conversions, Export "
		    "OpenSSH key; then give the new file",
		    shell_path(look, look->identity.path),
		    shell_path(look, arena_printf(look->arena, "%s.openssh", look->identity.path)));
		return false;
	case PRIVATE_OPENSSH:
		if (key.public.len == 0) {
			fault(look, CODE_IDENTITY_DAMAGED, NULL);
			return false;
		}
		if (*key.odd != '\0')
			report_odd(look, &key);
		return true;
	case PRIVATE_PEM:
	default:
		return true;
	}
}

/* Stands there anything that ssh could read? */
static bool
find_file(struct look *look, struct stat *st)
{
	const char *path = look->question->path;

	look->identity.path = open_tilde(look, path);
	if (stat(look->identity.path, st) != 0) {
		if (is_windows_path(path))
			report_windows_path(look, path);
		else if (errno == EACCES)
			fault(look, CODE_IDENTITY_UNREADABLE, NULL);
		else
			fault(look, CODE_IDENTITY_MISSING, NULL);
		return false;
	}
	if (S_ISDIR(st->st_mode)) {
		fault(look, CODE_IDENTITY_DIRECTORY, NULL);
		return false;
	}
	if (!S_ISREG(st->st_mode)) {
		fault(look, CODE_IDENTITY_NO_KEY, "it is no regular file");
		return false;
	}
	return true;
}

struct identity
identity_check(
    struct arena *arena, struct findings *findings, const struct identity_question *question)
{
	struct look look = { .arena = arena,
		.findings = findings,
		.question = question,
		.identity = { .path = question->path,
		    .type = "",
		    .fingerprint = "",
		    .md5 = "",
		    .comment = "",
		    .line = "",
		    .usable = true } };
	struct span text;
	struct stat st;

	if (!find_file(&look, &st))
		return look.identity;
	if (file_read(arena, AT_FDCWD, look.identity.path, FILE_MOST, &text) != 0) {
		if (errno == EFBIG)
			fault(&look, CODE_IDENTITY_NO_KEY, "it is far too large for a key");
		else
			fault(&look, CODE_IDENTITY_UNREADABLE, NULL);
		return look.identity;
	}
	if (read_private(&look, text)) {
		check_modes(&look, &st);
		/* It would only complain of the modes again. */
		if (look.identity.usable && !look.identity.encrypted)
			ask_keygen(&look);
		check_beside(&look);
		if (*look.identity.fingerprint == '\0')
			finding_add(findings, NOTE, CODE_IDENTITY_HIDDEN, look.identity.path, NULL);
		else if (*look.identity.comment != '\0')
			look.identity.line = arena_printf(arena, "%s %s", look.identity.line,
			    chars_show(arena, span_of(look.identity.comment), 200));
	}
	check_authorized(&look);
	return look.identity;
}
