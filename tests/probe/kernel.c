/* What only the kernel tells: /proc and prctl(2). */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Lines of /proc/self/status that name privileges, processors and threads. */
void
report_status(void)
{
	static const char *const wanted[] = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
		"NoNewPrivs", "Seccomp", "Seccomp_filters", "Speculation_Store_Bypass",
		"SpeculationIndirectBranch", "Cpus_allowed_list", "Mems_allowed_list", "Threads",
		"THP_enabled", "TracerPid", "Name" };
	char text[8192], *colon;
	FILE *file = fopen("/proc/self/status", "re");

	if (file == NULL) {
		line("status %s", strerror(errno));
		return;
	}
	while (fgets(text, sizeof(text), file) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		colon = strchr(text, ':');
		if (colon == NULL)
			continue;
		*colon++ = '\0';
		for (size_t i = 0; i < COUNT(wanted); i++) {
			if (strcmp(text, wanted[i]) == 0)
				line("status.%s %s", text, colon + strspn(colon, " \t"));
		}
	}
	fclose(file);
}

void
report_attributes(void)
{
	int value;
	const struct {
		const char *name;
		long value;
	} attributes[] = {
		{ "dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) },
		{ "keep-caps", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) },
		{ "mce-kill", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) },
		{ "no-new-privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) },
		{ "securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) },
		{ "thp-disable", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) },
		{ "timer-slack", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) },
		{ "timing", prctl(PR_GET_TIMING, 0, 0, 0, 0) },
	};

	for (size_t i = 0; i < COUNT(attributes); i++)
		line("attribute.%s %ld", attributes[i].name, attributes[i].value);
	if (prctl(PR_GET_PDEATHSIG, &value, 0, 0, 0) == 0)
		line("attribute.parent-death-signal %d", value);
	if (prctl(PR_GET_CHILD_SUBREAPER, &value, 0, 0, 0) == 0)
		line("attribute.child-subreaper %d", value);
	if (prctl(PR_GET_TSC, &value, 0, 0, 0) == 0)
		line("attribute.tsc %d", value);
}

/* Files of /proc that hold one attribute each; the number of mounts and the namespaces. */
void
report_proc(void)
{
	static const char *const files[]
	    = { "oom_score_adj", "coredump_filter", "loginuid", "attr/current" };
	static const char *const spaces[] = { "pid", "time" };
	char path[64], text[256], other[256], c;
	FILE *file;
	ssize_t length;
	long mounts = 0;

	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		file = fopen(path, "re");
		if (file == NULL || fgets(text, sizeof(text), file) == NULL)
			snprintf(text, sizeof(text), "(%s)", strerror(errno));
		if (file != NULL)
			fclose(file);
		text[strcspn(text, "\n")] = '\0';
		line("proc.%s %s", files[i], text);
	}
	for (size_t i = 0; i < COUNT(spaces); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", spaces[i]);
		length = readlink(path, text, sizeof(text) - 1);
		text[length < 0 ? 0 : length] = '\0';
		snprintf(path, sizeof(path), "/proc/self/ns/%s_for_children", spaces[i]);
		length = readlink(path, other, sizeof(other) - 1);
		other[length < 0 ? 0 : length] = '\0';
		line("namespace.%s children get %s", spaces[i],
		    strcmp(text, other) == 0 ? "the same" : "another");
	}
	file = fopen("/proc/self/mountinfo", "re");
	if (file != NULL) {
		while (fread(&c, 1, 1, file) == 1)
			mounts += c == '\n';
		fclose(file);
	}
	line("mounts %ld", mounts);
}
