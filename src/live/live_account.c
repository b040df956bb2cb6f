#include "live/live.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
live_account(struct looks *looks, const struct login *login)
{
	static const enum code codes[]
	    = { CODE_ACCOUNT_SYNTHETIC, CODE_ACCOUNT_LOCKED, CODE_ACCOUNT_EXPIRED, CODE_NOLOGIN,
		      CODE_HOME_MISSING, CODE_SHELL_MISSING, CODE_SHELL_REFUSES };
	const struct account *a = login->account;
	struct look *look = look_add(looks, arena_printf(looks->arena, "account %s", a->name),
	    "uid %u, gid %u, home %s%s, shell %s%s%s", (unsigned)a->uid, (unsigned)a->gid, a->home,
	    a->home_exists ? "" : " (missing)", a->shell, a->shell_works ? "" : " (missing)",
	    a->locked ? ", password locked" : "");

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		look_covers(looks, look, codes[i], a->name);
}

/* ---- the paths, as StrictModes sees them --------------------------------------------------- */

static const char *
owner_name(struct arena *arena, const struct account *account, uid_t uid)
{
	if (uid == account->uid)
		return account->name;
	return uid == 0 ? "root" : arena_printf(arena, "user id %u", (unsigned)uid);
}

static const char *
kind_name(mode_t mode)
{
	return S_ISDIR(mode)   ? "directory"
	       : S_ISREG(mode) ? "file"
	       : S_ISLNK(mode) ? "symbolic link"
	                       : "neither file nor directory";
}

/* In force: the sshd that runs reads this very path. Then a wrong mode keeps people out now;
 * otherwise it only decides where a start puts the keys. */
static struct look *
look_at_path(struct looks *looks, const struct account *account, const char *path,
    const struct path_facts *facts, bool in_force)
{
	struct finding *finding;
	struct look *look;
	bool foreign;

	if (facts->error != 0)
		return look_add(looks, path, "%s",
		    facts->error == ENOENT ? "not there yet" : strerror(facts->error));
	look = look_add(looks, path, "%s, mode %04o, owner %s", kind_name(facts->mode),
	    (unsigned)facts->mode & 07777, owner_name(looks->arena, account, facts->uid));
	foreign = facts->uid != account->uid && facts->uid != 0;
	if (!in_force || ((facts->mode & 022) == 0 && !foreign))
		return look;
	/* Debian's sshd takes a group's right to write where the group is the user's alone. */
	finding = look_complain(looks, look, foreign || (facts->mode & 002) != 0 ? ERROR : WARNING,
	    CODE_PATH_MODES, NULL);
	if (foreign)
		finding_fix(&looks->live, finding, "chown %s %s && chmod go-w %s", account->name,
		    shell_word(looks->arena, path), shell_word(looks->arena, path));
	else
		finding_fix(&looks->live, finding, "chmod go-w %s", shell_word(looks->arena, path));
	return look;
}

/* The file that sshd reads: somebody may have deleted it, or written another over it. */
static void
look_for_keys(struct looks *looks, struct look *look, const struct login *login)
{
	const struct keyfile_text *text = &login->keyfile.apart;
	struct buf gone = buf_new(looks->arena);

	if (text->wrong != NULL || login->entries == NULL)
		return;
	for (const struct entry *e = login->entries->first; e != NULL; e = e->next)
		if (e->key != NULL && !entries_have(&text->from, e->key->fingerprint)
		    && !entries_have(&text->outside, e->key->fingerprint)
		    && !entries_have(&text->added, e->key->fingerprint)
		    && !keyfile_is_removed(text, e->key->fingerprint))
			buf_printf(&gone, "%s%s %s", gone.len > 0 ? ", " : "", e->key->fingerprint,
			    e->key->comment);
	if (gone.len > 0)
		(void)look_complain(looks, look, ERROR, CODE_KEYS_GONE, "%s", gone.data);
}

void
live_paths(struct looks *looks, const struct login *login)
{
	const struct account *account = login->account;
	const struct keyfile *file = &login->keyfile;
	const char *home = strcmp(account->home, "/") == 0 ? "" : account->home;
	bool in_force
	    = looks->running && strstr(live_config(looks), "\nAuthorizedKeysFile .ssh/") != NULL;
	struct look *look;

	look_at_path(looks, account, account->home, &file->home, in_force);
	look = look_at_path(
	    looks, account, arena_printf(looks->arena, "%s/.ssh", home), &file->ssh, in_force);
	look_covers(looks, look, CODE_HOME_UNFIT, account->name);
	look = look_at_path(looks, account,
	    arena_printf(looks->arena, "%s/.ssh/authorized_keys", home), &file->file, in_force);
	look_covers(looks, look, CODE_MARKERS, file->path);
	look_covers(looks, look, CODE_KEY_OUTSIDE, file->path);
	if (in_force && looks->ports != NULL
	    && (file->file.error == 0 || file->file.error == ENOENT))
		look_for_keys(looks, look, login);
	if (looks->running && !in_force && looks->ports != NULL)
		look_add(looks, arena_printf(looks->arena, "keys of %s", account->name),
		    "sshd reads them from %s/keys/%s", looks->plan->state.path, account->name);
}
