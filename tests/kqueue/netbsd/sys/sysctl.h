/*
 * A double for tests alone: of sysctl(7) and <sys/sysctl.h> of NetBSD 10 what lib/platform uses.  The real structure has more
 * members, in another order.
 */
#ifndef SYS_SYSCTL_H
#define SYS_SYSCTL_H

#include <sys/types.h>

#include <stdint.h>

#define CTL_KERN		1
#define KERN_BOOTTIME		21
#define KERN_PROC2		47
#define KERN_PROC_ARGS		48
#define KERN_PROC_ALL		0
#define KERN_PROC_PID		1
#define KERN_PROC_ENV		3
#define KERN_PROC_CWD		6

struct kinfo_proc2 {
	int32_t p_pid;
	int32_t p_ppid;
	int32_t p_sid;
	int32_t p__pgid;
	uint32_t p_uid;
	int8_t p_realstat;
	char p_comm[24];
	uint32_t p_ustart_sec;
	uint32_t p_ustart_usec;
};

int sysctl(const int *name, unsigned name_length, void *old, size_t *old_size, const void *new, size_t new_size);

#endif
