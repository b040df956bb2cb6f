#include "keys/certificate.h"

#include "base/buf.h"
#include "keys/fingerprint.h"

#include <string.h>

enum { HOST_CERTIFICATE = 2, LIST_MOST = 256, MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Behind the key's own fields; see the table in blob.c. */
static const char tail[] = "84ss88sssss";

/* ---- reading ------------------------------------------------------------------------------- */

static bool
take_number(struct bytes *bytes, size_t n, uint64_t *number)
{
	if (bytes->len < n)
		return false;
	*number = 0;
	for (size_t i = 0; i < n; i++)
		*number = *number << 8 | bytes->data[i];
	*bytes = (struct bytes){ bytes->data + n, bytes->len - n };
	return true;
}

static const char *
plain(struct arena *arena, struct bytes bytes)
{
	char *text = arena_strndup(arena, (const char *)bytes.data, bytes.len);

	for (size_t i = 0; i < bytes.len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	return text;
}

/* A list of strings, or, with values, of names with data: a string within a string. */
static const char **
read_list(struct arena *arena, struct bytes bytes, bool values)
{
	const char **list = arena_alloc(arena, LIST_MOST + 1, sizeof(*list));
	struct bytes name, data, value;
	size_t n = 0;

	while (n < LIST_MOST && wire_string(&bytes, &name)) {
		list[n] = plain(arena, name);
		if (values && !wire_string(&bytes, &data))
			break;
		if (values && wire_string(&data, &value))
			list[n] = arena_printf(arena, "%s=%s", list[n], plain(arena, value));
		n++;
	}
	list[n] = NULL;
	return list;
}

/* The fingerprint is that of the key alone: its type without the certificate's ending, and its own
 * fields. */
static const char *
plain_fingerprint(struct arena *arena, const char *type, struct bytes fields)
{
	static const char ending[] = "-cert-v01@openssh.com";
	size_t len = strlen(type) - strlen(ending);
	bool vendor = strncmp(type, "sk-", 3) == 0 || strncmp(type, "ssh-mldsa", 9) == 0;
	const char *name
	    = arena_printf(arena, "%.*s%s", (int)len, type, vendor ? "@openssh.com" : "");
	struct buf blob = buf_new(arena);

	for (int shift = 24; shift >= 0; shift -= 8)
		buf_putc(&blob, (char)(strlen(name) >> shift & 0xff));
	buf_puts(&blob, name);
	buf_add(&blob, fields.data, fields.len);
	return fingerprint_sha256(arena, (struct bytes){ (const uint8_t *)blob.data, blob.len });
}

static bool
read_blob(struct arena *arena, struct bytes bytes, struct cert *cert)
{
	struct blob blob;
	struct bytes rest = bytes, name, nonce, skipped, identity, principals, options, extensions,
	             authority;
	const uint8_t *key;
	uint64_t kind;
	size_t fields;

	if (blob_read(bytes, &blob) != BLOB_OK || !blob.type->certificate)
		return false;
	fields = strlen(blob.type->fields) - 1 - strlen(tail);
	if (!wire_string(&rest, &name) || !wire_string(&rest, &nonce))
		return false;
	key = rest.data;
	for (size_t i = 0; i < fields; i++)
		if (!wire_string(&rest, &skipped))
			return false;
	*cert = (struct cert){ .type = blob.type->name };
	cert->fingerprint = plain_fingerprint(
	    arena, cert->type, (struct bytes){ key, (size_t)(rest.data - key) });
	if (!take_number(&rest, 8, &cert->serial) || !take_number(&rest, 4, &kind)
	    || !wire_string(&rest, &identity) || !wire_string(&rest, &principals)
	    || !take_number(&rest, 8, &cert->after) || !take_number(&rest, 8, &cert->before)
	    || !wire_string(&rest, &options) || !wire_string(&rest, &extensions)
	    || !wire_string(&rest, &skipped) || !wire_string(&rest, &authority))
		return false;
	cert->host = kind == HOST_CERTIFICATE;
	cert->identity = plain(arena, identity);
	cert->principals = read_list(arena, principals, false);
	cert->options = read_list(arena, options, true);
	cert->extensions = read_list(arena, extensions, true);
	cert->authority = fingerprint_sha256(arena, authority);
	return true;
}

static struct span
next_word(struct span *line)
{
	struct span word;
	size_t len = 0;

	while (line->len > 0 && (*line->data == ' ' || *line->data == '\t'))
		*line = span_skip(*line, 1);
	while (len < line->len && line->data[len] != ' ' && line->data[len] != '\t'
	       && line->data[len] != '\r')
		len++;
	word = span_take(*line, len);
	*line = span_skip(*line, len);
	return word;
}

bool
cert_read(struct arena *arena, struct span text, struct cert *cert)
{
	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		struct span line
		    = span_take(text, end != NULL ? (size_t)(end - text.data) : text.len);
		const struct key_type *type;
		struct bytes bytes;

		text = span_skip(text, line.len + 1);
		type = key_type_find(next_word(&line));
		if (type != NULL && type->certificate
		    && base64_read(arena, next_word(&line), &bytes) == BASE64_OK
		    && read_blob(arena, bytes, cert))
			return true;
	}
	return false;
}

/* ---- saying -------------------------------------------------------------------------------- */

bool
cert_has(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

enum cert_time
cert_time(const struct cert *cert, time_t now)
{
	if (now < 0 || (uint64_t)now < cert->after)
		return CERT_TOO_EARLY;
	return (uint64_t)now >= cert->before ? CERT_EXPIRED : CERT_VALID;
}

static const char *
duration(struct arena *arena, uint64_t seconds)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = { { "day", DAY }, { "hour", HOUR }, { "minute", MINUTE }, { "second", 1 } };
	struct buf text = buf_new(arena);
	int said = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && said < 2; i++) {
		uint64_t n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (n == 0 && said == 0)
			continue;
		if (n > 0)
			buf_printf(&text, "%s%llu %s%s", said > 0 ? " " : "", (unsigned long long)n,
			    units[i].name, n == 1 ? "" : "s");
		said++;
	}
	return text.len > 0 ? text.data : "0 seconds";
}

static const char *
moment(struct arena *arena, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	char text[64];
	struct tm utc;

	if (seconds > INT64_MAX || gmtime_r(&when, &utc) == NULL
	    || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc) == 0)
		return "the end of time";
	return arena_strdup(arena, text);
}

const char *
cert_validity(struct arena *arena, const struct cert *cert, time_t now)
{
	uint64_t at = now < 0 ? 0 : (uint64_t)now;

	switch (cert_time(cert, now)) {
	case CERT_TOO_EARLY:
		return arena_printf(arena, "not valid yet: from %s, which is in %s",
		    moment(arena, cert->after), duration(arena, cert->after - at));
	case CERT_EXPIRED:
		return arena_printf(arena, "no longer valid: it ended at %s, %s ago",
		    moment(arena, cert->before), duration(arena, at - cert->before));
	case CERT_VALID:
		break;
	}
	if (cert->before == UINT64_MAX)
		return "valid for ever";
	return arena_printf(arena, "valid for %s more, until %s",
	    duration(arena, cert->before - at), moment(arena, cert->before));
}

const char *
cert_limits(struct arena *arena, const struct cert *cert)
{
	static const struct {
		const char *extension, *words;
	} normal[]
	    = { { "permit-pty", "no terminal" }, { "permit-port-forwarding", "no port forwarding" },
		      { "permit-agent-forwarding", "no agent forwarding" },
		      { "permit-X11-forwarding", "no X11" } };
	struct buf text = buf_new(arena);

	for (size_t i = 0; i < sizeof(normal) / sizeof(normal[0]); i++)
		if (!cert_has(cert->extensions, normal[i].extension))
			buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", normal[i].words);
	for (const char **o = cert->options; *o != NULL; o++)
		buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", *o);
	return text.len > 0 ? text.data : "";
}

const char *
cert_words(struct arena *arena, const char *const *list)
{
	struct buf text = buf_new(arena);

	for (; *list != NULL; list++)
		buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", *list);
	return text.len > 0 ? text.data : "none";
}
