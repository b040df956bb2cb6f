/*
 * What a text is that holds no key at all. People paste what they were told to have: a fingerprint,
 * a path, a token, a command and what it printed. The order matters: the surest signs come first.
 */
#include "keys/thing.h"

#include "keys/chars.h"
#include "keys/reader.h"

#include <ctype.h>

bool
text_contains_any(struct span text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_find_nocase(text, *words) < text.len)
			return true;
	return false;
}

bool
text_starts_any(struct span text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_starts_nocase(text, *words))
			return true;
	return false;
}

bool
text_has_any(struct span text, const char *characters)
{
	for (; *characters != '\0'; characters++)
		if (memchr(text.data, *characters, text.len) != NULL)
			return true;
	return false;
}

size_t
text_count(struct span text, int (*test)(int))
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += test((unsigned char)text.data[i]) != 0;
	return n;
}

/* xxxxx-xxxxx-...-xxxxx: letters in fives between an x at either end. */
static bool
is_babble(struct span word)
{
	if (word.len < 17 || word.len % 6 != 5 || word.data[0] != 'x'
	    || word.data[word.len - 1] != 'x')
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (i % 6 == 5 ? word.data[i] != '-' : !islower((unsigned char)word.data[i]))
			return false;
	return true;
}

/* aa:bb:cc:..., or the same without colons, as long as a digest is. */
static bool
is_hex_digest(struct span word)
{
	size_t digits = text_count(word, isxdigit), others = word.len - digits;

	if (digits != 32 && digits != 40 && digits != 64)
		return false;
	if (others == 0)
		return true;
	for (size_t i = 2; i < word.len; i += 3)
		if (word.data[i] != ':' && word.data[i] != '-' && word.data[i] != '.')
			return false;
	return others == digits / 2 - 1;
}

static bool
is_digest(struct reader *unused, struct arena *arena, struct span word)
{
	struct bytes bytes;

	(void)unused;
	if (is_babble(word) || is_hex_digest(word))
		return true;
	if ((word.len != 43 && word.len != 44) || base64_read(arena, word, &bytes) == BASE64_CHAR
	    || bytes.len != 32)
		return false;
	/* 44 characters of base64 may as well be the key of a WireGuard peer */
	return word.len == 43 || !blob_is_x25519(bytes);
}

static bool
is_fingerprint(struct arena *arena, struct span text)
{
	static const char *const marks[]
	    = { "SHA256:", "SHA512:", "SHA384:", "SHA1:", "SHA224:", "RIPEMD160:", "MD5:", NULL };
	static const char *const says[] = { "key fingerprint is", " SSHFP ", "fingerprint:", NULL };

	for (size_t i = 0; marks[i] != NULL; i++) {
		size_t at = span_find_nocase(text, marks[i]);
		struct span digest;

		if (at == text.len)
			continue;
		digest = span_word(span_skip_blanks(span_skip(text, at + strlen(marks[i]))));
		if (digest.len >= 4)
			return true;
	}
	if (text_contains_any(text, says))
		return true;
	for (struct span rest = text; rest.len > 0 && text.len < 400;) {
		struct span word = span_word(rest);

		if (is_digest(NULL, arena, word))
			return true;
		rest = span_skip_blanks(span_skip(rest, word.len));
	}
	return false;
}

bool
text_is_name(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!isalnum((unsigned char)text.data[i])
		    && memchr("_.-:", text.data[i], 4) == NULL)
			return false;
	return text.len > 0;
}

static bool
is_url(struct span text)
{
	static const char *const schemes[] = { "http://", "https://", "ftp://", "sftp://", "git://",
		"s3://", "gs://", "git+ssh://", "www.", "github.com/", "gitlab.com/",
		"raw.githubusercontent.com/", "api.github.com/", "gist.github.com/",
		"bitbucket.org/", "hf.co/", "data:", "http:", "https:", "git@", NULL };

	/* [my keys](https://...) of markdown */
	return text_starts_any(text, schemes) || span_find(text, "](http") < text.len;
}

static bool
is_path(struct span text)
{
	static const char *const starts[] = { "/", "~", "./", "../", "\\\\", "%userprofile%",
		"%home", "%appdata%", "$home", "${home}", "$env:userprofile", "$env:home", ".ssh/",
		".ssh\\", "file:", "@/", "@~", "</", "<~", "< ", "${userprofile}", ".\\", "..\\",
		"id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "authorized_keys", "known_hosts",
		"users/", "users\\", "home/", "root/", "etc/", "mnt/", "workspace/", NULL };
	static const char *const ends[] = { ".pub", ".pem", ".ppk", ".key", ".txt", ".crt", ".cer",
		".p12", ".pfx", ".rsa", ".ssh", ".json", NULL };
	bool drive = text.len > 2 && isalpha((unsigned char)*text.data) && text.data[1] == ':'
	             && (text.data[2] == '\\' || text.data[2] == '/');

	if (text.len > 400)
		return false;
	if ((span_find(text, "/.ssh/") < text.len || span_find(text, "\\.ssh\\") < text.len)
	    && memchr(text.data, ' ', text.len) == NULL)
		return true; /* file("~/.ssh/id_rsa.pub") */
	if (drive || (text_starts_any(text, starts) && memchr(text.data, '\n', text.len) == NULL)) {
		struct span behind = span_skip_blanks(span_skip(text, span_word(text).len));

		/* a Windows path may hold spaces */
		return drive || behind.len == 0 || memchr(behind.data, '\\', behind.len) != NULL
		       || memchr(behind.data, '/', behind.len) != NULL || behind.len < 20;
	}
	if (memchr(text.data, ' ', text.len) != NULL)
		return false;
	for (size_t i = 0; ends[i] != NULL; i++)
		if (text.len > strlen(ends[i])
		    && strncasecmp(text.data + text.len - strlen(ends[i]), ends[i], strlen(ends[i]))
		           == 0)
			return true;
	return false;
}

static bool
is_port(struct span text)
{
	return text.len > 0 && text.len < 6 && text_count(text, isdigit) == text.len;
}

static bool
is_address(struct span text)
{
	size_t dots = 0;

	for (size_t i = 0; i < text.len; i++) {
		dots += text.data[i] == '.';
		if (!isdigit((unsigned char)text.data[i]) && text.data[i] != '.')
			return false;
	}
	return dots == 3 && text.len >= 7;
}

static bool
is_connection(struct span text)
{
	static const char *const programs[]
	    = { "ssh ", "ssh.exe ", "ssh\t", "sftp ", "mosh ", "scp ", "plink ", "putty ",
		      "autossh ", "rsync ", "ssh://", "tcp://", "telnet ", "host ", "hostname ",
		      "ssh -", "jump ", "proxyjump ", "proxycommand ", "identityfile ",
		      "localforward ", "vscode://", "ssh root@", "sshpass ", "dbclient ", NULL };
	struct span word = span_word(text);
	const char *at = memchr(word.data, '@', word.len), *colon;
	struct span host = at == NULL ? word : span_skip(word, (size_t)(at - word.data) + 1);

	if (text_starts_any(text, programs))
		return true;
	if (word.len == 0)
		return false;
	colon = host.len == 0 ? NULL : memchr(host.data, ':', host.len);
	if (colon != NULL && is_port(span_skip(host, (size_t)(colon - host.data) + 1))
	    && text_is_name(span_take(host, (size_t)(colon - host.data))) && word.len == text.len)
		return true;
	if (is_address(host))
		return true;
	/* user@host -p 22, user@host:path */
	return at != NULL && at > word.data && host.len > 0
	       && (span_starts(span_skip_blanks(span_skip(text, word.len)), "-")
	           || (colon != NULL && host.len > 2));
}

static bool
is_output(struct span text)
{
	static const char *const says[] = { "no such file", "command not found",
		"permission denied", "cannot find", "is not recognized as", "could not open",
		"has no identities", "not a public key", "generating public/private",
		"connection refused", "connection timed out", "connection closed",
		"host key verification", "not found", "could not resolve", "no route to host",
		"identity added", "agent pid", "permanently added", "the authenticity of host",
		"your identification has been saved", "your public key has been saved",
		"already exists", "is a directory", "invalid option", "illegal option",
		"unknown option", "error:", "usage:", "fatal:", "warning:", "bad permissions",
		"unprotected private key", "load key", "kex_exchange", "too many authentication",
		"not recognized", "cannot access", "access is denied", "operation not permitted",
		"cannot open", "key randomart", "enter passphrase", "enter file in which",
		"overwrite (y/n)", "created directory", "error loading", "traceback (", "exception",
		"failed to", "unable to", "error response", "key's randomart",
		"last login:", "welcome to ", NULL };
	static const char *const starts[]
	    = { "total ", "-rw", "drwx", "lrwx", "ssh_auth_sock=", "saved", "done", NULL };

	return text_contains_any(text, says)
	       || (text_starts_any(text, starts) && memchr(text.data, ' ', text.len) != NULL)
	       || span_starts(text, "SSH_AUTH_SOCK=");
}

static bool
is_command(struct span text)
{
	static const char *const programs[] = { "ssh-keygen", "ssh-add", "ssh-copy-id", "ssh-agent",
		"ssh-keyscan", "ssh-import-id", "ssh-import-id-gh", "cat", "echo", "printf", "type",
		"get-content", "gc", "mkdir", "sudo", "chmod", "chown", "touch", "curl", "wget",
		"docker", "podman", "runpodctl", "kubectl", "apt", "apt-get", "yum", "dnf", "apk",
		"brew", "pip", "pip3", "npm", "git", "vim", "vi", "nano", "less", "more", "head",
		"tail", "cp", "mv", "rm", "ls", "ll", "cd", "pbcopy", "pbpaste", "clip", "clip.exe",
		"xclip", "xsel", "bash", "sh", "zsh", "python", "python3", "eval", "service",
		"systemctl", "passwd", "adduser", "useradd", "su", "exit", "source", "export",
		"set", "setx", "env", "tee", "grep", "sed", "awk", "notepad", "notepad.exe", "code",
		"powershell", "cmd", "tmux", "screen", "puttygen", "openssl", "gpg", "gh", "aws",
		"gcloud", "az", "vastai", "which", "where", "find", "cut", "base64", "/bin/bash",
		"/bin/sh", "ls", "&&", "new-item", "set-content", "add-content", "out-file", NULL };
	struct span word;

	if (text.len > 1 && *text.data == '!')
		return is_command(span_skip(text, 1)); /* a notebook */
	/* a prompt in front: $ cat, root@pod:~# cat, PS C:\> cat, > cat */
	for (size_t i = 0; i + 1 < text.len && i < 80; i++)
		if (memchr("$#>%", text.data[i], 4) != NULL && text.data[i + 1] == ' '
		    && (i == 0 || memchr("~])/ :\\$", text.data[i - 1], 8) != NULL
		        || isalnum((unsigned char)text.data[i - 1]))) {
			struct span rest = span_skip_blanks(span_skip(text, i + 1));

			if (rest.len > 0 && rest.len < text.len && is_command(rest))
				return true;
		}
	/* C:\Users\me>type ... */
	if (text.len > 4 && text.data[1] == ':' && text.data[2] == '\\') {
		const char *prompt = memchr(text.data, '>', text.len);

		if (prompt != NULL && is_command(span_skip(text, (size_t)(prompt - text.data) + 1)))
			return true;
	}
	if (span_starts(text, "$(")
	    || (text.len > 2 && *text.data == '`' && memchr(text.data, ' ', text.len) != NULL))
		return true;
	word = span_word(text);
	for (size_t i = 0; programs[i] != NULL; i++)
		if (span_is_nocase(word, programs[i]))
			/* words that begin sentences, too */
			return word.len < text.len || i < 5;
	return span_find(text, ">> ~/.ssh") < text.len || span_find(text, "| clip") < text.len
	       || span_find(text, "| pbcopy") < text.len || span_find(text, "$(cat ") < text.len;
}

static bool
is_ssh1(struct span text)
{
	struct span a, b, c;

	for (int skip = 0; skip < 2; skip++) {
		a = span_word(text);
		b = span_word(span_skip_blanks(span_skip(text, a.len)));
		c = span_word(
		    span_skip_blanks(span_skip(text, (size_t)(b.data - text.data) + b.len)));
		if (a.len >= 3 && a.len <= 5 && text_count(a, isdigit) == a.len && b.len > 0
		    && b.len < 12 && text_count(b, isdigit) == b.len && c.len > 50
		    && text_count(c, isdigit) == c.len)
			return true;
		text = span_skip_blanks(span_skip(text, a.len));
	}
	return false;
}

static bool
is_import(struct span text)
{
	static const char *const sites[] = { "lp:", "gh:", "gl:", "github:", "gitlab:",
		"launchpad:", "codeberg:", "bb:", "keybase:", NULL };

	return text_starts_any(text, sites) && memchr(text.data, ' ', text.len) == NULL
	       && text.len < 60;
}

enum code
name_thing(struct arena *arena, struct span text)
{
	static const char *const pages[]
	    = { "<!doctype", "<html", "<head", "<body", "<?xml", "<script", "<meta", "<svg", NULL };
	static const char *const pems[] = { "-----BEGIN", "---- BEGIN", NULL };

	text = chars_trim(text);
	if (text.len == 0)
		return CODE_PLACEHOLDER;
	if (span_starts_nocase(text, "PrivateKey") && memchr(text.data, '=', text.len) != NULL)
		return CODE_PRIVATE_KEY; /* WireGuard's */
	if (text_starts_any(text, pages))
		return CODE_HTML_PAGE;
	if (chars_binary(text))
		return CODE_NOT_A_KEY;
	if (text_contains_any(text, pems))
		return CODE_NOT_A_KEY;
	if (text.len > 4096)
		text.len = 4096;
	if (is_ssh1(text))
		return CODE_SSH1;
	if (text_is_placeholder(text))
		return CODE_PLACEHOLDER;
	if (is_output(text) && !is_url(text))
		return CODE_COMMAND_OUTPUT;
	if (is_command(text))
		return CODE_COMMAND;
	if (text_is_invitation(text))
		return CODE_PLACEHOLDER;
	if (is_fingerprint(arena, text))
		return CODE_FINGERPRINT;
	if (is_import(text))
		return CODE_IMPORT_ID;
	if (is_url(text))
		return CODE_URL;
	if (is_connection(text))
		return CODE_CONNECTION_STRING;
	if (is_path(text))
		return CODE_PATH;
	if (secret_token(text))
		return CODE_TOKEN;
	if (secret_password(text))
		return CODE_PASSWORD;
	return CODE_NOT_A_KEY;
}
