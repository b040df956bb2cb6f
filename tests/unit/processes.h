/*
 * processes: for tests of real processes, which take the time they take.
 *
 * A test waits for what it wants to see, for PATIENCE at most, and never for a fixed time: on a
 * loaded machine any process may stand still for seconds. A test program is a subreaper, so
 * whatever its children leave behind becomes its child, and "everything has ended" is seen by
 * waiting until there is no child left.
 */
#ifndef SSHINIT_TESTS_PROCESSES_H
#define SSHINIT_TESTS_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

/* Milliseconds until what has not happened never will; and seconds until a child of a test gives up
 * (alarm), so that one which hangs is a failure and not the end of the test run. */
enum { PATIENCE = 60000, ALARM = 100 };

/* First thing in main: quiet, a subreaper, and with every signal as it usually is, because whoever
 * runs the tests may ignore some, as nohup does. */
void processes_prepare(void);

/* Whether it becomes true. */
bool eventually(bool (*condition)(void));

/* Whether the process gets into that state (as /proc says: S, T, ...), or ends ('-'). */
bool reaches_state(pid_t pid, char state);

/* Whether every child has ended, grandchildren that became ours included. */
bool nothing_left(void);

/* The exit status of a child; that it died of a signal is a failure. */
int status_of(pid_t pid);

/* For a teardown: nothing of a failed test disturbs the next one. */
int end_processes(void **unused);

#endif
