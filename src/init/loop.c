#include "init/loop.h"

#include "base/clock.h"

#include <stddef.h>

int64_t
loop_now(void)
{
	return clock_ms();
}

static struct loop_watch *
watch_of(struct loop *loop, int fd)
{
	for (int i = 0; i < loop->watch_count; i++)
		if (loop->watches[i].fd == fd)
			return &loop->watches[i];
	return NULL;
}

int
loop_watch(struct loop *loop, int fd, short events,
    void (*call)(void *context, int fd, short events), void *context)
{
	struct loop_watch *watch = watch_of(loop, fd);

	if (watch == NULL) {
		if (loop->watch_count == LOOP_WATCHES)
			return -1;
		watch = &loop->watches[loop->watch_count++];
	}
	*watch = (struct loop_watch){ fd, events, call, context };
	return 0;
}

void
loop_unwatch(struct loop *loop, int fd)
{
	struct loop_watch *watch = watch_of(loop, fd);

	if (watch != NULL)
		*watch = loop->watches[--loop->watch_count];
}

int
loop_after(struct loop *loop, int64_t milliseconds, void (*call)(void *context), void *context)
{
	for (int i = 0; i < LOOP_TIMERS; i++) {
		struct loop_timer *timer = &loop->timers[i];

		if (timer->id != 0)
			continue;
		if (++loop->last_id <= 0)
			loop->last_id = 1;
		*timer = (struct loop_timer){ loop->last_id, loop_now() + milliseconds, call,
			context };
		return timer->id;
	}
	return 0;
}

void
loop_cancel(struct loop *loop, int id)
{
	for (int i = 0; i < LOOP_TIMERS; i++)
		if (id != 0 && loop->timers[i].id == id)
			loop->timers[i].id = 0;
}

/* How long poll may sleep: until the first timer, or for ever (-1). */
static int
patience(const struct loop *loop)
{
	int64_t first = -1, now = loop_now();

	for (int i = 0; i < LOOP_TIMERS; i++) {
		const struct loop_timer *timer = &loop->timers[i];
		int64_t left = timer->at > now ? timer->at - now : 0;

		if (timer->id != 0 && (first < 0 || left < first))
			first = left;
	}
	return first > 3600000 ? 3600000 : (int)first;
}

/* One pass over the table: a call that sets its timer anew cannot keep the others out. */
static void
fire_timers(struct loop *loop)
{
	int64_t now = loop_now();

	for (int i = 0; i < LOOP_TIMERS && !loop->done; i++) {
		struct loop_timer timer = loop->timers[i];

		if (timer.id == 0 || timer.at > now)
			continue;
		loop->timers[i].id = 0;
		timer.call(timer.context);
	}
}

void
loop_run(struct loop *loop)
{
	while (!loop->done) {
		struct pollfd polls[LOOP_WATCHES];
		int count = loop->watch_count;

		for (int i = 0; i < count; i++)
			polls[i]
			    = (struct pollfd){ loop->watches[i].fd, loop->watches[i].events, 0 };
		if (poll(polls, (nfds_t)count, patience(loop)) > 0) {
			for (int i = 0; i < count && !loop->done; i++) {
				/* Looked up again: an earlier call may have taken it out. */
				struct loop_watch *watch = watch_of(loop, polls[i].fd);

				if (polls[i].revents != 0 && watch != NULL)
					watch->call(watch->context, polls[i].fd, polls[i].revents);
			}
		}
		if (!loop->done)
			fire_timers(loop);
	}
}

void
loop_stop(struct loop *loop)
{
	loop->done = true;
}
