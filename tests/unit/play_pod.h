/*
 * play_pod: a pod of a few processes, for tests of init/monitor with its holder and worker.
 *
 *     pod_start(sleep_for_ever, command_sleeps);    a service, and a function that is the command
 *     assert_true(eventually(started));
 *     ...
 *     pod_end();
 *
 * pod_start forks a process that plays sshinit and then the command ("the pod"). What its processes
 * observe they write into shared memory (shared), where the test reads it. What a pod is like
 * beyond its service and its command, a test says in play, calls and shared->wish before it starts
 * one.
 */
#ifndef SSHINIT_TESTS_PLAY_POD_H
#define SSHINIT_TESTS_PLAY_POD_H

#include "init/monitor.h"
#include "unit/processes.h"

#include <stdio.h>
#include <unistd.h>

/* An assertion within a pod, where cmocka's would not be heard. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			_exit(99);                                                                 \
		}                                                                                  \
	} while (0)

enum { STARTS = 16 };

/* What the processes of a pod tell the test. Times are loop_now's. */
struct shared {
	pid_t holder, worker, daemon;
	int64_t pod_began, command_ended;
	pid_t started[STARTS];      /* the service, again and again */
	int64_t started_at[STARTS]; /* or a moment before: when the worker had prepared it */
	int starts, ends, lines, reloads, workers;
	int last_status;         /* how the service ended, as wait says */
	bool daemon_outlived;    /* it still lived when the service ended */
	bool command_runs, over; /* the worker's calls came */
	char first_line[128];
	enum wish wish; /* the test's own word: what the service is told to do */
};
extern volatile struct shared *shared;

/* How the service is to be run, and whether leave_a_daemon's takes no notice of SIGTERM. */
struct play {
	bool once, stubborn;
	int64_t limit;
};
extern struct play play;

extern struct worker_calls calls;
extern struct monitor monitor; /* the pod's; for its command */
extern pid_t pod;

/* ---- the pod ---- */

/* Once in main, before anything else. False where there is no memory to share. */
bool pod_prepare(void);

/* For cmocka: before each test. */
int pod_set_up(void **unused);
#define POD_TEST(name) cmocka_unit_test_setup_teardown(name, pod_set_up, end_processes)

void pod_start(int (*service)(void *context), int (*command)(void));

/* Ends it where the command does not end by itself; all of it must go with the command. */
void pod_end(void);

/* ---- services ---- */

/* For a service of one's own: says that it has started. */
void note_start(void);

int sleep_for_ever(void *context);
int die_at_once(void *context); /* with 3 */

/* As sshd with an open session: a daemon that left its session and its parent's life behind. */
int leave_a_daemon(void *context);

/* ---- commands ---- */

int command_sleeps(void); /* until pod_end */

/* ---- for eventually() ---- */

bool started(void);
bool started_twice(void);
bool ended_once(void);

#endif
