#include "api/server.h"

#include "api/answer.h"
#include "api/confine.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	CONNECTIONS = 32,
	SECONDS_IDLE = 10,
	SECONDS_TOTAL = 30,
	HEADER_MOST = 16 * 1024,
	REQUESTS_HELD = 100, /* with the right token */
	REQUESTS_PER_SECOND = 20,
	WRONG_HELD = 50, /* beyond this, wrong tokens are answered shortly */
	WRONG_PER_SECOND = 10,
	TOLD_HELD = 5, /* lines about them in the log */
	WAIT_MS = 1000,
	PEER = 128,
	MILLISECONDS = 1000
};

struct server {
	const struct api_server *given;
	const struct account *accounts;
	uint8_t token[API_DIGEST];
	time_t started;
	struct api_bucket requests, wrong;
	struct api_bucket told; /* one comes back every ten seconds */
	unsigned long untold;
};

/* One request on its way in. */
struct incoming {
	char *body;
	size_t len, cap;
	bool too_large;
	int64_t since;
};

/* ---- the store ----------------------------------------------------------------------------- */

struct visit {
	const struct server *server;
	struct arena *arena;
};

static struct access
access_of(const struct visit *visit, const char *user)
{
	struct access access = { .arena = visit->arena,
		.account = visit->server->accounts,
		.state = visit->server->given->state,
		.now = time(NULL) };

	while (user != NULL && access.account != NULL && strcmp(access.account->name, user) != 0)
		access.account = access.account->next;
	return access;
}

static bool
knows(void *context, const char *user)
{
	return access_of(context, user).account != NULL;
}

static struct access_key *
list(void *context, const char *user)
{
	struct access access = access_of(context, user);

	return access_list(&access, NULL);
}

static enum access_result
add(void *context, const char *user, const struct entry *entry, struct findings *findings)
{
	struct access access = access_of(context, user);

	return access_add(&access, entry, findings);
}

static enum access_result
remove_key(void *context, const char *user, const char *which, const char **fingerprint,
    struct findings *findings)
{
	struct access access = access_of(context, user);

	return access_remove(&access, which, true, fingerprint, findings);
}

/* ---- one request --------------------------------------------------------------------------- */

static void
name_peer(char peer[PEER], struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info
	    = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
	char host[INET6_ADDRSTRLEN] = "?";
	struct ucred who;
	socklen_t len = sizeof(who);

	snprintf(peer, PEER, "?");
	if (address != NULL && address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(peer, PEER, "%s port %u", host, (unsigned)ntohs(in->sin_port));
	} else if (address != NULL && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)address;

		inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host));
		snprintf(peer, PEER, "%s port %u", host, (unsigned)ntohs(in->sin6_port));
	} else {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info != NULL
		    && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
			snprintf(
			    peer, PEER, "user id %u, process %d", (unsigned)who.uid, (int)who.pid);
	}
}

static void
log_answer(struct server *server, struct MHD_Connection *connection,
    const struct api_response *response, int64_t now)
{
	char peer[PEER];

	if (response->event == NULL && response->status != MHD_HTTP_UNAUTHORIZED)
		return;
	name_peer(peer, connection);
	if (response->event != NULL) {
		dprintf(STDERR_FILENO, "%s: %s\n", peer, response->event);
	} else if (!api_take(&server->told, TOLD_HELD * 10, 1, now)) {
		server->untold++;
	} else {
		/* A line costs ten of what comes back one a second; api_take has taken the first.
		 */
		server->told.thousandths -= 9000;
		dprintf(STDERR_FILENO, "%s: a wrong token, or none\n", peer);
		if (server->untold > 0)
			dprintf(STDERR_FILENO, "%lu such requests before were not logged\n",
			    server->untold);
		server->untold = 0;
	}
}

static enum MHD_Result
send_answer(struct MHD_Connection *connection, const struct api_response *response)
{
	struct MHD_Response *reply = MHD_create_response_from_buffer(
	    strlen(response->body), (void *)(uintptr_t)response->body, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (reply == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(reply, "Content-Type", "application/json");
	(void)MHD_add_response_header(reply, "Cache-Control", "no-store");
	if (response->allow != NULL)
		(void)MHD_add_response_header(reply, "Allow", response->allow);
	if (response->status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(reply, "WWW-Authenticate", "Bearer");
	result = MHD_queue_response(connection, response->status, reply);
	MHD_destroy_response(reply);
	return result;
}

static void
make_trace(char trace[API_TRACE])
{
	uint8_t random[16] = { 0 };

	(void)getrandom(random, sizeof(random), GRND_NONBLOCK);
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(trace + 2 * i, 3, "%02x", random[i]);
}

static enum MHD_Result
answer(struct server *server, struct MHD_Connection *connection, struct api_request *request)
{
	struct arena *arena = arena_new();
	struct visit visit = { server, arena };
	const struct api_store store = { &visit, knows, list, add, remove_key };
	struct api api = { .arena = arena,
		.store = &store,
		.rules = { settings_flag(server->given->settings, SET_REPAIR), time(NULL) },
		.started = server->started };
	struct api_response response;
	enum MHD_Result result;
	int64_t now = clock_ms();

	memcpy(api.token, server->token, sizeof(api.token));
	make_trace(api.trace);
	api.busy = !api_take(&server->requests, REQUESTS_HELD, REQUESTS_PER_SECOND, now);
	request->user = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "user");
	request->authorization
	    = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	response = api_answer(&api, request);
	if (response.status == MHD_HTTP_UNAUTHORIZED) {
		/* The right token never waits for those who guess: give back what was taken. */
		server->requests.thousandths += api.busy ? 0 : MILLISECONDS;
		if (!api_take(&server->wrong, WRONG_HELD, WRONG_PER_SECOND, now))
			response.status = MHD_HTTP_TOO_MANY_REQUESTS;
	}
	result = send_answer(connection, &response);
	if (response.status == MHD_HTTP_TOO_MANY_REQUESTS)
		server->untold++;
	else
		log_answer(server, connection, &response, now);
	arena_free(arena);
	return result;
}

static enum MHD_Result
take_body(struct incoming *in, const char *data, size_t len)
{
	if (clock_ms() - in->since > SECONDS_TOTAL * MILLISECONDS)
		return MHD_NO;
	if (in->too_large || in->len + len > API_BODY_MOST) {
		in->too_large = true;
		return MHD_YES;
	}
	if (in->len + len > in->cap) {
		size_t cap = (in->len + len) * 2;
		char *body = realloc(in->body, cap);

		if (body == NULL)
			return MHD_NO;
		in->body = body;
		in->cap = cap;
	}
	memcpy(in->body + in->len, data, len);
	in->len += len;
	return MHD_YES;
}

static enum MHD_Result
handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *len, void **state)
{
	struct incoming *in = *state;
	struct api_request request = { .method = method, .path = url };

	(void)version;
	if (in == NULL) {
		in = calloc(1, sizeof(*in));
		if (in == NULL)
			return MHD_NO;
		in->since = clock_ms();
		*state = in;
		return MHD_YES;
	}
	if (*len > 0) {
		enum MHD_Result result = take_body(in, data, *len);

		*len = 0;
		return result;
	}
	request.body = (struct span){ in->len > 0 ? in->body : "", in->len };
	request.too_large = in->too_large;
	return answer(context, connection, &request);
}

static void
forget(void *context, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct incoming *in = *state;

	(void)context;
	(void)connection;
	(void)why;
	if (in != NULL)
		free(in->body);
	free(in);
	*state = NULL;
}

/* ---- the process --------------------------------------------------------------------------- */

static _Noreturn void
out_of_memory(void)
{
	_exit(1);
}

static int
failed(const char *what)
{
	dprintf(STDERR_FILENO, "cannot serve: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Listens; a socket file of an earlier run is replaced, anything else at its place is not. */
static int
open_socket(const struct api_address *address)
{
	const struct sockaddr *where = (const struct sockaddr *)(const void *)&address->where;
	const char *path = ((const struct sockaddr_un *)(const void *)where)->sun_path;
	bool is_path = where->sa_family == AF_UNIX;
	const int yes = 1;
	struct stat status;
	int fd = socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (is_path && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		(void)unlink(path);
	umask(0177); /* of this process alone; the socket is made 0600 */
	if (bind(fd, where, address->len) < 0 || listen(fd, CONNECTIONS) < 0) {
		close(fd);
		return -1;
	}
	umask(0077);
	return fd;
}

int
api_run(void *context)
{
	const struct api_server *given = context;
	struct arena *arena = arena_new();
	struct findings findings = findings_new(arena);
	struct server server = { .given = given, .started = time(NULL) };
	struct MHD_Daemon *daemon;
	bool filtered;
	int fd;

	arena_exhausted = out_of_memory;
	api_digest(server.token, given->plan->token);
	server.accounts = accounts_plan(arena, given->settings, &findings);
	fd = open_socket(&given->plan->address);
	if (fd < 0)
		return failed(settings_text(given->settings, SET_API));
	daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, &server,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS_IDLE,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MOST, MHD_OPTION_NOTIFY_COMPLETED,
	    forget, &server, MHD_OPTION_END);
	if (daemon == NULL)
		return failed("libmicrohttpd");
	if (confine(server.accounts, &filtered) < 0)
		return failed("giving up privileges");
	dprintf(STDERR_FILENO, "answers on %s%s\n", settings_text(given->settings, SET_API),
	    filtered ? "" : " (this kernel has no seccomp filter for it)");
	for (;;)
		if (MHD_run_wait(daemon, WAIT_MS) != MHD_YES && errno != EINTR)
			return failed("waiting");
}
