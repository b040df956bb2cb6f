#include "verbs/help.h"

#include "sshd/embedded.h"

#include <stdio.h>

#include "version.h"

static const char usage[]
    = "usage: sshinit [option ...] [--] [command [argument ...]]\n"
      "       sshinit --check [--json] [--identity FILE] [FILE|-]...\n"
      "       sshinit --connect [--json]\n"
      "       sshinit --keys [list | add KEY... | remove FINGERPRINT...] [--user NAME]\n"
      "                      [--json] [--force] [--disconnect]\n"
      "       sshinit --config-ssh NAME [--from 'ssh root@1.2.3.4 -p 22022']\n"
      "       sshinit --certify --ca KEY --identity NAME --principal USER FILE.pub\n"
      "       sshinit --reload\n"
      "       sshinit --help | --version | --licenses\n"
      "\n"
      "As a container's entrypoint: bring up an SSH server for the keys in $PUBLIC_KEY, then run the\n"
      "command exactly as it would run without sshinit. Without a command it replaces sleep infinity.\n"
      "\n"
      "Settings, as --name VALUE, SSHINIT_NAME in the environment, or name = VALUE in\n"
      "/etc/sshinit.ini (or --config FILE):\n\n";

static const char licenses[] =
#include "licenses.h"
    ;

int
verb_help(const struct verb_call *call)
{
	(void)call;
	fputs(usage, stdout);
	for (int i = 0; i < SET_COUNT; i++) {
		enum setting setting = (enum setting)i;

		printf("  --%s %s\n      %s", setting_name(setting), setting_values(setting),
		    setting_meaning(setting));
		if (setting_default(setting)[0] != '\0')
			printf(" [%s]", setting_default(setting));
		putchar('\n');
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
