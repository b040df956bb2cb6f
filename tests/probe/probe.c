/*
 * probe: everything that a program can see of how it was started.
 *
 * The promise is that the user's command runs exactly as it would without sshinit. A test runs this
 * program as the command twice, bare and under sshinit, and compares what it prints: sorted lines
 * of "name value". What differs between any two containers (inode numbers, ids of the host) is left
 * out or named by its kind, so that the outputs of two faithful starts are equal byte for byte.
 *
 * Not printed, because it differs by design: children that only __WALL sees (the monitor is one).
 *
 *     probe [ARG...]     the report; ARGs are there to be reported
 *     probe exit N       exit with status N
 *     probe signal N     kill itself with signal N
 *     probe signals      say "ready", then each signal as it arrives; ends on SIGTERM with 0
 *     probe wait         wait(2) for children until there are none: hangs where a stranger is one
 *     probe orphans N    make N orphans; when all have ended, count the zombies; 1 if there are any
 *     probe env0         the environment, each entry ended by NUL
 *     probe sleep        do nothing until SIGTERM or SIGINT, then exit with 0
 *
 * It is linked statically, so that it runs in any image, and reads the world before it changes it:
 * no line depends on what another line's making did.
 */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

static int
report(char **argv)
{
	report_descriptors(); /* first: nothing of ours is open yet */
	report_signals();
	report_children();
	report_arguments(argv);
	report_process();
	report_ids();
	report_limits();
	report_status();
	report_attributes();
	report_proc();
	print_lines();
	return 0;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (strcmp(mode, "exit") == 0)
		return number;
	if (strcmp(mode, "signal") == 0)
		return do_signal(number);
	if (strcmp(mode, "signals") == 0)
		return do_signals();
	if (strcmp(mode, "wait") == 0)
		return do_wait();
	if (strcmp(mode, "orphans") == 0)
		return do_orphans(number);
	if (strcmp(mode, "env0") == 0)
		return do_env0();
	if (strcmp(mode, "sleep") == 0)
		return do_sleep();
	return report(argv);
}
