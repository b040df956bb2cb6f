#include "laptop/section.h"

#include "laptop/sshconf.h"

static const char chunk_mark[] = "# pod ";

static bool
is_marker(struct span line, const char *marker)
{
	while (line.len > 0 && strchr(" \t\r", line.data[line.len - 1]) != NULL)
		line.len--;
	while (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
		line = span_skip(line, 1);
	return span_is(line, marker);
}

/* "# pod NAME: OPTIONS" */
static bool
begins_chunk(struct arena *arena, struct span line, struct chunk *out)
{
	size_t colon;

	if (!span_starts(line, chunk_mark))
		return false;
	line = span_skip(line, strlen(chunk_mark));
	for (colon = 0; colon < line.len && line.data[colon] != ':'; colon++)
		if (line.data[colon] == ' ')
			return false;
	if (colon == line.len)
		return false;
	out->alias = arena_strndup(arena, line.data, colon);
	out->options = span_skip(line, colon + 1);
	return true;
}

static void
read_body(struct section *section, struct span body)
{
	struct chunk **end = &section->chunks, head;
	struct conf_line line = { .rest = body };

	while (conf_next_line(&line)) {
		if (begins_chunk(section->arena, line.text, &head)) {
			if (*end != NULL)
				end = &(*end)->next;
			*end = arena_alloc(section->arena, 1, sizeof(**end));
			(*end)->alias = head.alias;
			(*end)->options = head.options;
			(*end)->text = (struct span){ line.text.data, 0 };
		}
		if (*end != NULL)
			(*end)->text.len
			    = (size_t)(line.text.data + line.full_len - (*end)->text.data);
		else if (conf_keyword_is(line.text, "Include"))
			section->include = true;
	}
	/* The lines that lead back to all hosts belong to the section, not to its last pod. */
	for (struct chunk *chunk = section->chunks; chunk != NULL; chunk = chunk->next) {
		struct conf_line in = { .rest = chunk->text };

		while (conf_next_line(&in))
			if (in.number > 1 && span_starts(in.text, "# all hosts")) {
				chunk->text.len = (size_t)(in.text.data - chunk->text.data);
				break;
			}
	}
}

bool
section_find(struct arena *arena, struct span text, struct section *out, const char **why)
{
	struct conf_line line = { .rest = text };
	unsigned begin = 0, end = 0;
	size_t body = 0, body_end = 0;

	*out = (struct section){ .arena = arena };
	*why = NULL;
	while (*why == NULL && conf_next_line(&line)) {
		size_t at = (size_t)(line.text.data - text.data);

		if (line.number == 1 && line.full_len > line.text.len
		    && line.text.data[line.text.len] == '\r')
			out->crlf = true;
		if (is_marker(line.text, SECTION_BEGIN)) {
			if (end != 0)
				*why = arena_printf(arena,
				    "there are two sections: one from line %u to line %u, one from line %u",
				    begin, end, line.number);
			else if (begin != 0)
				*why = arena_printf(arena,
				    "the start on line %u has no end: another start follows on line %u",
				    begin, line.number);
			begin = line.number;
			out->begin = at;
			body = at + line.full_len;
		} else if (is_marker(line.text, SECTION_END)) {
			if (begin == 0 || end != 0)
				*why = arena_printf(arena,
				    "the end on line %u has no start before it", line.number);
			end = line.number;
			body_end = at;
			out->end = at + line.full_len;
		}
	}
	if (*why == NULL && begin != 0 && end == 0)
		*why = arena_printf(arena, "the start on line %u has no end", begin);
	if (*why != NULL)
		return false;
	out->found = begin != 0;
	if (out->found)
		read_body(out, (struct span){ text.data + body, body_end - body });
	return true;
}

struct chunk *
section_chunk(const struct section *section, const char *alias)
{
	for (struct chunk *chunk = section->chunks; chunk != NULL; chunk = chunk->next)
		if (strcasecmp(chunk->alias, alias) == 0)
			return chunk;
	return NULL;
}

void
section_put(struct section *section, const char *alias, struct span text)
{
	struct chunk **at = &section->chunks;

	while (*at != NULL && strcasecmp((*at)->alias, alias) != 0)
		at = &(*at)->next;
	if (text.len == 0) {
		if (*at != NULL)
			*at = (*at)->next;
		return;
	}
	if (*at == NULL)
		*at = arena_alloc(section->arena, 1, sizeof(**at));
	(*at)->alias = arena_strdup(section->arena, alias);
	(*at)->text = text;
}

/* Adds lines, each ending as the file's own do. */
static void
add_lines(struct buf *buf, const char *lines, bool crlf)
{
	for (; *lines != '\0'; lines++) {
		if (crlf && *lines == '\n')
			buf_putc(buf, '\r');
		buf_putc(buf, *lines);
	}
}

struct span
section_chunk_text(
    const struct section *section, const char *alias, const char *options, const char *block)
{
	struct buf buf = buf_new(section->arena);
	const char *lines
	    = arena_printf(section->arena, "%s%s: %s\n%s", chunk_mark, alias, options, block);

	add_lines(&buf, lines, section->crlf);
	return (struct span){ buf.data, buf.len };
}

/* Where the section has to begin so that ssh, which takes the first value it finds, takes ours. */
static size_t
place(struct span outside, const struct section *section)
{
	struct conf_line line = { .rest = outside };
	size_t comment = outside.len;

	while (conf_next_line(&line)) {
		size_t at = (size_t)(line.text.data - outside.data);
		bool stops = conf_keyword_is(line.text, "Match") || !line.in_block;

		if (conf_is_comment(line.text)) {
			comment = comment == outside.len ? at : comment;
			continue;
		}
		if (conf_is_blank(line.text)) {
			comment = outside.len;
			continue;
		}
		if (conf_keyword_is(line.text, "Host")) {
			stops = conf_host_has(line.text, "*");
			for (struct chunk *c = section->chunks; c != NULL; c = c->next)
				stops = stops || conf_host_matches(line.text, c->alias);
		}
		/* A comment right above belongs to what it explains. */
		if (stops)
			return comment < at ? comment : at;
		comment = outside.len;
	}
	return outside.len;
}

/* Whether lines that hold for all hosts follow at this place; after a Host block they would hold
 * for that host alone. */
static bool
needs_all_hosts(struct span outside, size_t at)
{
	struct conf_line line = { .rest = outside };

	while (conf_next_line(&line)) {
		if ((size_t)(line.text.data - outside.data) < at || conf_is_blank(line.text)
		    || conf_is_comment(line.text))
			continue;
		return !line.in_block && !conf_keyword_is(line.text, "Host")
		       && !conf_keyword_is(line.text, "Match");
	}
	return false;
}

/* Where the section stood, as an offset in the text without it. */
static size_t
keep_or_move(struct span outside, const struct section *section)
{
	size_t at = place(outside, section);

	return section->found && section->begin < at ? section->begin : at;
}

struct span
section_compose(struct span text, const struct section *section, const char *include)
{
	struct arena *arena = section->arena;
	struct buf outside = buf_new(arena), out = buf_new(arena);
	size_t at;
	bool all_hosts;

	buf_add(&outside, text.data, section->found ? section->begin : text.len);
	if (section->found)
		buf_add(&outside, text.data + section->end, text.len - section->end);
	if (section->chunks == NULL)
		return (struct span){ outside.data, outside.len };

	at = keep_or_move((struct span){ outside.data, outside.len }, section);
	all_hosts = needs_all_hosts((struct span){ outside.data, outside.len }, at);
	buf_add(&out, outside.data, at);
	if (at > 0 && outside.data[at - 1] != '\n')
		add_lines(&out, "\n", section->crlf);
	add_lines(&out,
	    SECTION_BEGIN
	    "\n"
	    "# managed by sshinit --config-ssh, do not edit: what stands here is replaced\n",
	    section->crlf);
	if (include != NULL) {
		add_lines(
		    &out, arena_printf(arena, "Host *\nInclude %s\n", include), section->crlf);
	} else {
		for (const struct chunk *c = section->chunks; c != NULL; c = c->next) {
			buf_add(&out, c->text.data, c->text.len);
			if (c->text.len > 0 && c->text.data[c->text.len - 1] != '\n')
				add_lines(&out, "\n", section->crlf);
		}
		if (all_hosts)
			add_lines(&out, "# all hosts again, for the lines that follow\nHost *\n",
			    section->crlf);
	}
	add_lines(&out, SECTION_END "\n", section->crlf);
	buf_add(&out, outside.data + at, outside.len - at);
	return (struct span){ out.data, out.len };
}

unsigned
section_other_host(struct span text, const struct section *section, const char *alias)
{
	struct conf_line line = { .rest = text };

	while (conf_next_line(&line)) {
		size_t at = (size_t)(line.text.data - text.data);

		if (section->found && at >= section->begin && at < section->end)
			continue;
		if (conf_keyword_is(line.text, "Host") && conf_host_has(line.text, alias))
			return line.number;
	}
	return 0;
}
