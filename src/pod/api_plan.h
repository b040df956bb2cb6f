/*
 * api_plan: where the key API is to answer, and with which token. What is wrong is a finding, and
 * then there is no API: it never answers without a token, nor where strangers could reach it
 * unless that was asked for in so many words.
 */
#ifndef SSHINIT_POD_API_PLAN_H
#define SSHINIT_POD_API_PLAN_H

#include "base/settings.h"

#include <sys/socket.h>

struct api_address {
	struct sockaddr_storage where;
	socklen_t len;
	bool loopback; /* only this pod (its network namespace) can reach it; also a Unix socket */
};

/* Reads "127.0.0.1:8722", "[::1]:8722", "localhost:8722", "0.0.0.0:8722", ":8722" (all addresses)
 * or an absolute path. False where text is none of these: names are not looked up. */
bool api_address_read(struct api_address *address, const char *text);

struct api_plan {
	bool on; /* it can be started */
	struct api_address address;
	const char *token; /* in the findings' arena */
};

struct api_plan api_plan(const struct settings *settings, struct findings *findings);

#endif
