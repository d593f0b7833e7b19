/*
 * A double for tests alone: of struct kinfo_proc and struct kinfo_file of <sys/user.h> of FreeBSD 14, which kinfo_getproc(3) and
 * kinfo_getfile(3) describe, what lib/platform uses.  The real ones have more members, in another order.
 */
#ifndef SYS_USER_H
#define SYS_USER_H

#include <sys/time.h>
#include <sys/types.h>

#define COMMLEN 19

struct kinfo_proc {
	pid_t ki_pid;
	pid_t ki_ppid;
	pid_t ki_pgid;
	pid_t ki_sid;
	uid_t ki_uid;
	struct timeval ki_start;
	char ki_stat;
	char ki_comm[COMMLEN + 1];
};

struct kinfo_file {
	int kf_structsize;
	int kf_type;
	char kf_path[1024];
};

#endif
