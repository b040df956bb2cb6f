/* init/exec: what a shell would find, what it would answer, and that the signals are given back. */
#include "init/exec.h"

#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static char dir[] = "/tmp/test_init_exec.XXXXXX";

static void
make_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static int
set_up(void **unused)
{
	char path[128];

	(void)unused;
	if (mkdtemp(dir) == NULL || chmod(dir, 0755) != 0)
		return 1;
	snprintf(path, sizeof(path), "%s/first", dir);
	mkdir(path, 0755);
	make_file("first/tool", "not executable", 0644);
	snprintf(path, sizeof(path), "%s/first/folder", dir);
	mkdir(path, 0755);
	make_file("tool", "#!/bin/sh\nexit 11\n", 0755);
	make_file("plain", "exit 12\n", 0755);
	make_file("orphan", "#!/no/such/interpreter\n", 0755);
	make_file("locked", "#!/bin/sh\nexit 13\n", 0644);
	return 0;
}

static int
tear_down(void **unused)
{
	char command[160];

	(void)unused;
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return system(command);
}

/* The status of a process that tries to become name, with that PATH (NULL: none at all). */
static int
status_of(const char *name, const char *path)
{
	char *argv[] = { (char *)name, NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		log_set_level(LOG_QUIET);
		if (chdir(dir) != 0)
			_exit(99);
		if (path != NULL)
			setenv("PATH", path, 1);
		else
			unsetenv("PATH");
		command_guard();
		_exit(command_exec(argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_found_as_a_shell_finds(void **unused)
{
	char path[256];

	(void)unused;
	assert_int_equal(status_of("true", NULL), 0);
	assert_int_equal(status_of("./tool", "/nowhere"), 11);
	assert_int_equal(status_of("tool", dir), 11);
	/* The working directory: an empty element, in front, in the middle, at the end, alone. */
	assert_int_equal(status_of("tool", ":/nowhere"), 11);
	assert_int_equal(status_of("tool", "/nowhere::/bin"), 11);
	assert_int_equal(status_of("tool", "/nowhere:"), 11);
	assert_int_equal(status_of("tool", ""), 11);
	/* What cannot be executed is passed by. */
	snprintf(path, sizeof(path), "/dev/null:%s/first:%s", dir, dir);
	assert_int_equal(status_of("tool", path), 11);
}

static void
test_not_found_is_127(void **unused)
{
	char path[6000];

	(void)unused;
	assert_int_equal(status_of("no-such-command", "/bin:/usr/bin"), 127);
	assert_int_equal(status_of("/no/such/command", "/bin"), 127);
	assert_int_equal(status_of("./tool/below", "/bin"), 127);
	assert_int_equal(status_of("", "/bin"), 127);
	assert_int_equal(status_of("./orphan", "/bin"), 127);
	/* A directory too long to exist does not end the search. */
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	snprintf(path + 5000, sizeof(path) - 5000, ":%s", dir);
	assert_int_equal(status_of("tool", path), 11);
	snprintf(path + 300, sizeof(path) - 300, ":%s", dir);
	assert_int_equal(status_of("tool", path), 11);
}

static void
test_not_executable_is_126(void **unused)
{
	char path[256];

	(void)unused;
	assert_int_equal(status_of("./locked", "/bin"), 126);
	assert_int_equal(status_of("./first", "/bin"), 126);
	snprintf(path, sizeof(path), "%s/first", dir);
	assert_int_equal(status_of("folder", path), 126);
	assert_int_equal(status_of("tool", path), 126);
	/* A script without #!: exec format error, as without sshinit. */
	assert_int_equal(status_of("./plain", "/bin"), 126);
	assert_int_equal(status_of("plain", dir), 126);
}

/* What of the guarded signals is ignored in a command that was started with these ignored. */
static unsigned long
ignored_in_command(bool ignored)
{
	static char *argv[]
	    = { "sh", "-c", "sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status", NULL };
	char text[64] = "";
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, ignored ? SIG_IGN : SIG_DFL);
		signal(SIGXFSZ, ignored ? SIG_IGN : SIG_DFL);
		signal(SIGTTOU, ignored ? SIG_IGN : SIG_DFL);
		dup2(ends[1], STDOUT_FILENO);
		command_guard();
		command_guard();
		_exit(command_exec(argv));
	}
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	waitpid(pid, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	return strtoul(text, NULL, 16);
}

static void
test_signals_are_given_back(void **unused)
{
	const unsigned long guarded
	    = 1UL << (SIGPIPE - 1) | 1UL << (SIGXFSZ - 1) | 1UL << (SIGTTOU - 1);

	(void)unused;
	assert_int_equal(ignored_in_command(false) & guarded, 0);
	assert_int_equal(ignored_in_command(true) & guarded, guarded);
}

/* No shell can make such an environment, but a container engine can: the same name twice, no name,
 * no value, nothing at all. */
static char *odd_environment[] = { "TWICE=1", "TWICE=2", "NOVALUE", "=noname", "",
	"EMPTY=", "PATH=/bin", "BASH_FUNC_f%%=() { :\n}", "BYTES=\x01\xff", NULL };

static void
test_environment_byte_for_byte(void **unused)
{
	char *argv[] = { "/proc/self/exe", "compare-environment", "", "a b", NULL };
	int status;
	pid_t pid = fork();

	(void)unused;
	if (pid == 0) {
		command_guard();
		environ = odd_environment;
		_exit(command_exec(argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
compare_environment(int argc, char **argv)
{
	size_t i = 0;

	for (; odd_environment[i] != NULL && environ[i] != NULL; i++)
		if (strcmp(odd_environment[i], environ[i]) != 0)
			return 1;
	return environ[i] == NULL && odd_environment[i] == NULL && argc == 4 && argv[2][0] == '\0'
	               && strcmp(argv[3], "a b") == 0
	           ? 0
	           : 2;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_as_a_shell_finds),
		cmocka_unit_test(test_not_found_is_127),
		cmocka_unit_test(test_not_executable_is_126),
		cmocka_unit_test(test_signals_are_given_back),
		cmocka_unit_test(test_environment_byte_for_byte),
	};

	if (argc > 1 && strcmp(argv[1], "compare-environment") == 0)
		return compare_environment(argc, argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
