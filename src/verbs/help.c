#include "verbs/help.h"

#include "sshd/embedded.h"

#include <stdio.h>
#include <string.h>

#include "version.h"

static const char usage[]
    = "usage: sshinit [option ...] [--] [command [argument ...]]\n"
      "       sshinit --check [--json] [--identity FILE] [FILE|-]...\n"
      "       sshinit --connect [--json | --format text|json|ssh-config]\n"
      "       sshinit --keys [list | add KEY... | remove FINGERPRINT...] [--user NAME]\n"
      "                      [--json] [--force] [--disconnect]\n"
      "       sshinit --config-ssh NAME [--from 'ssh root@1.2.3.4 -p 22022']\n"
      "       sshinit --certify --ca KEY --identity NAME --principal USER [--hours N]\n"
      "                         [--again] [--no-forwarding] FILE.pub\n"
      "       sshinit --certify --ca KEY --ca-init | --revoke SERIAL|FILE\n"
      "       sshinit --reload\n"
      "       sshinit --help | --version | --licenses\n"
      "\n"
      "As a container's entrypoint: bring up an SSH server for the keys in $PUBLIC_KEY,\n"
      "then run the command exactly as it would run without sshinit. Without a command\n"
      "it keeps the container up, in place of sleep infinity.\n"
      "\n"
      "Settings, as --name VALUE, SSHINIT_NAME in the environment, or name = VALUE in\n"
      "/etc/sshinit.ini (or --config FILE):\n\n";

static const char licenses[] =
#include "licenses.h"
    ;

/* Indented, in lines of 80 columns at most, which may end at a blank and behind a comma. */
static void
put_wrapped(const char *text)
{
	enum { INDENT = 6, COLUMNS = 80 };
	int column = INDENT;

	printf("%*s", INDENT, "");
	while (*text != '\0') {
		int blank = (int)strspn(text, " "), len = (int)strcspn(text + blank, " ,");

		len += text[blank + len] == ',';
		if (column + blank + len > COLUMNS) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
			text += blank;
			blank = 0;
		}
		printf("%.*s", blank + len, text);
		column += blank + len;
		text += blank + len;
	}
	putchar('\n');
}

int
verb_help(const struct verb_call *call)
{
	struct arena *arena = call->settings->arena;

	fputs(usage, stdout);
	for (int i = 0; i < SET_COUNT; i++) {
		enum setting setting = (enum setting)i;
		const char *fallback = setting_default(setting);

		printf("  --%s %s\n", setting_name(setting), setting_values(setting));
		put_wrapped(fallback[0] == '\0' ? setting_meaning(setting)
		                                : arena_printf(arena, "%s [%s]",
		                                    setting_meaning(setting), fallback));
	}
	return 0;
}

int
verb_version(const struct verb_call *call)
{
	(void)call;
	printf("sshinit %s%s\n%s", SSHINIT_VERSION,
	    embedded_version()[0] != '\0' ? ", with its own sshd" : ", without an sshd of its own",
	    SSHINIT_COMPONENTS);
	return 0;
}

int
verb_licenses(const struct verb_call *call)
{
	(void)call;
	fputs(licenses, stdout);
	return 0;
}
