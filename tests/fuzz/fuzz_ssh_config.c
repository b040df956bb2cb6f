/*
 * Fuzzes what reads text that others wrote for --config-ssh: the user's ssh configuration, the
 * pasted line, known_hosts and the pod's keys.
 *
 * Properties that must hold for any input: a pod put into a configuration and taken out again
 * leaves the bytes as they were; putting it in twice is putting it in once; a line that is taken
 * gives a pod whose Host block has no line but those that sshinit means to write.
 *
 * Built with -fsanitize=fuzzer it is a fuzzer (FUZZER defined); else a program that replays files.
 */
#include "fuzz/harness.h"

#include "laptop/block.h"
#include "laptop/diff.h"
#include "laptop/hostline.h"
#include "laptop/knownhosts.h"
#include "laptop/section.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static bool
same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* text with the pod put in (block "" takes it out); false when the markers are damaged. */
static bool
put(struct arena *arena, struct span text, const char *block, struct span *out)
{
	struct section section;
	struct span chunk = { "", 0 };
	const char *why;

	if (!section_find(arena, text, &section, &why)) {
		must(why != NULL && why[0] != '\0', "a refusal has a reason");
		return false;
	}
	if (block[0] != '\0')
		chunk = section_chunk_text(&section, "fuzzpod", "--host h", block);
	section_put(&section, "fuzzpod", chunk);
	*out = section_compose(text, &section, NULL);
	return true;
}

static void
fuzz_section(struct arena *arena, struct span text)
{
	struct span once, twice, back, again;
	struct buf diff = buf_new(arena);
	struct section section;
	const char *why;
	bool had;

	if (!put(arena, text, "Host fuzzpod\n\tHostName h\n", &once))
		return;
	must(section_find(arena, text, &section, &why), "found once, found again");
	had = section.chunks != NULL || section.found;
	must(put(arena, once, "Host fuzzpod\n\tHostName h\n", &twice),
	    "our own text is well-formed");
	must(same(once, twice), "putting in twice is putting in once");
	must(put(arena, once, "", &back), "our own text is well-formed");
	if (!had) {
		/* A last line without an end has to get one where the section follows it. */
		again = span_take(back, text.len);
		must(same(again, text), "taking out gives back every byte");
		must(span_skip(back, text.len).len <= 2, "and adds a line end at most");
	}
	diff_unified(&diff, "f", text, once);
	must(diff.len > 0 || same(text, once), "a difference is shown");
}

/* Every line of the block is "Host NAME" or a tab, a word and its value, on one line. */
static void
fuzz_line(struct arena *arena, struct span text)
{
	struct findings findings = findings_new(arena);
	struct pod pod = { .alias = "fuzzpod" }, again = { .alias = "fuzzpod" };
	struct block_rules rules = { "~/.ssh/sshinit_known_hosts", true };
	struct buf written = buf_new(arena), rewritten = buf_new(arena);
	const char *block;

	if (!hostline_read(&pod, &findings, text)) {
		must(findings.count[ERROR] > 0, "a refusal has a finding");
		return;
	}
	must(pod.host != NULL && pod_bad_host(pod.host) == NULL, "a host");
	must(pod.user == NULL || pod_bad_user(pod.user) == NULL, "a user");
	block = block_render(arena, &pod, &rules);
	must(strncmp(block, "Host fuzzpod\n", 13) == 0, "the block begins with its Host line");
	for (const char *line = block + 13; *line != '\0'; line = strchr(line, '\n') + 1) {
		must(line[0] == '\t', "a line of the block is indented");
		must(strncasecmp(line + 1, "Host ", 5) != 0
		         && strncasecmp(line + 1, "Match", 5) != 0
		         && strncasecmp(line + 1, "Include", 7) != 0
		         && strncasecmp(line + 1, "ProxyCommand", 12) != 0
		         && strncasecmp(line + 1, "LocalCommand", 12) != 0
		         && strncasecmp(line + 1, "KnownHostsCommand", 17) != 0,
		    "no line of the block runs or includes anything");
		must(strchr(line, '\n') != NULL, "a line of the block has an end");
	}
	pod_write(&written, &pod);
	must(pod_read(&again, arena, (struct span){ written.data, written.len }),
	    "what is written is read");
	pod_write(&rewritten, &again);
	must(strcmp(written.data, rewritten.data) == 0, "and is the same");
}

static void
fuzz_keys(struct arena *arena, struct span text)
{
	struct buf lines = buf_new(arena);
	struct span put_in = knownhosts_put(arena, text, "fuzzpod", "fuzzpod x y\n");

	must(strcmp(knownhosts_get(arena, put_in, "fuzzpod"), "fuzzpod x y\n") == 0,
	    "one line of the name");
	if (knownhosts_line(&lines, "fuzzpod", arena_strndup(arena, text.data, text.len)))
		must(strchr(lines.data, '\n') == lines.data + lines.len - 1, "a key is one line");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct span text = { (const char *)arena_strndup(arena, (const char *)data, size), size };

	fuzz_section(arena, text);
	fuzz_line(arena, text);
	fuzz_keys(arena, text);
	arena_free(arena);
	return 0;
}
