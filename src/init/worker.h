/*
 * worker: the process that keeps sshd running beside the user's command.
 *
 * It is a loop (init/loop.h) around a few services (init/service.h). Whoever owns a service, or has
 * something to watch, gives calls (struct worker_calls); all of them run here, one at a time, and
 * may block only for moments: longer work is a task, which is a service with once set. The worker
 * also reaps every process that SSH sessions leave behind.
 *
 * When a worker dies, another one begins from the same memory, as it was when monitor_start was
 * called, so calls must not count on what an earlier worker remembered.
 */
#ifndef SSHINIT_INIT_WORKER_H
#define SSHINIT_INIT_WORKER_H

#include "init/loop.h"
#include "init/service.h"

enum { SERVICES_MOST = 8 };

/* What sshinit --wait and strict starts want to know. */
enum readiness {
	READY_UNKNOWN, /* nothing was said in time */
	READY_UP,      /* SSH answers */
	READY_OFF,     /* nothing was wrong, but nothing is to run (no key) */
	READY_FAILED,  /* SSH will not come up, or a strict start must be refused */
	READY_STOPPED, /* while it waited, the asking process was told to end */
};

struct worker_calls {
	void *context;
	const struct service *services;
	int service_count; /* SERVICES_MOST at most */
	int grace;         /* milliseconds between SIGTERM and SIGKILL at the end; 0: 2000 */
	const int *keep;   /* open descriptors the worker needs; all others are closed there */
	int keep_count;
	char *const *command; /* the user's command, or NULL; see init/hidden.h */
	bool execs_next;      /* see init/hidden.h */
	bool stays;           /* hold or supervise: no command takes the place of this process */

	/* Each of these may be NULL. */
	void (*begin)(struct worker *worker, void *context); /* first; watches and timers go here */
	void (*reload)(
	    struct worker *worker, void *context); /* SIGHUP; all are prepared after it */
	void (*command_runs)(struct worker *worker, void *context); /* the exec is over */
	void (*over)(struct worker *worker, void *context);         /* last, all processes ended */
};

/* For watches and timers of one's own. */
struct loop *worker_loop(struct worker *worker);

/* Calls prepare of the service with that name, and obeys. From within prepare: of another one. */
void worker_consult(struct worker *worker, const char *name);

/* Tells the process that is about to become the command; the first answer counts. */
void worker_ready(struct worker *worker, enum readiness readiness);

/* As SIGHUP does: the reload call, then every service is prepared. */
void worker_reload(struct worker *worker);

/* Ends everything in good order. */
void worker_end(struct worker *worker);

/* The two that init/monitor.c hands to the holder (setup and work of struct hidden); context is a
 * struct worker_calls. */
void worker_setup(void *context);
int worker_run(void *context, int link);

/* calls->grace, or what it is where that is 0. */
int worker_grace(const struct worker_calls *calls);

/* What goes over the link: one packet each. */
enum worker_word { WORD_READY = 'r', WORD_RELOAD = 'l', WORD_STOP = 's', WORD_RUNS = 'c' };
struct worker_message {
	int word;
	int value; /* a readiness; for WORD_STOP the grace in milliseconds */
};

#endif
