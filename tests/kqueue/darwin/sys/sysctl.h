/*
 * A double for tests alone: of sysctl(3) and <sys/sysctl.h> of macOS 14 what lib/platform uses.  The real structures have more
 * members, in another order.
 */
#ifndef SYS_SYSCTL_H
#define SYS_SYSCTL_H

#include <sys/time.h>
#include <sys/types.h>

#define CTL_KERN		1
#define KERN_PROC		14
#define KERN_BOOTTIME		21
#define KERN_PROCARGS2		49
#define KERN_PROC_ALL		0
#define KERN_PROC_PID		1

struct extern_proc {
	struct timeval p_starttime;
	char p_stat;
	pid_t p_pid;
	char p_comm[17];
};

struct kinfo_proc {
	struct extern_proc kp_proc;
	struct eproc {
		struct _ucred {
			uid_t cr_uid;
		} e_ucred;
		pid_t e_ppid;
		pid_t e_pgid;
	} kp_eproc;
};

int sysctl(int *name, unsigned name_length, void *old, size_t *old_size, void *new, size_t new_size);

#endif
