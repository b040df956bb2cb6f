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
};

/* Starts it. False with errno where the system has no room for another process: the command can
 * run all the same. */
bool monitor_start(struct monitor *monitor, const struct worker_calls *calls);

/* Waits until the worker has said how it stands with SSH, that many milliseconds at most. */
enum readiness monitor_wait(const struct monitor *monitor, int milliseconds);

/* For supervise and hold, where this process stays: the command runs; read all sources again; let
 * open sessions end for that many milliseconds, then end all. */
void monitor_command_runs(const struct monitor *monitor);
void monitor_reload(const struct monitor *monitor);
void monitor_stop(const struct monitor *monitor, int grace);

#endif
