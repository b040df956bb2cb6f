#include "verbs/check.h"

#include "base/options.h"
#include "sshd/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct request {
	bool json;
	char **files; /* NULL-terminated; empty: look at the pod */
};

static int
read_arguments(struct request *request, struct settings *settings, int argc, char **argv)
{
	size_t n = 0;

	request->files = arena_alloc(settings->arena, (size_t)argc + 1, sizeof(char *));
	for (char **word = argv + 1; *word != NULL; word++) {
		const char *config = NULL, *wrong = NULL;
		int taken;

		if (strcmp(*word, "--json") == 0) {
			request->json = true;
		} else if (strcmp(*word, "-") == 0 || (*word)[0] != '-') {
			request->files[n++] = *word;
		} else if (strcmp(*word, "--") == 0) {
			continue;
		} else {
			taken = options_take(settings, &config, word, &wrong);
			if (taken == 0)
				return options_wrong(*word, wrong);
			word += taken - 1;
		}
	}
	return 0;
}

/* Keys alone, from files: nothing of this machine counts. */
static struct plan *
plan_files(const struct settings *settings, const struct findings *findings, char **files)
{
	char *const nothing[] = { NULL };
	const struct plan_inputs inputs = { .settings = settings,
		.findings = findings,
		.environment = nothing,
		.now = time(NULL),
		.state = { .fd = -1, .path = "" },
		.variables_only = true };
	struct plan *plan = plan_make(&inputs);
	const struct paste_rules rules
	    = { .repair = settings_flag(settings, SET_REPAIR), .now = plan->now };

	for (; *files != NULL; files++)
		if (sources_read_file(&plan->entries, *files, &rules) < 0)
			finding_add(&plan->findings, ERROR, CODE_SOURCE_UNREADABLE, *files, "%s",
			    strerror(errno));
	return plan;
}

static struct plan *
plan_pod(const struct verb_call *call)
{
	const struct plan_inputs inputs = { .settings = call->settings,
		.findings = call->findings,
		.environment = call->environment,
		.now = time(NULL),
		.state = state_find(call->settings->arena),
		.holding = call->ports };

	return plan_make(&inputs);
}

static void
print_text(const struct plan *plan)
{
	size_t good = 0;

	for (const struct entry *e = plan->entries.first; e != NULL; e = e->next) {
		printf("%-9s %s:%u  ", verdict_name(e->verdict), e->source, e->line);
		if (e->key != NULL) {
			good++;
			printf("%s %u %s %s\n", e->key->type, e->key->bits, e->key->fingerprint,
			    e->key->comment);
		} else {
			printf("%s\n", e->message);
		}
		if (e->verdict == VERDICT_REPAIRED)
			printf("          %s\n", e->message);
		if (e->verdict != VERDICT_OK && e->fix != NULL && e->fix[0] != '\0')
			printf("          fix: %s\n", e->fix);
		for (const struct finding *f = e->warnings.first; f != NULL; f = f->next)
			printf("          warning: %s\n", f->message);
	}
	for (const struct finding *f = plan->findings.first; f != NULL; f = f->next) {
		printf("%-9s %s: %s\n", severity_name(f->severity), f->subject, f->message);
		if (f->fix[0] != '\0')
			printf("          fix: %s\n", f->fix);
	}
	printf("%zu usable, %zu refused, %zu errors, %zu warnings\n", good,
	    plan->entries.count[VERDICT_REFUSED], plan->findings.count[ERROR],
	    plan->findings.count[WARNING]);
}

static void
print_json(const struct plan *plan)
{
	json_t *object = report_json(plan);
	char *text = json_dumps(object, JSON_INDENT(2));

	puts(text != NULL ? text : "{}");
	free(text);
	json_decref(object);
}

int
verb_check(const struct verb_call *call)
{
	struct request request = { 0 };
	struct plan *plan;
	int status = read_arguments(&request, call->settings, call->argc, call->argv);

	if (status != 0)
		return status;
	plan = request.files[0] != NULL ? plan_files(call->settings, call->findings, request.files)
	                                : plan_pod(call);
	if (request.json)
		print_json(plan);
	else
		print_text(plan);
	status = plan_is_broken(plan) ? 1 : 0;
	plan_free(plan);
	return status;
}
