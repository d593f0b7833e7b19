/*
 * A double for tests alone: of sysctl(2) and <sys/sysctl.h> of OpenBSD 7 what lib/platform uses.  The real structures have more
 * members, in another order.
 */
#ifndef SYS_SYSCTL_H
#define SYS_SYSCTL_H

#include <sys/types.h>

#include <stdint.h>

#define CTL_KERN		1
#define KERN_BOOTTIME		21
#define KERN_PROC_ARGS		55
#define KERN_PROC		66
#define KERN_FILE		73
#define KERN_PROC_CWD		78
#define KERN_PROC_ALL		0
#define KERN_PROC_PID		1
#define KERN_PROC_ENV		3
#define KERN_FILE_BYPID		2

struct kinfo_proc {
	int32_t p_pid;
	int32_t p_ppid;
	int32_t p_sid;
	int32_t p__pgid;
	uint32_t p_uid;
	int8_t p_stat;
	char p_comm[24];
	uint64_t p_ustart_sec;
	uint32_t p_ustart_usec;
};

struct kinfo_file {
	uint32_t so_type;
	uint32_t so_protocol;
	uint32_t so_family;
	uint32_t inp_lport;
	uint32_t inp_laddru[4];
	uint32_t p_pid;
	uint32_t p_uid;
	uint32_t t_state;
};

int sysctl(const int *name, unsigned name_length, void *old, size_t *old_size, void *new, size_t new_size);

#endif
