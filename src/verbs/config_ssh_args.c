#include "verbs/config_ssh_args.h"

#include "base/distance.h"
#include "laptop/hostline.h"

#include <stdlib.h>

#include <bsd/stdlib.h>

enum { WAIT_DEFAULT = 300, WAIT_MAX = 24 * 60 * 60 };

const char config_ssh_usage[]
    = "usage: sshinit --config-ssh NAME [--from 'ssh root@1.2.3.4 -p 22'] [option ...]\n"
      "       sshinit --config-ssh --list | --remove NAME\n"
      "\n"
      "Writes a Host block to ~/.ssh/config, so that ssh NAME, scp, sftp, rsync, git\n"
      "and editors reach the pod. Asks the pod for its host key and pins it.\n"
      "\n"
      "  --from LINE              the line your cloud's console shows\n"
      "  --host, --port, --user, --identity FILE, --jump [USER@]HOST[:PORT]\n"
      "  --ssh-option KEY=VALUE   one more option, or KEY= for one less; repeatable\n"
      "  --use-previous-options   what is not given now is as in the last run\n"
      "  --wait[=SECONDS]         wait until the pod answers (300)\n"
      "  --offline                do not ask the pod; ssh pins the first host key\n"
      "  --new-host-key           the pod was made anew: forget the pinned host key\n"
      "  --dry-run                show what would change\n"
      "  --diff                   only the difference; exit code 1 when there is one\n"
      "  --yes                    write without a question\n"
      "  --include, --inline      Host blocks in a file of their own, or here (default)\n"
      "  --ssh-config-file FILE   instead of ~/.ssh/config\n"
      "  --list                   the pods in the section\n"
      "  --remove NAME            take a pod out\n";

static bool __attribute__((format(printf, 3, 4)))
refuse(struct findings *findings, const char *subject, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	va_start(args, format);
	finding = finding_add(findings, ERROR, CODE_POD_VALUE, subject, "%s",
	    arena_vprintf(findings->arena, format, args));
	va_end(args);
	finding_fix(findings, finding, "sshinit --config-ssh --help shows all options");
	return false;
}

struct reader {
	struct config_ssh_args *args;
	struct findings *findings;
	struct pod given; /* the single options; they win over --from */
	const char *from;
	int argc, next;
	char **argv;
};

static bool
take_flag(struct config_ssh_args *args, const char *option)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[]
	    = { { "--dry-run", &args->dry_run }, { "--diff", &args->diff }, { "--yes", &args->yes },
		      { "-y", &args->yes }, { "--use-previous-options", &args->previous },
		      { "--include", &args->include }, { "--inline", &args->in_line },
		      { "--offline", &args->offline }, { "--new-host-key", &args->new_host_key } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(option, flags[i].name) == 0)
			return *flags[i].flag = true;
	return false;
}

static bool
take_name(struct reader *r, const char *name)
{
	const char *why = pod_bad_alias(name);

	if (r->args->pod.alias != NULL)
		return refuse(r->findings, name, "one name is enough; '%s' was given too",
		    r->args->pod.alias);
	if (why != NULL)
		return refuse(
		    r->findings, arena_printf(r->findings->arena, "'%s'", name), "%s", why);
	r->args->pod.alias = arena_strdup(r->findings->arena, name);
	return true;
}

static bool
take_wait(struct reader *r, const char *value)
{
	const char *error = NULL;

	r->args->wait
	    = value == NULL ? WAIT_DEFAULT : (unsigned)strtonum(value, 1, WAIT_MAX, &error);
	return value == NULL || error == NULL
	       || refuse(r->findings, "--wait", "seconds are a number from 1 to %d", WAIT_MAX);
}

static bool
take_value(struct reader *r, const char *option, const char *value)
{
	enum pod_took took = pod_option(&r->given, r->findings, option, value);

	if (took != POD_UNKNOWN) {
		r->args->described = true;
		return took == POD_TOOK;
	}
	if (strcmp(option, "--from") == 0) {
		r->args->described = true;
		r->from = value;
		return true;
	}
	if (strcmp(option, "--ssh-config-file") == 0) {
		r->args->config = value;
		return *value != '\0' || refuse(r->findings, option, "the file is missing");
	}
	r->args->job = JOB_REMOVE;
	return take_name(r, value);
}

/* All of them, those that take a value first. */
static const char *const names[] = { "--from", "--host", "--port", "--user", "--identity", "--jump",
	"--ssh-option", "--ssh-config-file", "--remove", "--wait", "--list", "--help", "--dry-run",
	"--diff", "--yes", "--use-previous-options", "--include", "--inline", "--offline",
	"--new-host-key" };
enum { VALUES = 9, NAMES = sizeof(names) / sizeof(*names) };

static bool
takes_value(const char *option)
{
	for (size_t i = 0; i < VALUES; i++)
		if (strcmp(option, names[i]) == 0)
			return true;
	return false;
}

static bool
no_such_option(struct reader *r, const char *word)
{
	struct span name = { word, strcspn(word, "=") };
	const char *nearest = NULL;
	size_t least = 4;

	for (size_t i = 0; i < NAMES; i++) {
		size_t distance = word_distance(name, names[i], least);

		if (distance < least) {
			least = distance;
			nearest = names[i];
		}
	}
	if (nearest == NULL)
		return refuse(r->findings, word, "there is no such option");
	if (least == 0)
		return refuse(r->findings, word, "it takes no value");
	return refuse(r->findings, word, "there is no such option; did you mean %s?", nearest);
}

static bool
take_option(struct reader *r, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals == NULL ? strlen(word) : (size_t)(equals - word);
	const char *option = arena_strndup(r->findings->arena, word, len);

	if (takes_value(option)) {
		if (equals == NULL && r->next == r->argc)
			return refuse(r->findings, option, "its value is missing");
		return take_value(r, option, equals != NULL ? equals + 1 : r->argv[r->next++]);
	}
	if (strcmp(option, "--wait") == 0) {
		const char *next = equals == NULL ? r->argv[r->next] : NULL;

		/* "--wait 60" is meant so: pods are not called by a number. */
		if (next != NULL && *next != '\0' && next[strspn(next, "0123456789")] == '\0')
			return take_wait(r, r->argv[r->next++]);
		return take_wait(r, equals == NULL ? NULL : equals + 1);
	}
	if (equals != NULL)
		return no_such_option(r, word);
	if (strcmp(option, "--list") == 0)
		r->args->job = JOB_LIST;
	else if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0)
		r->args->job = JOB_HELP;
	else if (!take_flag(r->args, option))
		return no_such_option(r, word);
	return true;
}

static bool
makes_sense(struct reader *r)
{
	const struct config_ssh_args *args = r->args;

	if (args->job == JOB_HELP)
		return true;
	if (args->job == JOB_ADD && args->pod.alias == NULL)
		return refuse(r->findings, "--config-ssh", "the name of the pod is missing");
	if (args->job == JOB_LIST && args->pod.alias != NULL)
		return refuse(r->findings, "--list", "it takes no name");
	if (args->job != JOB_ADD && (args->described || args->wait != 0 || args->previous))
		return refuse(r->findings, args->job == JOB_LIST ? "--list" : "--remove",
		    "it goes with no options of a pod");
	if (args->include && args->in_line)
		return refuse(r->findings, "--include", "it contradicts --inline");
	return true;
}

bool
config_ssh_args(struct config_ssh_args *args, struct findings *findings, int argc, char **argv)
{
	struct reader r
	    = { .args = args, .findings = findings, .argc = argc, .argv = argv, .next = 1 };
	bool options = true;

	*args = (struct config_ssh_args){ .job = JOB_ADD };
	while (r.next < argc) {
		const char *word = argv[r.next++];

		if (options && strcmp(word, "--") == 0)
			options = false;
		else if (!(options && word[0] == '-' ? take_option(&r, word) : take_name(&r, word)))
			return false;
	}
	if (!makes_sense(&r))
		return false;
	if (r.from != NULL) {
		struct pod from = { 0 };

		if (!hostline_read(&from, findings, span_of(r.from)))
			return false;
		/* A host given beside the line replaces the line's host alone. */
		if (r.given.host != NULL)
			from.host = r.given.host;
		r.given.host = NULL;
		pod_inherit(&r.given, findings->arena, &from);
	}
	r.given.alias = args->pod.alias;
	args->pod = r.given;
	return true;
}
