/* Signals and what sends them: masks, dispositions, timers. */
#include "probe.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

/* The kernel's signals are 1 to 64; libc hides two of them, so the system calls are made directly.
 */
#define SIGNALS 64
typedef unsigned long long signal_set;

void
report_signals(void)
{
	/* The kernel's own layout; only the first member matters here. */
	struct {
		void (*handler)(int);
		unsigned long rest[16];
	} action;
	signal_set blocked = 0, pending = 0, ignored = 0, caught = 0;
	struct itimerval timer;
	stack_t stack;
	static const char *const timers[] = { "real", "virtual", "prof" };

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof(blocked));
	syscall(SYS_rt_sigpending, &pending, sizeof(pending));
	for (int i = 1; i <= SIGNALS; i++) {
		if (syscall(SYS_rt_sigaction, i, NULL, &action, sizeof(signal_set)) != 0)
			continue;
		if (action.handler == SIG_IGN)
			ignored |= 1ULL << (i - 1);
		else if (action.handler != SIG_DFL)
			caught |= 1ULL << (i - 1);
	}
	line("signal.blocked %016llx", blocked);
	line("signal.pending %016llx", pending);
	line("signal.ignored %016llx", ignored);
	line("signal.caught %016llx", caught);
	if (sigaltstack(NULL, &stack) == 0)
		line("signal.altstack %#x", (unsigned)stack.ss_flags);
	for (size_t i = 0; i < COUNT(timers); i++) {
		if (getitimer((int)i, &timer) != 0)
			die("getitimer");
		line("timer.%s %s, interval %lld s", timers[i],
		    timer.it_value.tv_sec || timer.it_value.tv_usec ? "armed" : "off",
		    (long long)timer.it_interval.tv_sec);
	}
}
