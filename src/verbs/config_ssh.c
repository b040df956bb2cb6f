#include "verbs/config_ssh.h"

#include "base/log.h"
#include "base/options.h"
#include "keys/fingerprint.h"
#include "laptop/block.h"
#include "laptop/change.h"
#include "laptop/home.h"
#include "laptop/knownhosts.h"
#include "laptop/probe.h"
#include "verbs/config_ssh_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { REFUSED = 1, CONNECT_MS = 5000, ASK_SECONDS = 60, ASK_LEAST = 10 };

struct run {
	struct arena *arena;
	struct findings findings;
	struct config_ssh_args args;
	struct home home;
	struct changes changes;
	const char *keys; /* the pod's known_hosts lines */
};

/* What stood against it, in a form for one line of progress. */
static void
progress(const struct pod *pod, enum seen seen, long elapsed)
{
	bool terminal = isatty(STDERR_FILENO);

	fprintf(stderr, "%ssshinit: waiting for %s: %s (%lds)%s", terminal ? "\r\033[K" : "",
	    pod->alias, seen_name(seen), elapsed, terminal ? "" : "\n");
}

static void
progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static struct question
question(const struct run *run, const char *pinned)
{
	const struct config_ssh_args *args = &run->args;

	return (struct question){ .alias = args->pod.alias,
		.name = block_key_name(run->arena, args->pod.alias),
		.config = home_candidate(&run->home, &args->pod),
		.pinned = args->new_host_key ? "" : pinned,
		.interactive = isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && !args->yes,
		.seconds = ASK_SECONDS };
}

/* Asks until the pod itself answers or the time is over. On the way to it a port may be silent,
 * closed, or for a moment somebody else's. */
static bool
wait_for(struct run *run, struct question *q, struct answer *answer)
{
	const struct pod *pod = &run->args.pod;
	long start = (long)time(NULL);
	enum seen last = SEEN_SSH;

	for (bool first = true;; first = false) {
		/* Behind a jump host only ssh itself can look. */
		bool direct = pod->jump == NULL && !pod_has_option(pod, "ProxyCommand")
		              && !pod_has_option(pod, "ProxyJump")
		              && !pod_has_option(pod, "HostName") && !pod_has_option(pod, "Port");

		enum seen seen
		    = direct ? probe_banner(pod->host, pod->port != 0 ? pod->port : 22, CONNECT_MS)
		             : SEEN_SSH;
		if (seen == SEEN_SSH) {
			/* Somebody may have to type a passphrase; a server that hangs has no such
			 * excuse. */
			long left = (long)run->args.wait - ((long)time(NULL) - start);

			if (!q->interactive && left < ASK_SECONDS)
				q->seconds = left > ASK_LEAST ? (int)left : ASK_LEAST;
			*answer = probe_ask(run->arena, q);
			seen = answer->reached ? SEEN_SSH : answer->seen;
			if (answer->reached || answer->no_client)
				break;
		}
		long elapsed = (long)time(NULL) - start;

		if (first || seen != last || isatty(STDERR_FILENO))
			progress(pod, seen, elapsed);
		last = seen;
		if (elapsed >= (long)run->args.wait) {
			progress_end();
			if (seen == SEEN_HOST_KEY)
				finding_add(
				    &run->findings, ERROR, CODE_POD_HOST_KEY, pod->alias, NULL);
			else
				finding_add(&run->findings, ERROR, CODE_POD_SILENT, pod->alias,
				    "%s after %ld s", seen_name(seen), elapsed);
			return false;
		}
		sleep(1);
	}
	progress_end();
	return true;
}

/* Finds out the pod's host keys; false when it must not be written. */
static bool
ask(struct run *run, const char *pinned, const char **lines)
{
	struct question q = question(run, pinned);
	struct answer answer = { 0 };
	const char *alias = run->args.pod.alias;

	*lines = q.pinned;
	if (run->args.offline || run->home.broken)
		return true;
	if (run->args.wait == 0)
		answer = probe_ask(run->arena, &q);
	else if (!wait_for(run, &q, &answer))
		return false;
	if (answer.reached) {
		*lines = answer.lines;
		if (!answer.told)
			finding_add(&run->findings, NOTE, CODE_POD_UNTOLD, alias, "%s",
			    answer.why[0] != '\0' ? answer.why : "it has no sshinit");
		return true;
	}
	if (answer.seen == SEEN_HOST_KEY && q.pinned[0] != '\0') {
		finding_add(&run->findings, ERROR, CODE_POD_HOST_KEY, alias, NULL);
		return false;
	}
	finding_add(&run->findings, WARNING, CODE_POD_UNASKED, alias, "%s",
	    answer.why[0] != '\0' ? answer.why : seen_name(answer.seen));
	if (q.pinned[0] != '\0')
		finding_fix(
		    &run->findings, run->findings.last, "its host key stays pinned as it was");
	return true;
}

static bool
add(struct run *run)
{
	struct pod *pod = &run->args.pod, before = { 0 };
	struct chunk *chunk = home_chunk(&run->home, pod->alias);
	const char *pinned, *lines;

	if (chunk != NULL && (run->args.previous || !run->args.described)
	    && pod_read(&before, run->arena, chunk->options))
		pod_inherit(pod, run->arena, &before);
	if (pod->host == NULL) {
		finding_fix(&run->findings,
		    finding_add(&run->findings, ERROR, CODE_POD_VALUE, pod->alias,
		        "its address is not known"),
		    "give the line of your cloud's console with --from, or --host and --port");
		return false;
	}
	if (pod->identity != NULL)
		pod->identity = home_identity(run->arena, pod->identity);
	home_check_identity(&run->home, &run->findings, pod);
	pinned = knownhosts_get(
	    run->arena, run->home.known.text, block_key_name(run->arena, pod->alias));
	if (!home_check(&run->home, &run->findings, pod) || !ask(run, pinned, &lines))
		return false;
	run->keys = lines;
	changes_add(&run->changes, &run->home, pod, pinned, lines);
	return true;
}

static bool
take_out(struct run *run)
{
	const char *alias = run->args.pod.alias;
	const char *keys
	    = knownhosts_get(run->arena, run->home.known.text, block_key_name(run->arena, alias));

	/* Keys without a pod are what an interrupted --remove left. */
	if (home_chunk(&run->home, alias) == NULL && keys[0] == '\0') {
		finding_fix(&run->findings,
		    finding_add(&run->findings, ERROR, CODE_POD_VALUE, alias,
		        "the section holds no such pod"),
		    "sshinit --config-ssh --list shows them");
		return false;
	}
	changes_remove(&run->changes, &run->home, alias);
	return true;
}

static void
list(const struct run *run)
{
	for (const struct chunk *c = home_chunks(&run->home); c != NULL; c = c->next) {
		const char *name = block_key_name(run->arena, c->alias);
		bool pinned = knownhosts_get(run->arena, run->home.known.text, name)[0] != '\0';

		printf("%s\t%s\t%.*s\n", c->alias, pinned ? "pinned" : "not-pinned",
		    (int)strcspn(c->options.data + 1, "\r\n"), c->options.data + 1);
	}
}

static bool
confirmed(void)
{
	char line[16];

	printf("Write this? [y/N] ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

/* What follows the first space of a line. */
static struct span
next_field(struct span line)
{
	const char *space = memchr(line.data, ' ', line.len);

	return span_skip(line, space == NULL ? line.len : (size_t)(space - line.data) + 1);
}

/* "Host key pinned: ssh-ed25519 SHA256:..., ssh-rsa .... " for known_hosts lines, "" for none. */
static const char *
describe_keys(struct arena *arena, const char *lines)
{
	struct buf text = buf_new(arena);

	for (; *lines != '\0'; lines += strcspn(lines, "\n") + 1) {
		struct span type = next_field(span_take(span_of(lines), strcspn(lines, "\n")));
		struct span blob = next_field(type);
		struct bytes bytes;

		blob = span_take(blob, strcspn(blob.data, " \n"));
		if (base64_read(arena, blob, &bytes) != BASE64_OK)
			continue;
		buf_printf(&text, "%s%.*s %s", text.len == 0 ? "Host key pinned: " : ", ",
		    (int)(strcspn(type.data, " \n")), type.data, fingerprint_sha256(arena, bytes));
	}
	if (text.len > 0)
		buf_puts(&text, ". ");
	return text.data;
}

/* Shows the changes, and carries them out where that is wanted. */
static int
finish(struct run *run)
{
	const struct config_ssh_args *args = &run->args;
	struct buf diff = buf_new(run->arena);

	changes_diff(&run->changes, &diff);
	if (diff.len == 0) {
		if (!args->diff)
			puts("No changes to make.");
		return 0;
	}
	if (args->diff || args->dry_run || (!args->yes && isatty(STDIN_FILENO)))
		fwrite(diff.data, 1, diff.len, stdout);
	if (args->diff || args->dry_run)
		return args->diff ? REFUSED : 0;
	if (!args->yes && !isatty(STDIN_FILENO)) {
		log_say(
		    LOG_ERROR, "nothing was written: there is no terminal to ask on; add --yes");
		return REFUSED;
	}
	if (!args->yes && !confirmed()) {
		puts("Nothing was written.");
		return REFUSED;
	}
	run->findings = findings_new(run->arena);
	if (!changes_write(&run->changes, &run->findings)) {
		log_findings(&run->findings, NOTE);
		return REFUSED;
	}
	if (args->job == JOB_ADD)
		printf("Written to %s. %sNow: ssh %s\n", run->home.config.path,
		    describe_keys(run->arena, run->keys), args->pod.alias);
	else
		printf("Taken out of %s: %s\n", run->home.config.path, args->pod.alias);
	return 0;
}

static int
work(struct run *run, int argc, char **argv)
{
	bool good;

	if (!config_ssh_args(&run->args, &run->findings, argc, argv)) {
		log_findings(&run->findings, NOTE);
		return EXIT_USAGE;
	}
	if (run->args.job == JOB_HELP) {
		fputs(config_ssh_usage, stdout);
		return 0;
	}
	run->changes = changes_new(run->arena);
	good = home_open(
	    &run->home, &run->findings, run->args.config, run->args.include, run->args.in_line);
	if (good && run->args.job == JOB_ADD)
		good = add(run);
	else if (good && run->args.job == JOB_REMOVE)
		good = take_out(run);
	log_findings(&run->findings, NOTE);
	if (!good)
		return REFUSED;
	if (run->args.job == JOB_LIST) {
		list(run);
		return 0;
	}
	return finish(run);
}

int
verb_config_ssh(const struct verb_call *call)
{
	struct run run = { .arena = arena_new() };
	int status;

	run.findings = findings_new(run.arena);
	status = work(&run, call->argc, call->argv);
	if (fflush(stdout) != 0 && status == 0)
		status = REFUSED;
	arena_free(run.arena);
	return status;
}
