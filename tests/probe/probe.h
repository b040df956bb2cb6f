/* probe: what its files share. probe.c says what it is. */
#ifndef SSHINIT_TESTS_PROBE_H
#define SSHINIT_TESTS_PROBE_H

#include <sys/types.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- lines.c: the report's lines ---- */

/* Ends the program with 99, saying what failed and why. */
_Noreturn void die(const char *what);

/* Adds a line to the report. */
__attribute__((format(printf, 1, 2))) void line(const char *format, ...);

/* Prints the lines, sorted. */
void print_lines(void);

/* A string of any bytes on one line; the answer stays until the next call. */
const char *quoted(const char *bytes);

/* Process ids differ from start to start; which of the few they are does not. */
const char *who(pid_t pid, char text[static 32]);

/* ---- what the report says, by subject ---- */

/* process.c: what was given by exec, and inherited */
void report_arguments(char **argv);
void report_process(void);
void report_ids(void);
void report_limits(void);
void report_children(void);
/* signals.c */
void report_signals(void);
/* kernel.c: what only the kernel's own interfaces tell */
void report_status(void);
void report_attributes(void);
void report_proc(void);
/* descriptors.c: the terminals with them */
void report_descriptors(void);

/* ---- modes.c: the modes other than the report; each answers the exit status ---- */

int do_signal(int number);
int do_signals(void);
int do_wait(void);
int do_orphans(int wanted);
int do_env0(void);
int do_sleep(void);

#endif
