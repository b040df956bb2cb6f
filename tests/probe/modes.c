/* What the probe can do instead of reporting. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int
do_signal(int number)
{
	sigset_t all;

	signal(number, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	kill(getpid(), number);
	/* The kernel spares PID 1 what it sends itself, but not a real fault; SIGILL stands for
	 * these. */
	if (number == SIGILL)
		__builtin_trap();
	fprintf(stderr, "probe: signal %d did not end pid %d\n", number, getpid());
	return 99;
}

int
do_signals(void)
{
	sigset_t all;
	int number;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	do {
		number = sigwaitinfo(&all, NULL);
		if (number > 0)
			printf("signal %d: %s\n", number, strsignal(number));
	} while (number != SIGTERM);
	return 0;
}

int
do_wait(void)
{
	int count = 0;

	while (wait(NULL) > 0)
		count++;
	printf("waited for %d children: %s\n", count, strerror(errno));
	return 0;
}

static int
zombies(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], text[512], *state;
	FILE *file;
	int count = 0;

	if (proc == NULL)
		die("/proc");
	while ((entry = readdir(proc)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		/* The name may hold anything, so the state is what follows its last parenthesis. */
		if (fgets(text, sizeof(text), file) != NULL && (state = strrchr(text, ')')) != NULL)
			count += strncmp(state, ") Z", 3) == 0;
		fclose(file);
	}
	closedir(proc);
	return count;
}

int
do_orphans(int wanted)
{
	int alive[2], reaped = 0, left = 0;
	pid_t child;
	char c;

	if (pipe2(alive, O_CLOEXEC) != 0)
		die("pipe2");
	for (int i = 0; i < wanted; i++) {
		child = fork();
		if (child < 0)
			die("fork");
		if (child == 0) {
			/* The grandchild ends after its parent, and holds the pipe until then. */
			if (fork() == 0)
				usleep(100 * 1000);
			_exit(0);
		}
		if (waitpid(child, NULL, 0) != child)
			die("waitpid");
	}
	close(alive[1]);
	if (read(alive[0], &c, 1) != 0)
		die("read");
	/* They have ended. Whoever is to reap them gets 20 seconds; as PID 1 that is us. */
	for (int tries = 0; tries < 2000; tries++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			reaped++;
		left = zombies();
		if (left == 0)
			break;
		usleep(10 * 1000);
	}
	printf("orphans %d, reaped here %d, zombies %d\n", wanted, reaped, left);
	return left != 0;
}

int
do_env0(void)
{
	for (char **each = environ; *each != NULL; each++)
		fwrite(*each, 1, strlen(*each) + 1, stdout);
	return 0;
}

int
do_sleep(void)
{
	sigset_t end;
	int number;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	while (sigwait(&end, &number) != 0)
		continue;
	return 0;
}
