#include "sshd/sshd_line.h"

#include "base/span.h"

#include <stdbool.h>

static const char preauth[] = " [preauth]";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex[] = "0123456789abcdefABCDEF";
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

/* ---- pieces of a line ---------------------------------------------------------------------- */

/* Into a field of the given size: cut off, printable ASCII only. sshd itself spells out the rest.
 */
static void
keep(char *field, size_t size, struct span text)
{
	size_t n = 0;

	for (; n < text.len && n < size - 1; n++) {
		unsigned char c = (unsigned char)text.data[n];

		field[n] = c < ' ' || c >= 0x7f ? '?' : (char)c;
	}
	field[n] = '\0';
}

static bool
take_word(struct span *text, const char *word)
{
	if (!span_starts(*text, word))
		return false;
	*text = span_skip(*text, strlen(word));
	return true;
}

static bool
drop_end(struct span *text, const char *end)
{
	size_t len = strlen(end);

	if (text->len < len || memcmp(text->data + text->len - len, end, len) != 0)
		return false;
	text->len -= len;
	return true;
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Where needle begins in text, for the first time or the last; text.len when it does not. */
static size_t
find(struct span text, const char *needle, bool last)
{
	size_t len = strlen(needle), at = text.len;

	for (size_t i = 0; i + len <= text.len; i++)
		if (memcmp(text.data + i, needle, len) == 0) {
			at = i;
			if (!last)
				break;
		}
	return at;
}

/* A number of at most five digits at the end of text. */
static bool
drop_number(struct span *text, unsigned *number)
{
	unsigned unit = 1;
	size_t n = 0;

	*number = 0;
	while (n < 5 && n < text->len && is_one_of(text->data[text->len - 1 - n], digits)) {
		*number += unit * (unsigned)(text->data[text->len - 1 - n] - '0');
		unit *= 10;
		n++;
	}
	text->len -= n;
	return n > 0;
}

/* An address, as far as that can be told: fe80::1%eth0 is one too. */
static bool
is_address(struct span text)
{
	bool zone = false;

	if (text.len == 0 || text.len >= LINE_ADDRESS)
		return false;
	if (span_is(text, "UNKNOWN"))
		return true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		zone = zone || c == '%';
		if (zone ? !is_one_of(c, letters) && !is_one_of(c, lower) && !is_one_of(c, digits)
		               && strchr("%-_.@", c) == NULL
		         : !is_one_of(c, hex) && c != '.' && c != ':')
			return false;
	}
	return true;
}

/* " ADDRESS port N" at the end of text, which keeps what stands before it. */
static bool
drop_peer(struct span *text, struct sshd_line *line)
{
	struct span rest = *text, address;
	size_t gap;

	if (!drop_number(&rest, &line->port) || !drop_end(&rest, " port "))
		return false;
	gap = find(rest, " ", true);
	if (gap == rest.len)
		return false;
	address = span_skip(rest, gap + 1);
	if (!is_address(address))
		return false;
	keep(line->address, sizeof(line->address), address);
	*text = span_take(rest, gap);
	return true;
}

/* "ADDRESS port N" at the beginning. */
static bool
take_peer(struct span *text, struct sshd_line *line)
{
	struct span address = span_take(*text, find(*text, " ", false)), number;

	if (!is_address(address))
		return false;
	*text = span_skip(*text, address.len);
	if (!take_word(text, " port "))
		return false;
	number = *text;
	for (number.len = 0; number.len < text->len && is_one_of(text->data[number.len], digits);)
		number.len++;
	*text = span_skip(*text, number.len);
	if (!drop_number(&number, &line->port) || number.len > 0)
		return false;
	keep(line->address, sizeof(line->address), address);
	return true;
}

/* "SHA256:" and 43 characters. */
static bool
take_fingerprint(struct span *text, char field[LINE_PRINT])
{
	enum { PREFIX = 7, LENGTH = PREFIX + 43 };
	struct span print = span_take(*text, LENGTH);

	if (print.len != LENGTH || !span_starts(print, "SHA256:"))
		return false;
	for (size_t i = PREFIX; i < LENGTH; i++)
		if (!is_one_of(print.data[i], base64))
			return false;
	keep(field, LINE_PRINT, print);
	*text = span_skip(*text, LENGTH);
	return true;
}

static bool
take_type(struct span *text, char field[LINE_TYPE])
{
	size_t n = 0;

	while (n < text->len
	       && (is_one_of(text->data[n], letters) || is_one_of(text->data[n], digits)
	           || text->data[n] == '-'))
		n++;
	if (n == 0 || n >= LINE_TYPE)
		return false;
	keep(field, LINE_TYPE, span_take(*text, n));
	*text = span_skip(*text, n);
	return take_word(text, " ");
}

/* ---- the lines ----------------------------------------------------------------------------- */

/* "for root from ADDRESS port N ssh2: TYPE FINGERPRINT[ ID id (serial 0) CA TYPE FINGERPRINT]".
 * Read from the left: sshd looks at keys only for accounts that exist and may log in, and no such
 * name holds a blank; the id at the end may be anything. */
static bool
read_key(struct span text, struct sshd_line *line)
{
	size_t gap = find(text, " from ", false);
	char unused[LINE_TYPE];

	keep(line->user, sizeof(line->user), span_take(text, gap));
	text = span_skip(text, gap);
	if (!take_word(&text, " from ") || !take_peer(&text, line) || !take_word(&text, " ssh2: "))
		return false;
	if (!take_type(&text, line->type) || !take_fingerprint(&text, line->fingerprint))
		return false;
	gap = find(text, " CA ", true);
	if (gap < text.len) {
		text = span_skip(text, gap + 4);
		(void)(take_type(&text, unused) && take_fingerprint(&text, line->authority));
	}
	return true;
}

/* "TYPE FINGERPRINT found at FILE:LINE" */
static bool
read_known_key(struct span text, struct sshd_line *line)
{
	return take_type(&text, line->type) && take_fingerprint(&text, line->fingerprint)
	       && span_starts(text, " found at ");
}

/* "USER from ADDRESS port N": the name may be anything, so from the right. */
static bool
read_user_from(struct span text, struct sshd_line *line)
{
	if (!drop_peer(&text, line) || !drop_end(&text, " from"))
		return false;
	keep(line->user, sizeof(line->user), text);
	return true;
}

/* "USER[ from ADDRESS] not allowed because WHY", of an account that exists. */
static bool
read_not_allowed(struct span text, struct sshd_line *line)
{
	static const char because[] = " not allowed because ";
	size_t at = find(text, because, false), from;
	struct span who = span_take(text, at);

	if (at == text.len)
		return false;
	from = find(who, " from ", false);
	keep(line->user, sizeof(line->user), span_take(who, from));
	keep(line->detail, sizeof(line->detail), span_skip(text, at + strlen(because)));
	return true;
}

/* "USER has expired", which the next line may call locked. */
static bool
read_expired(struct span text, struct sshd_line *line)
{
	if (!drop_end(&text, " has expired"))
		return false;
	keep(line->user, sizeof(line->user), text);
	keep(line->detail, sizeof(line->detail), span_of("the account has expired"));
	return true;
}

/* "port forward: originator ADDRESS port N, target WHERE": the client chose all of it. */
static bool
read_forward(struct span text, struct sshd_line *line)
{
	static const char target[] = ", target ";
	size_t at = find(text, target, false);

	if (at == text.len)
		return false;
	keep(line->detail, sizeof(line->detail), span_skip(text, at + strlen(target)));
	return true;
}

/* "ADDRESS port N to connect to host WHERE, but the request was denied." */
static bool
read_denied(struct span text, struct sshd_line *line)
{
	if (!take_peer(&text, line) || !take_word(&text, " to connect to host ")
	    || !drop_end(&text, ", but the request was denied."))
		return false;
	keep(line->detail, sizeof(line->detail), text);
	return true;
}

/* "[authenticating user U |invalid user U ]ADDRESS port N". Behind "user U" a login was accepted,
 * so that name is left out: only those who were not are of interest. */
static bool
read_end(struct span text, struct sshd_line *line)
{
	struct span padded;

	(void)drop_end(&text, ": Too many authentication failures");
	/* drop_peer wants a blank before the address; the one behind "by" or "from" is it. */
	padded = (struct span){ text.data - 1, text.len + 1 };
	if (!drop_peer(&padded, line))
		return false;
	text.len = padded.len > 0 ? padded.len - 1 : 0;
	if (take_word(&text, "authenticating user ") || take_word(&text, "invalid user "))
		keep(line->user, sizeof(line->user), text);
	return true;
}

static bool
read_reason(struct span text, struct sshd_line *line)
{
	static const struct {
		const char *text;
		enum reason reason;
	} plain[] = {
		{ "Certificate invalid: expired", REASON_EXPIRED },
		{ "Certificate invalid: not yet valid", REASON_TOO_EARLY },
		{ "Certificate invalid: name is not a listed principal", REASON_PRINCIPAL },
		{ "Certificate lacks principal list", REASON_PRINCIPAL },
		{ "Certificate does not contain an authorized principal", REASON_PRINCIPAL },
	};
	static const struct {
		const char *begin, *middle;
		enum reason reason;
	} others[] = {
		{ "Authentication refused: bad ownership or modes for ", "", REASON_MODES },
		{ "Authentication key ", " revoked by file ", REASON_REVOKED },
		{ "", ": Authentication tried for ", REASON_ADDRESS },
		{ "userauth_pubkey: signature algorithm ", "", REASON_ALGORITHM },
		{ "userauth_pubkey: key type ", "", REASON_ALGORITHM },
		{ "refusing RSA key: ", "", REASON_SHORT },
		{ "refusing previously-used", "", REASON_NONE },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (span_is(text, plain[i].text)) {
			line->reason = plain[i].reason;
			return true;
		}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct span rest = text;
		size_t at;

		if (!take_word(&rest, others[i].begin))
			continue;
		at = find(rest, others[i].middle, false);
		if (at == rest.len && others[i].middle[0] != '\0')
			continue;
		rest = span_skip(rest, at + strlen(others[i].middle));
		/* Only sshd's own file names stand before this one's middle. */
		if (others[i].reason == REASON_ADDRESS && !span_starts(text, "/")
		    && !span_starts(text, "cert:"))
			continue;
		if (others[i].reason == REASON_ALGORITHM)
			rest = span_take(rest, find(rest, " ", false));
		if (others[i].reason == REASON_MODES && !take_word(&rest, "file "))
			(void)take_word(&rest, "directory ");
		line->reason = others[i].reason;
		keep(line->detail, sizeof(line->detail), rest);
		return line->reason != REASON_NONE;
	}
	return false;
}

static bool
read_negotiate(struct span text, struct sshd_line *line)
{
	if (!take_peer(&text, line) || !take_word(&text, ": "))
		return false;
	keep(line->detail, sizeof(line->detail), text);
	return true;
}

struct sshd_line
sshd_line_read(const char *text)
{
	static const struct {
		const char *begin;
		bool (*read)(struct span text, struct sshd_line *line);
		enum line_kind kind;
	} shapes[] = {
		{ "Accepted publickey for ", read_key, LINE_ACCEPTED },
		{ "Failed publickey for ", read_key, LINE_FAILED_KEY },
		{ "Accepted key ", read_known_key, LINE_KNOWN_KEY },
		{ "Postponed publickey for ", read_user_from, LINE_POSTPONED },
		{ "Invalid user ", read_user_from, LINE_NO_USER },
		{ "User ", read_not_allowed, LINE_NOT_ALLOWED },
		{ "Account ", read_expired, LINE_NOT_ALLOWED },
		{ "refused local port forward: ", read_forward, LINE_FORWARD },
		{ "refused streamlocal port forward: ", read_forward, LINE_FORWARD },
		{ "Received request from ", read_denied, LINE_FORWARD },
		{ "maximum authentication attempts exceeded for invalid user ", read_user_from,
		    LINE_TOO_MANY },
		{ "maximum authentication attempts exceeded for ", read_user_from, LINE_TOO_MANY },
		{ "Unable to negotiate with ", read_negotiate, LINE_NEGOTIATE },
		{ "Connection closed by ", read_end, LINE_END },
		{ "Connection reset by ", read_end, LINE_END },
		{ "Disconnected from ", read_end, LINE_END },
		{ "Disconnecting ", read_end, LINE_END },
		{ "Timeout before authentication for ", read_end, LINE_END },
		{ "", read_reason, LINE_REASON },
	};
	struct span line = span_of(text);

	(void)drop_end(&line, preauth);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct sshd_line out = { 0 };
		struct span rest = line;

		if (!take_word(&rest, shapes[i].begin))
			continue;
		if (shapes[i].kind == LINE_TOO_MANY || shapes[i].kind == LINE_POSTPONED)
			(void)drop_end(&rest, " ssh2");
		if (!shapes[i].read(rest, &out))
			break;
		out.kind = shapes[i].kind;
		return out;
	}
	return (struct sshd_line){ 0 };
}
