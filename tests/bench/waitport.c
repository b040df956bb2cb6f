/*
 * waitport ADDRESS PORT SECONDS: ends as soon as ADDRESS:PORT accepts a connection.
 *
 * ADDRESS may belong to nobody yet: each try is given up after a few milliseconds, because TCP
 * itself would ask again after a whole second only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TRY_MS = 3 };

static int
answers(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
	socklen_t len = sizeof(error);
	struct pollfd poll_fd = { fd, POLLOUT, 0 };
	int open = 0;

	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		open = 1;
	else if (errno == EINPROGRESS && poll(&poll_fd, 1, TRY_MS) > 0)
		open = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
	close(fd);
	return open;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	const struct timespec pause = { 0, 500 * 1000 };
	time_t until;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
		fprintf(stderr, "usage: waitport ADDRESS PORT SECONDS\n");
		return 64;
	}
	address.sin_port = htons((uint16_t)atoi(argv[2]));
	until = time(NULL) + atoi(argv[3]);
	while (!answers(&address)) {
		if (time(NULL) > until)
			return 1;
		nanosleep(&pause, NULL);
	}
	return 0;
}
