#include "api/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- capabilities -------------------------------------------------------------------------- */

static bool
acts_for_others(const struct account *accounts)
{
	for (; accounts != NULL; accounts = accounts->next)
		if (accounts->uid != geteuid())
			return true;
	return false;
}

static int
drop_capabilities(const struct account *accounts)
{
	static const cap_value_t needed[] = { CAP_SETUID, CAP_SETGID, CAP_CHOWN };
	bool others = acts_for_others(accounts);
	cap_t have = cap_get_proc(), keep = cap_init();
	int result = -1;

	for (cap_value_t c = 0; c < cap_max_bits(); c++) {
		bool wanted = false;

		for (size_t i = 0; others && i < sizeof(needed) / sizeof(needed[0]); i++)
			wanted = wanted || c == needed[i];
		/* Refused without CAP_SETPCAP; then there is little that could be had again. */
		if (!wanted)
			(void)cap_drop_bound(c);
	}
	for (size_t i = 0; others && i < sizeof(needed) / sizeof(needed[0]); i++) {
		cap_flag_value_t value = CAP_CLEAR;

		if (have == NULL || keep == NULL
		    || cap_get_flag(have, needed[i], CAP_PERMITTED, &value) < 0 || value != CAP_SET)
			continue;
		(void)cap_set_flag(keep, CAP_PERMITTED, 1, &needed[i], CAP_SET);
		(void)cap_set_flag(keep, CAP_EFFECTIVE, 1, &needed[i], CAP_SET);
	}
	if (keep != NULL)
		result = cap_set_proc(keep);
	cap_free(have);
	cap_free(keep);
	return result;
}

/* ---- system calls -------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

/* A list of what is forbidden, not of what is allowed: which calls a C library makes for an
 * ordinary function differs between architectures and releases, and a filter that ends the process
 * for a harmless one would be switched off sooner or later. */
static const int forbidden[] = {
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_socket,
	SYS_connect,
	SYS_bind,
	SYS_listen,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_unshare,
	SYS_setns,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_userfaultfd,
	SYS_io_setup,
	SYS_memfd_create,
	SYS_name_to_handle_at,
	SYS_open_by_handle_at,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_quotactl,
	SYS_acct,
	SYS_personality,
	SYS_vmsplice,
	SYS_kcmp,
	SYS_fanotify_init,
	SYS_mknodat,
	SYS_syslog,
	SYS_pkey_mprotect,
	SYS_shmat,
#ifdef SYS_mknod
	SYS_mknod,
#endif
#ifdef SYS_iopl
	SYS_iopl,
	SYS_ioperm,
	SYS_modify_ldt,
#endif
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_io_uring_setup
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
#endif
#ifdef SYS_open_tree
	SYS_open_tree,
	SYS_move_mount,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
#endif
#ifdef SYS_pidfd_getfd
	SYS_pidfd_getfd,
#endif
#ifdef SYS_mount_setattr
	SYS_mount_setattr,
#endif
};

enum {
	FORBIDDEN = sizeof(forbidden) / sizeof(forbidden[0]),
	X32 = 0x40000000,
	NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER
	             | CLONE_NEWPID | CLONE_NEWNET,
	PROGRAM_MOST = 2 * FORBIDDEN + 40
};

#define LOAD(field)                                                                                \
	(struct sock_filter)                                                                       \
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (what))
#define NO           (SECCOMP_RET_ERRNO | (unsigned)EPERM)

/* Where the number is this one and the low half of its argument has one of the bits: no. */
static size_t
add_bits(struct sock_filter *to, int number, unsigned argument, unsigned bits)
{
	to[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 4);
	to[1] = LOAD(args[0]);
	to[1].k += argument * (unsigned)sizeof(uint64_t);
	to[2] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	to[3] = ANSWER(NO);
	to[4] = ANSWER(SECCOMP_RET_ALLOW);
	return 5;
}

static int
filter_calls(void)
{
	struct sock_filter code[PROGRAM_MOST];
	struct sock_fprog program = { .filter = code };
	size_t n = 0;

	code[n++] = LOAD(arch);
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	code[n++] = ANSWER(SECCOMP_RET_KILL_PROCESS);
	code[n++] = LOAD(nr);
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1);
	code[n++] = ANSWER(SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < FORBIDDEN; i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (unsigned)forbidden[i], 0, 1);
		code[n++] = ANSWER(NO);
	}
#ifdef SYS_clone3
	/* Its flags cannot be looked at; with this answer C libraries use clone(2). */
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	code[n++] = ANSWER(SECCOMP_RET_ERRNO | (unsigned)ENOSYS);
#endif
	n += add_bits(code + n, SYS_clone, 0, NAMESPACES);
	n += add_bits(code + n, SYS_mmap, 2, PROT_EXEC);
	n += add_bits(code + n, SYS_mprotect, 2, PROT_EXEC);
	code[n++] = ANSWER(SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

static int
filter_calls(void)
{
	errno = EINVAL;
	return -1;
}

#endif

int
confine(const struct account *accounts, bool *filtered)
{
	const struct rlimit no_core = { 0, 0 }, files = { 128, 128 };

	*filtered = false;
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (drop_capabilities(accounts) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	if (filter_calls() == 0)
		*filtered = true;
	else if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return 0;
}
