/*
 * loop: wait for descriptors and points in time, and call whoever asked.
 *
 * One loop, one thread, no surprises: a call runs to its end before the next one begins, so calls
 * share data without locks, and must not block. A call may add and remove watches and timers, its
 * own included. It may also come when there is nothing to read any more, so it has to read without
 * blocking and expect EAGAIN. Tables are of fixed size, so nothing here can run out of memory
 * halfway.
 */
#ifndef SSHINIT_INIT_LOOP_H
#define SSHINIT_INIT_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

enum { LOOP_WATCHES = 64, LOOP_TIMERS = 32 };

struct loop {
	struct loop_watch {
		int fd;
		short events;
		void (*call)(void *context, int fd, short events);
		void *context;
	} watches[LOOP_WATCHES];
	int watch_count;
	struct loop_timer {
		int id; /* 0: a free place */
		int64_t at;
		void (*call)(void *context);
		void *context;
	} timers[LOOP_TIMERS];
	int last_id;
	bool done;
};

/* The loop's time: clock_ms (base/clock.h). */
int64_t loop_now(void);

/* Calls whenever fd has one of events (POLLIN, POLLOUT; errors and hang-ups always count). The
 * descriptor stays the caller's. 0, or -1 when the table is full. */
int loop_watch(struct loop *loop, int fd, short events,
    void (*call)(void *context, int fd, short events), void *context);

/* Forgets fd; to be done before it is closed. */
void loop_unwatch(struct loop *loop, int fd);

/* Calls once, after that many milliseconds. A number for loop_cancel, or 0 when the table is full.
 */
int loop_after(struct loop *loop, int64_t milliseconds, void (*call)(void *context), void *context);

/* Takes a timer back. 0 and one that has fired already are fine. */
void loop_cancel(struct loop *loop, int id);

/* Runs until loop_stop, which may have been called before. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
