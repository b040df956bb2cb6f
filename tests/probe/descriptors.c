/* Open descriptors, and the terminals among them. */
#include "probe.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

static void
report_terminal(int fd)
{
	struct termios t;
	struct winsize size;
	char text[32], special[2 * NCCS + 1];

	if (tcgetattr(fd, &t) != 0)
		return;
	for (size_t i = 0; i < NCCS; i++)
		sprintf(special + 2 * i, "%02x", t.c_cc[i]);
	line("fd.%04d.termios %x %x %x %x %s", fd, t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag,
	    special);
	if (ioctl(fd, TIOCGWINSZ, &size) == 0)
		line("fd.%04d.window %u %u", fd, size.ws_row, size.ws_col);
	line("fd.%04d.foreground %s", fd, who(tcgetpgrp(fd), text));
	line("fd.%04d.session %s", fd, who(tcgetsid(fd), text));
}

static const char *
kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "pipe";
	case S_IFSOCK:
		return "socket";
	default:
		return "other";
	}
}

void
report_descriptors(void)
{
	struct rlimit limit;
	struct stat st, other;
	char path[32], target[4096];
	ssize_t length;
	int flags, last, same, tty;

	last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur
	                                                                       : 65536;
	for (int fd = 0; fd < last; fd++) {
		/* With F_GETFL and not by reading /proc/self/fd: that would open one more. */
		flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fstat(fd, &st) != 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = '\0';
		/* "pipe:[1234]": the number is another one at each start. */
		if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
			target[strcspn(target, "[")] = '\0';
		for (same = 0; same < fd; same++) {
			if (fstat(same, &other) == 0 && other.st_dev == st.st_dev
			    && other.st_ino == st.st_ino)
				break;
		}
		line("fd.%04d %s %s flags %#o close-on-exec %d offset %lld device %u:%u same as %d",
		    fd, kind(st.st_mode), quoted(target), (unsigned)flags, fcntl(fd, F_GETFD),
		    S_ISREG(st.st_mode) ? (long long)lseek(fd, 0, SEEK_CUR) : 0LL,
		    major(st.st_rdev), minor(st.st_rdev), same);
		report_terminal(fd);
	}
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	line("controlling-terminal %s", tty >= 0 ? "yes" : "no");
	if (tty >= 0)
		close(tty);
}
