/*
 * service: what the worker keeps running, and the table that says what happens when.
 *
 * A service is a program (sshd, the key API) that is to run as long as its owner wishes, or a task
 * that runs once to its end (installing a package, fetching keys). Its owner never starts or stops
 * anything: prepare is asked for a wish, and service_next turns the wish, or what happened to the
 * process, into the next state and one thing to do. The table in service.c is the whole behaviour.
 */
#ifndef SSHINIT_INIT_SERVICE_H
#define SSHINIT_INIT_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

/* What prepare answers. */
enum wish {
	WISH_OFF,   /* it must not run now */
	WISH_ON,    /* it is to run; left alone where it does already */
	WISH_AGAIN, /* it is to run anew with what start says now, even where it runs or is done */
};

/* How to start it. The strings belong to prepare's context and must live until its next call. */
struct start {
	const char *path; /* absolute; started without looking at PATH */
	char *const *argv;
	char *const *envp;
	int (*run)(
	    void *context); /* instead of path: called in the child, answers its exit status */
	int64_t limit;      /* milliseconds it may take; 0: no limit */
};

struct service {
	const char *name; /* for the log */
	bool once;        /* a task: ends well with status 0, is tried again after any other */
	bool whole;       /* each write(2) to its standard error is one line, see lines_add_whole */
	void *context;    /* for the calls below, all of which run in the worker */

	/* Plan and apply: makes ready what the service needs. Called at the beginning, before every
	 * new start, at a reload, and by worker_consult. Fills start unless it answers WISH_OFF. */
	enum wish (*prepare)(struct worker *worker, void *context, struct start *start);

	/* One line that it wrote to standard error. May be NULL: then the line is logged as it is.
	 */
	void (*line)(struct worker *worker, void *context, const char *text);

	/* Its process has ended, with a status as waitpid gives it. May be NULL. */
	void (*ended)(struct worker *worker, void *context, int status);
};

enum service_state {
	SERVICE_OFF,      /* not running, not wanted */
	SERVICE_UP,       /* running */
	SERVICE_PAUSED,   /* died; waits for its next start */
	SERVICE_ENDING,   /* told to end, to be off then */
	SERVICE_CHANGING, /* told to end, to be started anew then */
	SERVICE_OVERDUE,  /* told to end because it took too long, to be tried again then */
	SERVICE_DONE,     /* a task that ended well */
	SERVICE_STATES
};

enum service_event {
	EVENT_OFF, /* a wish: WISH_OFF and so on */
	EVENT_ON,
	EVENT_AGAIN,
	EVENT_DIED, /* the process ended and should not have */
	EVENT_DONE, /* the task ended well */
	EVENT_TIME, /* the timer: a pause is over, or patience is at an end */
	SERVICE_EVENTS
};

enum service_action {
	DO_NOTHING,
	DO_START,   /* start it (at most once a second: else a pause first) */
	DO_END,     /* SIGTERM, and a timer */
	DO_KILL,    /* SIGKILL */
	DO_PAUSE,   /* set the timer for the next start */
	DO_CONSULT, /* call prepare and obey its wish */
	DO_FORGET,  /* take the timer back */
};

struct service_step {
	enum service_state state;
	enum service_action action;
};

/* What event in state leads to. */
struct service_step service_next(enum service_state state, enum service_event event);

#endif
