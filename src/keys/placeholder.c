/*
 * What stands where a key ought to: words of templates, of programs that had nothing to put there,
 * and invitations to paste something.
 */
#include "keys/thing.h"

#include "keys/chars.h"

#include <ctype.h>

/* <...>, ${...}, $(...), {{...}}, %...%, [...]: something that a program ought to have filled in.
 */
static bool
is_template(struct span text)
{
	static const char *const pairs[][2] = { { "<", ">" }, { "${{", "}}" }, { "${", "}" },
		{ "$(", ")" }, { "{{", "}}" }, { "{%", "%}" }, { "%", "%" }, { "[", "]" },
		{ "__", "__" }, { "@@", "@@" }, { "((", "))" }, { "(", ")" }, { "{", "}" },
		{ "#{", "}" }, { "<%", "%>" }, { "%(", ")s" }, { "*", "*" } };
	static const char *const references[]
	    = { "$env:", "env.", "process.env", "secrets.", "var.", "vars.", "os.environ", "local.",
		      "params.", "inputs.", "github.", "op://", "vault:", NULL };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		size_t open = strlen(pairs[i][0]), close = strlen(pairs[i][1]);
		struct span inner;

		if (!span_starts(text, pairs[i][0]) || text.len < open + close
		    || memcmp(text.data + text.len - close, pairs[i][1], close) != 0)
			continue;
		inner = (struct span){ text.data + open, text.len - open - close };
		inner = chars_trim(inner);
		/* $(cat FILE) is a command */
		if (strcmp(pairs[i][0], "$(") == 0 && !text_is_name(inner))
			return false;
		return inner.len < 100 && memchr(inner.data, '/', inner.len) == NULL;
	}
	if (text_starts_any(text, references) && memchr(text.data, ' ', text.len) == NULL
	    && memchr(text.data, '\\', text.len) == NULL && span_find(text, "com/") == text.len)
		return true;
	return text.len > 1 && *text.data == '$' && text_is_name(span_skip(text, 1));
}

/* Nothing but quotation marks, or one mark again and again: ****, xxx, "". */
static bool
is_filler(struct span text)
{
	size_t len, first, quotes = 0;
	bool same = true;

	char_at(text, &first, NULL);
	for (size_t i = 0; i < text.len; i += first)
		same &= text.len - i >= first && memcmp(text.data + i, text.data, first) == 0;
	if (same && first > 1 && text.len > first && char_at(text, &len, NULL) == CHAR_LETTER)
		return true;
	if (same
	    && (text.len > 1 ? memchr("*xX.#-_=?0~!", *text.data, 12)
	                     : memchr("*.-_?~", *text.data, 6))
	           != NULL)
		return true;
	while (quotes < text.len
	       && (len = text.data[quotes] == '\\' ? 1 : char_quote(span_skip(text, quotes))) > 0)
		quotes += len;
	return quotes == text.len;
}

/* Words that speak of a key and say nothing else: my-key, test ssh key, :public_key. */
static bool
is_about_key(struct span text)
{
	static const char *const keys[] = { "key", "keys", "pubkey", "publickey", "sshkey", "mykey",
		"yourkey", "mypublickey", "mysshkey", NULL };
	static const char *const others[] = { "my", "your", "the", "a", "an", "user", "users",
		"some", "new", "ssh", "pub", "public", "rsa", "ed25519", "openssh", "test",
		"testing", "sample", "example", "demo", "dummy", "fake", "foo", "bar", "goes",
		"here", "add", "insert", "put", "paste", "enter", "replace", "set", "with", "value",
		"string", "text", "data", "own", "todo", "xxx", NULL };
	size_t start = 0, found = 0;

	if (text.len == 0 || text.len > 60 || text.data[text.len - 1] == ':'
	    || text_has_any(text, "./\\@"))
		return false;
	for (size_t i = 0; i <= text.len; i++) {
		struct span word = { text.data + start, i - start };
		bool known = word.len == 0, key = false;

		if (i < text.len
		    && (isalnum((unsigned char)text.data[i])
		        || (unsigned char)text.data[i] >= 0x80))
			continue;
		for (size_t k = 0; keys[k] != NULL && !known && !key; k++)
			key = span_is_nocase(word, keys[k]);
		for (size_t k = 0; others[k] != NULL && !known && !key; k++)
			known = span_is_nocase(word, others[k]);
		if (!known && !key)
			return false;
		found += key;
		start = i + 1;
	}
	return found > 0;
}

bool
text_is_placeholder(struct span text)
{
	static const char *const words[] = { "null", "none", "nil", "undefined", "true", "false",
		"n/a", "na", "nan", "-", "--", "---", "...", "todo", "tbd", "fixme", "changeme",
		"change_me", "change-me", "change me", "replaceme", "replace_me", "replace-me",
		"replace me", "example", "placeholder", "dummy", "empty", "unset", "not set",
		"notset", "not_set", "default", "string", "value", "key", "public key",
		"public_key", "public-key", "publickey", "pubkey", "pub_key", "ssh key", "ssh_key",
		"ssh-key", "sshkey", "ssh public key", "ssh_public_key", "ssh-public-key", "my key",
		"mykey", "my_key", "yes", "no", "0", "1", "on", "off", "{}", "[]", "()", "<>",
		"\"\"", "''", "``", "%s", "redacted", "hidden", "masked", "secret", "sensitive",
		"missing", "blank", "void", "xxx", "foo", "bar", "foobar", "lorem ipsum",
		"\xe2\x80\xa6", "[]", "?", "??", "???", "no key", "nokey", "no_key",
		"runpod_ssh_public_key", "ssh_pubkey", "ssh_authorized_keys", "optional",
		"required", "insert", "paste", "enter", "input", "n.a.", "none.", "null.", "error",
		NULL };

	for (size_t i = 0; words[i] != NULL; i++)
		if (span_is_nocase(text, words[i]))
			return true;
	return is_filler(text) || is_template(text) || is_about_key(text);
}

/* "paste your key here" */
bool
text_is_invitation(struct span text)
{
	static const char *const says[] = { "your-", "your_", "your ", "yourkey", "yourpublic",
		"your.", "paste ", "paste_", "paste-", "insert", "replace", "change", "goes here",
		"goes_here", "key here", "key_here", "key-here", "put your", "put_your",
		"enter your", "add your", "placeholder", "example key", "example_key",
		"example-key", "redacted", "not configured", "not provided", "enter public",
		"enter ssh", "add key", "add ssh", "todo:",
		/* yours, in other languages */
		"votre", "deinen ", "dein ", "dein-", "dein_", "ihren ", "ihr-", "ihr_", "tu clave",
		"tu_clave", "tu-clave", "sua chave", "sua_chave", "tua chiave", "la_tua_",
		"\xe4\xbd\xa0\xe7\x9a\x84", "\xe6\x82\xa8\xe7\x9a\x84",
		"\xe3\x81\x82\xe3\x81\xaa\xe3\x81\x9f", "\xd0\xb2\xd0\xb0\xd1\x88", NULL };

	return text.len < 80 && text_contains_any(text, says);
}
