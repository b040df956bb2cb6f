/*
 * ssh: keeps SSH up. The worker's services, the plan in force, and what is known of sshd.
 *
 * The services are sshd itself, the fetcher of keys-url (init/refresh) and the installer of
 * openssh-server (init/installing). Before each start of sshd, and at each reload, a plan is made
 * and applied; the plan in force stays, because --check, the log of refused logins and the next
 * plan refer to it.
 */
#ifndef SSHINIT_INIT_SSH_H
#define SSHINIT_INIT_SSH_H

#include "init/worker.h"
#include "sshd/fetch.h"
#include "sshd/follow.h"
#include "sshd/install.h"
#include "sshd/logbook.h"
#include "sshd/report.h"

/* There is one, filled in before the monitor is started. A worker is a fork of that process, so
 * each new worker begins with it as it was then. */
struct ssh {
	const struct settings *settings;
	const struct findings *settings_findings;
	const char *config;  /* the file that --config named, or NULL */
	struct arena *arena; /* for what outlives a plan */
	bool strict;
	bool command_owns_terminal; /* nothing is written once the command runs */
	bool entries_logged;

	struct worker *worker;
	struct state state;
	struct findings state_findings; /* of making the state directory; every plan has them */
	struct set said;                /* the findings of the last plan, which were logged */
	struct plan *plan;              /* the one in force */
	bool running;                   /* the first plan was made */
	bool up;                        /* sshd listens */
	long holding[PORTS_MOST + 1];   /* at these ports, 0-terminated */
	const char *argv[8];            /* of sshd */
	struct logbook logbook;
	bool saving;        /* a timer is set to write the logbook down */
	int64_t no_process; /* when a login last found the container full, and it was said */

	struct follow follow; /* tells that a source has changed */
	bool changed;         /* and a reload is on its way */
	bool files_only;      /* this reload is for a file: no address is asked again */
	struct fetch fetch;
	struct install install;
};

/* The one there is, with nothing done yet. */
struct ssh *ssh_new(const struct settings *settings, const struct findings *findings,
    const char *config, struct arena *arena);

/* Fills in the services and calls that keep SSH up. services has room for SERVICES_MOST, and must
 * live as long as calls. */
void ssh_calls(struct ssh *ssh, struct service *services, struct worker_calls *calls);

/* Writes the status file: the plan in force as --check --json shows it. */
void ssh_write_status(const struct ssh *ssh);

#endif
