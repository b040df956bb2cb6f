/*
 * play_init: sshinit as an init, for tests of init/supervise and init/hold.
 *
 *     init_start("trap 'echo caught; exit 5' INT; echo up; while :; do sleep 0.05; done");
 *     assert_true(hear("up"));
 *     kill(init_pid, SIGINT);
 *     assert_true(hear("caught"));
 *     assert_int_equal(status_of(init_pid), 5);
 *
 * init_start forks a process that plays sshinit in supervise mode ("init"), with a shell script as
 * its command. What the command says on standard output the test hears. A script says so when it is
 * ready for what the test does next, after its traps are set.
 */
#ifndef SSHINIT_TESTS_PLAY_INIT_H
#define SSHINIT_TESTS_PLAY_INIT_H

#include "init/supervise.h"
#include "unit/processes.h"

extern struct supervise_options options; /* of the next init; each test begins without any */
extern pid_t init_pid;

/* For cmocka: before and after each test. */
int init_set_up(void **unused);
int init_tear_down(void **unused);
#define INIT_TEST(name) cmocka_unit_test_setup_teardown(name, init_set_up, init_tear_down)

void init_start(const char *script);
void init_start_words(char *const words[]);

/* Starts it, and waits for its status. */
int init_run(const char *script);

/* Reads what the command says until text is among it, and nothing that follows; false when it does
 * not come. */
bool hear(const char *text);
bool hear_from(int fd, const char *text);

#endif
