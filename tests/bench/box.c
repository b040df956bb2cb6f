/*
 * box: times how long a process takes to start in a container of its own.
 *
 *	box port PORT ROUNDS ROOT -- LABEL LAYER COMMAND [ARG...] [-- LABEL LAYER COMMAND ...]
 *	box command   ROUNDS ROOT -- LABEL LAYER COMMAND [ARG...] ...
 *	box stay             ROOT -- LABEL LAYER COMMAND [ARG...]
 *
 * port     from the exec of COMMAND until sshd accepts a connection at 127.0.0.1:PORT
 * command  from the exec of COMMAND until its grandchild (tests/bench/word.c) writes to descriptor
 *3 stay     prints the pid of COMMAND, which runs until this is killed; it shares the caller's
 *network, so that a client can reach it
 *
 * Each start has new pid, mount, ipc, uts and (but for stay) network namespaces, and a root of its
 * own: an overlay of a tmpfs over LAYER (a directory, or "") over ROOT. So COMMAND is PID 1 of a
 * fresh container and the host is never touched; making the container is not part of the time. The
 * commands take turns, ROUNDS times, after one round that does not count. Standard error of COMMAND
 * goes to $BOX_LOG, if it is set.
 *
 * Output: a line for each start, "LABEL<tab>NANOSECONDS".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_SECONDS = 20, POLL_NS = 50 * 1000, WORD_FD = 3, COMMANDS_MOST = 16 };

enum mode { PORT, COMMAND, STAY };

struct command {
	const char *label, *layer;
	char **argv;
};

static enum mode mode;
static int port;
static const char *root;

/* When COMMAND was about to be executed; shared with the process that does it. */
static volatile int64_t *began;

static int64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void
must(bool well, const char *what)
{
	if (well)
		return;
	fprintf(stderr, "box: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the container ------------------------------------------------------------------------- */

static void
make_device(const char *name, unsigned major, unsigned minor)
{
	must(mknod(name, S_IFCHR | 0666, makedev(major, minor)) == 0 && chmod(name, 0666) == 0,
	    name);
}

/* A tmpfs that holds all the container writes, on a directory that exists everywhere; then the
 * root on top of it. */
static void
make_root(const char *layer)
{
	static const char place[] = "/tmp";
	char options[8192];

	must(mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private mounts");
	/* The lower directories may lie in the place itself: they are found by descriptor. */
	int lower = open(root, O_PATH | O_DIRECTORY), above = -1;

	must(lower >= 0, root);
	if (layer[0] != '\0') {
		above = open(layer, O_PATH | O_DIRECTORY);
		must(above >= 0, layer);
	}
	must(mount("box", place, "tmpfs", 0, "mode=0755") == 0 && chdir(place) == 0, place);
	must(mkdir("upper", 0755) == 0 && mkdir("work", 0755) == 0 && mkdir("root", 0755) == 0,
	    "mkdir");
	if (above >= 0)
		snprintf(options, sizeof(options),
		    "lowerdir=/proc/self/fd/%d:/proc/self/fd/%d,upperdir=upper,workdir=work", above,
		    lower);
	else
		snprintf(options, sizeof(options),
		    "lowerdir=/proc/self/fd/%d,upperdir=upper,workdir=work", lower);
	must(mount("box", "root", "overlay", 0, options) == 0, "overlay");
	must(chdir("root") == 0, "root");
	must(mount("box", "dev", "tmpfs", 0, "mode=0755") == 0, "/dev");
	make_device("dev/null", 1, 3);
	make_device("dev/zero", 1, 5);
	make_device("dev/random", 1, 8);
	make_device("dev/urandom", 1, 9);
	make_device("dev/tty", 5, 0);
	must(mkdir("dev/pts", 0755) == 0 && mkdir("dev/shm", 01777) == 0, "/dev");
	must(mount("box", "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") == 0, "/dev/pts");
	must(symlink("pts/ptmx", "dev/ptmx") == 0, "/dev/ptmx");
	close(lower);
	if (above >= 0)
		close(above);
}

static void
raise_loopback(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "lo");
	close(fd);
}

/* PID 1 of the container: waits at the gate, and becomes COMMAND. */
static _Noreturn void
become(const struct command *command, int gate, int word)
{
	const char *log = getenv("BOX_LOG");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int err = open(
	    log != NULL ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	char byte;

	must(mount("proc", "proc", "proc", 0, NULL) == 0, "/proc");
	must(chroot(".") == 0 && chdir("/") == 0, "chroot");
	must(null >= 0 && err >= 0, "log");
	unsetenv("BOX_LOG");
	sethostname("box", 3);
	dup2(null, 0);
	dup2(null, 1);
	dup2(err, 2);
	must(read(gate, &byte, 1) == 1, "gate");
	close(gate);
	if (word >= 0) {
		if (word == WORD_FD)
			fcntl(word, F_SETFD, 0);
		else
			dup2(word, WORD_FD);
	}
	*began = now();
	execv(command->argv[0], command->argv);
	must(false, command->argv[0]);
	exit(1);
}

/* ---- the times ----------------------------------------------------------------------------- */

/* When the connection was accepted, where an SSH server does; 0 otherwise. A socket that only tries
 * whether the port is free accepts too. */
static int64_t
opened(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int64_t when = 0;
	char said[4];

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		when = now();
		if (recv(fd, said, sizeof(said), MSG_WAITALL) != (ssize_t)sizeof(said))
			when = 0;
	}
	close(fd);
	return when;
}

static int64_t
until_open(void)
{
	const struct timespec pause = { 0, POLL_NS };
	int64_t when;

	prctl(PR_SET_TIMERSLACK, 1);
	while ((when = opened()) == 0)
		nanosleep(&pause, NULL);
	return when;
}

static int64_t
until_word(int word)
{
	int64_t said = 0;

	must(read(word, &said, sizeof(said)) == (ssize_t)sizeof(said), "the command said nothing");
	return said;
}

/* In a process of its own, whose namespaces end with it. */
static _Noreturn void
one_start(const struct command *command, bool counts)
{
	int gate[2], word[2];
	int64_t end = 0;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(mode == STAY ? 0 : LIMIT_SECONDS);
	must(pipe2(gate, O_CLOEXEC) == 0 && pipe2(word, O_CLOEXEC) == 0, "pipe");
	must(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS
	             | (mode == STAY ? 0 : CLONE_NEWNET))
	         == 0,
	    "namespaces (are you root?)");
	make_root(command->layer);
	if (mode != STAY)
		raise_loopback();
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		close(gate[1]);
		close(word[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		become(command, gate[0], mode == COMMAND ? word[1] : -1);
	}
	close(word[1]);
	must(write(gate[1], "", 1) == 1, "gate");
	if (mode == STAY) {
		printf("%d\n", (int)pid);
		fflush(stdout);
		waitpid(pid, NULL, 0);
		exit(0);
	} else {
		end = mode == PORT ? until_open() : until_word(word[0]);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (counts)
		printf("%s\t%lld\n", command->label, (long long)(end - *began));
	exit(0);
}

static void
start(const struct command *command, bool counts)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		one_start(command, counts);
	waitpid(pid, &status, 0);
	if (status == 0)
		return;
	fprintf(stderr, "box: %s: %s\n", command->label,
	    WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "failed");
	exit(1);
}

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: box port PORT ROUNDS ROOT | command ROUNDS ROOT | stay ROOT\n"
	                "       -- LABEL LAYER COMMAND [ARG...] [-- ...]\n");
	exit(64);
}

int
main(int argc, char **argv)
{
	struct command commands[COMMANDS_MOST];
	int count = 0, rounds = 0, i = 2;

	if (argc < 6)
		usage();
	mode = strcmp(argv[1], "port") == 0      ? PORT
	       : strcmp(argv[1], "command") == 0 ? COMMAND
	                                         : STAY;
	if (mode == PORT)
		port = atoi(argv[i++]);
	if (mode != STAY)
		rounds = atoi(argv[i++]);
	root = argv[i++];
	while (i + 3 < argc && strcmp(argv[i], "--") == 0 && count < COMMANDS_MOST) {
		commands[count++] = (struct command){ argv[i + 1], argv[i + 2], argv + i + 3 };
		argv[i] = NULL; /* ends the command before */
		for (i += 3; i < argc && strcmp(argv[i], "--") != 0; i++)
			;
	}
	if (count == 0 || i < argc)
		usage();
	began
	    = mmap(NULL, sizeof(*began), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(began != MAP_FAILED, "mmap");
	if (mode == STAY) {
		start(&commands[0], false);
		return 0;
	}
	for (int round = 0; round <= rounds; round++)
		for (int c = 0; c < count; c++)
			start(&commands[(c + round) % count], round > 0);
	return 0;
}
