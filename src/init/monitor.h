/*
 * monitor: SSH beside the user's command, as seen by the process that becomes the command.
 *
 *     struct worker_calls calls = { ... };          what to keep running: init/worker.h
 *     struct monitor monitor;
 *     monitor_start(&monitor, &calls);              two forks; everything else happens over there
 *     if (wait)
 *             readiness = monitor_wait(&monitor, milliseconds);
 *     return command_exec(argv);                    or supervise(), or hold()
 *
 * monitor_start returns before anything was prepared. It changes nothing about this process that
 * the command could notice, but for one child that wait() does not see (init/hidden.h).
 */
#ifndef SSHINIT_INIT_MONITOR_H
#define SSHINIT_INIT_MONITOR_H

#include "init/worker.h"

#include <sys/types.h>

struct monitor {
	int link;     /* -1: there is none */
	pid_t holder; /* the hidden child; 0: there is none */
	const struct worker_calls *calls;
	bool command_runs;
	int told_to_end;             /* by this signal, in monitor_wait */
	int64_t since, pause, again; /* when it was started, and will be again */
};

/* Starts it. False with errno where the system has no room for another process: the command can
 * run all the same. calls must outlive the monitor. */
bool monitor_start(struct monitor *monitor, const struct worker_calls *calls);

/* Waits until the worker has said how it stands with SSH, that many milliseconds at most. Where
 * this is PID 1 and it is told to end meanwhile, the answer is READY_STOPPED, and told_to_end is
 * the signal. */
enum readiness monitor_wait(struct monitor *monitor, int milliseconds);

/*
 * The rest is for supervise and hold, where this process stays.
 */

/* The command runs. */
void monitor_command_runs(struct monitor *monitor);

/* All sources are to be read again. */
void monitor_reload(const struct monitor *monitor);

/* Open sessions may go on for that many milliseconds, then everything ends. */
void monitor_stop(const struct monitor *monitor, int grace);

/* A child was reaped (with __WALL, or the holder is never seen). */
void monitor_reaped(struct monitor *monitor, pid_t pid);

/* Starts the monitor again where it has died, or could not be started. Answers after how many
 * milliseconds to call again; -1: when a child was reaped. */
int64_t monitor_mind(struct monitor *monitor);

#endif
