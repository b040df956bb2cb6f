/* init/loop: calls come for what happened, in time, and may change the tables they come from. */
#include "init/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop loop;
static int calls, first[2], second[2];

static int
set_up(void **unused)
{
	(void)unused;
	memset(&loop, 0, sizeof(loop));
	calls = 0;
	return pipe(first) != 0 || pipe(second) != 0;
}

static int
tear_down(void **unused)
{
	(void)unused;
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(second[i]);
	}
	return 0;
}

static void
stop(void *context)
{
	(void)context;
	loop_stop(&loop);
}

/* The timers of a machine that stood still are all due, before anything was read. */
static void
stop_when_read(void *context)
{
	if (calls < 3)
		loop_after(&loop, 1, stop_when_read, context);
	else
		loop_stop(&loop);
}

static void
count(void *context)
{
	(void)context;
	calls++;
}

static void
count_forever(void *context)
{
	calls++;
	loop_after(&loop, 0, count_forever, context);
}

static void
read_one(void *context, int fd, short events)
{
	char byte;

	(void)context;
	assert_true(events & POLLIN);
	assert_int_equal(read(fd, &byte, 1), 1);
	calls++;
}

static void
remove_other(void *context, int fd, short events)
{
	const int *other = context;

	(void)events;
	calls++;
	loop_unwatch(&loop, *other);
	loop_unwatch(&loop, fd);
}

static void
test_descriptor_and_timer(void **unused)
{
	int64_t before = loop_now();

	(void)unused;
	assert_int_equal(loop_watch(&loop, first[0], POLLIN, read_one, NULL), 0);
	assert_int_equal(write(first[1], "abc", 3), 3);
	assert_int_not_equal(loop_after(&loop, 50, stop_when_read, NULL), 0);
	loop_run(&loop);
	assert_int_equal(calls, 3);
	assert_true(loop_now() - before >= 50);
}

static void
test_cancelled_timer_is_silent(void **unused)
{
	int id = loop_after(&loop, 1, count, NULL);

	(void)unused;
	loop_after(&loop, 30, stop, NULL);
	loop_cancel(&loop, id);
	loop_cancel(&loop, id);
	loop_cancel(&loop, 0);
	loop_run(&loop);
	assert_int_equal(calls, 0);
}

/* A timer that always sets itself anew keeps neither descriptors nor other timers waiting. */
static void
test_greedy_timer_shares(void **unused)
{
	(void)unused;
	loop_after(&loop, 0, count_forever, NULL);
	loop_after(&loop, 30, stop, NULL);
	loop_run(&loop);
	assert_true(calls > 0);
}

/* Both are ready at once; whichever comes first takes the other out. */
static void
test_watch_removed_by_another(void **unused)
{
	(void)unused;
	loop_watch(&loop, first[0], POLLIN, remove_other, &second[0]);
	loop_watch(&loop, second[0], POLLIN, remove_other, &first[0]);
	assert_int_equal(write(first[1], "a", 1) + write(second[1], "b", 1), 2);
	loop_after(&loop, 30, stop, NULL);
	loop_run(&loop);
	assert_int_equal(calls, 1);
	assert_int_equal(loop.watch_count, 0);
}

static void
test_full_tables_say_so(void **unused)
{
	(void)unused;
	for (int i = 0; i < LOOP_WATCHES; i++)
		assert_int_equal(loop_watch(&loop, 1000 + i, POLLIN, read_one, NULL), 0);
	assert_int_equal(loop_watch(&loop, 2000, POLLIN, read_one, NULL), -1);
	/* Watching again what is watched already takes no new place. */
	assert_int_equal(loop_watch(&loop, 1000, POLLIN, read_one, NULL), 0);
	for (int i = 0; i < LOOP_TIMERS; i++)
		assert_int_not_equal(loop_after(&loop, 1000, stop, NULL), 0);
	assert_int_equal(loop_after(&loop, 1000, stop, NULL), 0);
}

static void
test_stopped_before_it_runs(void **unused)
{
	(void)unused;
	loop_stop(&loop);
	loop_run(&loop);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_descriptor_and_timer),
		LOOP_TEST(test_cancelled_timer_is_silent),
		LOOP_TEST(test_greedy_timer_shares),
		LOOP_TEST(test_watch_removed_by_another),
		LOOP_TEST(test_full_tables_say_so),
		LOOP_TEST(test_stopped_before_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
