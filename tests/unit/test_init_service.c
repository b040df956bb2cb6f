/* init/service and init/backoff: what the table of states promises. */
#include "init/backoff.h"
#include "init/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
expect(enum service_state state, enum service_event event, enum service_state then,
    enum service_action action)
{
	struct service_step step = service_next(state, event);

	assert_int_equal(step.state, then);
	assert_int_equal(step.action, action);
}

static bool
has_process(enum service_state state)
{
	return state == SERVICE_UP || state == SERVICE_ENDING || state == SERVICE_CHANGING
	       || state == SERVICE_OVERDUE;
}

/* No row may start a second process beside one that lives, or signal one that does not. */
static void
test_actions_fit_states(void **unused)
{
	(void)unused;
	for (int state = 0; state < SERVICE_STATES; state++) {
		for (int event = 0; event < SERVICE_EVENTS; event++) {
			struct service_step step = service_next(state, event);
			bool lives
			    = has_process(state) && event != EVENT_DIED && event != EVENT_DONE;

			if (step.action == DO_START || step.action == DO_CONSULT
			    || step.action == DO_PAUSE)
				assert_false(lives);
			if (step.action == DO_END || step.action == DO_KILL)
				assert_true(lives);
			/* A living process is never forgotten, a dead one never believed alive. */
			if (step.action != DO_START)
				assert_int_equal(has_process(step.state), lives);
		}
	}
}

/* Whatever happened before, the last wish wins once the process has ended. */
static void
test_last_wish_wins(void **unused)
{
	(void)unused;
	for (int state = 0; state < SERVICE_STATES; state++) {
		enum service_state then = service_next(state, EVENT_OFF).state;

		then = service_next(then, EVENT_DIED).state;
		assert_int_equal(then, SERVICE_OFF);
	}
	for (int state = 0; state < SERVICE_STATES; state++) {
		struct service_step step = service_next(state, EVENT_AGAIN);

		if (step.action == DO_START)
			continue;
		step = service_next(step.state, EVENT_DIED);
		assert_int_equal(step.action, DO_CONSULT);
	}
}

static void
test_life_of_a_service(void **unused)
{
	(void)unused;
	expect(SERVICE_OFF, EVENT_ON, SERVICE_UP, DO_START);
	expect(SERVICE_UP, EVENT_ON, SERVICE_UP, DO_NOTHING);
	expect(SERVICE_UP, EVENT_DIED, SERVICE_PAUSED, DO_PAUSE);
	expect(SERVICE_PAUSED, EVENT_ON, SERVICE_PAUSED, DO_NOTHING);
	expect(SERVICE_PAUSED, EVENT_TIME, SERVICE_OFF, DO_CONSULT);
	expect(SERVICE_UP, EVENT_OFF, SERVICE_ENDING, DO_END);
	expect(SERVICE_ENDING, EVENT_TIME, SERVICE_ENDING, DO_KILL);
	expect(SERVICE_ENDING, EVENT_ON, SERVICE_CHANGING, DO_NOTHING);
	expect(SERVICE_ENDING, EVENT_DIED, SERVICE_OFF, DO_FORGET);
}

static void
test_life_of_a_task(void **unused)
{
	(void)unused;
	expect(SERVICE_UP, EVENT_DONE, SERVICE_DONE, DO_FORGET);
	expect(SERVICE_DONE, EVENT_ON, SERVICE_DONE, DO_NOTHING);
	expect(SERVICE_DONE, EVENT_AGAIN, SERVICE_UP, DO_START);
	expect(SERVICE_UP, EVENT_TIME, SERVICE_OVERDUE, DO_END);
	expect(SERVICE_OVERDUE, EVENT_TIME, SERVICE_OVERDUE, DO_KILL);
	expect(SERVICE_OVERDUE, EVENT_DIED, SERVICE_PAUSED, DO_PAUSE);
}

static void
test_backoff_grows_and_forgives(void **unused)
{
	static const int64_t pauses[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };
	int64_t pause = 0;

	(void)unused;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		pause = backoff_next(pause, 10);
		assert_int_equal(pause, pauses[i]);
	}
	assert_int_equal(backoff_next(pause, BACKOFF_STABLE), 0);
	assert_int_equal(backoff_next(0, BACKOFF_STABLE - 1), BACKOFF_LEAST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions_fit_states),
		cmocka_unit_test(test_last_wish_wins),
		cmocka_unit_test(test_life_of_a_service),
		cmocka_unit_test(test_life_of_a_task),
		cmocka_unit_test(test_backoff_grows_and_forgives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
