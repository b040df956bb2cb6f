#include "pod/sockets.h"

#include "base/span.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ESTABLISHED = 1, LISTEN = 10, INODES = 64 };

static const char *const tables[] = { "/proc/net/tcp", "/proc/net/tcp6" };

/* One line of a table. Addresses are in the kernel's own form: words of the network order. */
struct line {
	unsigned local_port, remote_port, state;
	char remote[33];
	unsigned long inode;
};

static bool
parse(const char *text, struct line *line)
{
	return sscanf(text,
	           " %*d: %*[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%x %x %*x:%*x %*x:%*x %*x %*u %*u %lu",
	           &line->local_port, line->remote, &line->remote_port, &line->state, &line->inode)
	       == 5;
}

/* An address as the tables write it, "" where text is none. mapped: an IPv4 address in the IPv6
 * table. */
static void
kernel_form(char out[33], const char *text, bool mapped)
{
	uint32_t words[4] = { 0, 0, htonl(0xffff), 0 };

	out[0] = '\0';
	if (inet_pton(AF_INET, text, &words[3]) == 1) {
		if (mapped)
			snprintf(
			    out, 33, "%08X%08X%08X%08X", words[0], words[1], words[2], words[3]);
		else
			snprintf(out, 33, "%08X", words[3]);
	} else if (inet_pton(AF_INET6, text, words) == 1) {
		snprintf(out, 33, "%08X%08X%08X%08X", words[0], words[1], words[2], words[3]);
	}
}

/* The sockets of the lines that wanted says yes to, into inodes: how many. */
static int
find_inodes(unsigned long inodes[INODES], bool (*wanted)(const struct line *line, const void *what),
    const void *what)
{
	int n = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		FILE *file = fopen(tables[i], "re");
		char text[512];
		struct line line;

		while (file != NULL && n < INODES && fgets(text, sizeof(text), file) != NULL)
			if (parse(text, &line) && wanted(&line, what))
				inodes[n++] = line.inode;
		if (file != NULL)
			fclose(file);
	}
	return n;
}

static bool
holds(const char *pid, const unsigned long *inodes, int count)
{
	char path[300], target[64];
	DIR *directory;
	const struct dirent *entry;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	directory = opendir(path);
	while (directory != NULL && !found && (entry = readdir(directory)) != NULL) {
		unsigned long inode;
		ssize_t len
		    = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		if (len <= 0)
			continue;
		target[len] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) == 1)
			for (int i = 0; i < count; i++)
				found = found || inodes[i] == inode;
	}
	if (directory != NULL)
		closedir(directory);
	return found;
}

static int
find_processes(pid_t pids[SOCKETS_HOLDERS], const unsigned long *inodes, int count)
{
	DIR *processes = count > 0 ? opendir("/proc") : NULL;
	const struct dirent *entry;
	int n = 0;

	while (processes != NULL && n < SOCKETS_HOLDERS && (entry = readdir(processes)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9'
		    && holds(entry->d_name, inodes, count))
			pids[n++] = (pid_t)strtol(entry->d_name, NULL, 10);
	if (processes != NULL)
		closedir(processes);
	return n;
}

struct connection {
	char plain[33], mapped[33];
	unsigned port;
};

static bool
is_connection(const struct line *line, const void *what)
{
	const struct connection *c = what;

	return line->state == ESTABLISHED && line->remote_port == c->port
	       && (strcmp(line->remote, c->plain) == 0 || strcmp(line->remote, c->mapped) == 0);
}

int
sockets_holders(pid_t pids[SOCKETS_HOLDERS], const char *address, long port)
{
	struct connection c = { .port = (unsigned)port };
	unsigned long inodes[INODES];

	kernel_form(c.plain, address, false);
	kernel_form(c.mapped, address, true);
	if (c.plain[0] == '\0')
		return 0;
	return find_processes(pids, inodes, find_inodes(inodes, is_connection, &c));
}

static bool
is_listener(const struct line *line, const void *what)
{
	return line->state == LISTEN && line->local_port == *(const unsigned *)what;
}

int
sockets_listeners(pid_t pids[SOCKETS_HOLDERS], long port)
{
	unsigned wanted = (unsigned)port;
	unsigned long inodes[INODES];

	return find_processes(pids, inodes, find_inodes(inodes, is_listener, &wanted));
}
