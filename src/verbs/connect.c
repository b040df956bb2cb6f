#include "verbs/connect.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/options.h"
#include "pod/ways.h"
#include "sshd/report.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum format { TEXT, JSON, SSH_CONFIG };

static int
read_arguments(enum format *format, const struct verb_call *call)
{
	for (char **word = call->argv + 1; *word != NULL; word++) {
		const char *config = NULL, *wrong = NULL;
		int taken = 1;

		if (strcmp(*word, "--json") == 0 || strcmp(*word, "--format=json") == 0) {
			*format = JSON;
		} else if (strcmp(*word, "--format=text") == 0) {
			*format = TEXT;
		} else if (strcmp(*word, "--format=ssh-config") == 0) {
			*format = SSH_CONFIG;
		} else if (strcmp(*word, "--format") == 0) {
			word++;
			if (*word != NULL && strcmp(*word, "json") == 0)
				*format = JSON;
			else if (*word != NULL && strcmp(*word, "ssh-config") == 0)
				*format = SSH_CONFIG;
			else if (*word == NULL || strcmp(*word, "text") != 0)
				return options_wrong("--format", "it is text, json or ssh-config");
		} else {
			taken = options_take(call->settings, &config, word, &wrong);
			if (taken == 0)
				return options_wrong(*word, wrong);
			word += taken - 1;
		}
	}
	return 0;
}

/* The container's own address on its network; "" where it has none but loopback. */
static const char *
own_address(struct arena *arena)
{
	struct ifaddrs *list = NULL;
	const char *address = "";
	char text[INET_ADDRSTRLEN];

	if (getifaddrs(&list) < 0)
		return "";
	for (struct ifaddrs *i = list; i != NULL && address[0] == '\0'; i = i->ifa_next)
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET
		    && (i->ifa_flags & IFF_LOOPBACK) == 0
		    && inet_ntop(AF_INET,
		           &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, text,
		           sizeof(text))
		           != NULL)
			address = arena_strdup(arena, text);
	freeifaddrs(list);
	return address;
}

/* The way to that address, for who is on the same machine; "" where there is none. */
static const char *
way_inside(const struct plan *plan, const struct door *door)
{
	const struct reach inside
	    = { .host = own_address(plan->arena), .port = plan->ports[0], .jump = "" };

	return reach_ssh_line(plan->arena, &inside, door->user);
}

/* The public key of the CA that signed the host key, its text or its file. */
static const char *
host_authority(struct arena *arena, const struct settings *settings)
{
	const char *value = settings_text(settings, SET_HOST_CA);
	struct span text;

	if (value[0] == '/' && file_read(arena, AT_FDCWD, value, 64 * 1024, &text) == 0)
		value = text.data;
	return arena_strndup(arena, value, strcspn(value, "\r\n"));
}

static struct door
door_of(const struct plan *plan)
{
	struct door door = { .reach = &plan->reach, .user = "root", .identity = "id_ed25519" };
	struct stat status;

	door.host_key = plan->hostkey.public_line;
	door.host_ca = plan->hostkey.certificate[0] != '\0'
	                   ? host_authority(plan->arena, plan->settings)
	                   : "";
	door.directory = "/";
	if (plan->logins != NULL) {
		door.user = plan->logins->account->name;
		door.directory = plan->logins->account->home;
	}
	if (stat("/workspace", &status) == 0 && S_ISDIR(status.st_mode))
		door.directory = "/workspace";
	for (const struct entry *e = plan->entries.first; e != NULL; e = e->next)
		if (e->key != NULL && !e->key->authority) {
			door.identity = ways_identity(e->key->type);
			break;
		}
	return door;
}

static int
print_text(const struct plan *plan, const struct door *door)
{
	const struct way *way = ways_in(plan->arena, door);

	if (way == NULL) {
		printf("%s\n",
		    ways_unknown(plan->arena, door->reach, plan->ports[0], way_inside(plan, door)));
		if (door->host_key[0] != '\0')
			printf("%-15s %s\n%-15s %s\n", "host key", door->host_key, "",
			    plan->hostkey.fingerprint);
		return 1;
	}
	for (; way != NULL; way = way->next)
		printf("%-15s %s\n", way->name, way->line);
	printf("\n%s", ways_host_block(plan->arena, door));
	return 0;
}

static int
print_ssh_config(const struct plan *plan, const struct door *door)
{
	const char *block = ways_host_block(plan->arena, door);

	if (block[0] == '\0') {
		fprintf(stderr, "sshinit: %s\n",
		    ways_unknown(plan->arena, door->reach, plan->ports[0], way_inside(plan, door)));
		return 1;
	}
	printf(
	    "# made by: ssh ... sshinit --connect --format ssh-config >> ~/.ssh/config\n"
	    "# (a computer with sshinit does better: sshinit --config-ssh pins the host key)\n%s",
	    block);
	return 0;
}

static int
print_json(const struct plan *plan, const struct door *door)
{
	json_t *object = report_connect_json(plan), *ways = json_array();
	const char *known = ways_known_hosts(plan->arena, door);

	for (const struct way *way = ways_in(plan->arena, door); way != NULL; way = way->next)
		(void)json_array_append_new(
		    ways, json_pack("{s:s, s:s}", "name", way->name, "line", way->line));
	(void)json_object_set_new(object, "ways", ways);
	(void)json_object_set_new(
	    object, "host_block", json_string(ways_host_block(plan->arena, door)));
	(void)json_object_set_new(
	    object, "known_hosts", known[0] != '\0' ? json_string(known) : json_null());
	json_print(object);
	return 0;
}

/* For a session of a user who is not root, in a pod that root started. */
static void
take_from_root(struct plan *plan)
{
	const char *path = state_of_root(plan->arena, REPORT_CONNECT);
	struct span text;
	json_t *object;

	if (path == NULL || file_read(plan->arena, AT_FDCWD, path, 64 * 1024, &text) < 0)
		return;
	object = json_loadb(text.data, text.len, 0, NULL);
	if (object != NULL)
		report_connect_load(plan, object);
	json_decref(object);
}

int
verb_connect(const struct verb_call *call)
{
	enum format format = TEXT;
	int status = read_arguments(&format, call);
	const struct plan_inputs inputs = { .settings = call->settings,
		.findings = call->findings,
		.environment = call->environment,
		.now = time(NULL),
		.state = state_find(call->settings->arena),
		.holding = call->ports };
	struct plan *plan;
	struct door door;

	if (status != 0)
		return status;
	/* A public-host that cannot be one would be missed in silence. */
	log_findings(call->findings, NOTE);
	plan = plan_make(&inputs);
	if (!call->running)
		take_from_root(plan);
	door = door_of(plan);
	if (format == JSON)
		status = print_json(plan, &door);
	else if (format == SSH_CONFIG)
		status = print_ssh_config(plan, &door);
	else
		status = print_text(plan, &door);
	plan_free(plan);
	return status;
}
