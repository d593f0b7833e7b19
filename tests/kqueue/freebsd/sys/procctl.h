/* A double for tests alone: of procctl(2) and <sys/procctl.h> of FreeBSD 14 what lib/platform uses. */
#ifndef SYS_PROCCTL_H
#define SYS_PROCCTL_H

#include <sys/types.h>
#include <sys/wait.h>

#define PROC_REAP_ACQUIRE	2
#define PROC_REAP_STATUS	4
#define PROC_REAP_GETPIDS	5

struct procctl_reaper_status {
	u_int rs_flags;
	u_int rs_children;
	u_int rs_descendants;
	pid_t rs_reaper;
	pid_t rs_pid;
	u_int rs_pad0[15];
};

#define REAPER_STATUS_OWNED	0x00000001

struct procctl_reaper_pidinfo {
	pid_t pi_pid;
	pid_t pi_subtree;
	u_int pi_flags;
	u_int pi_pad0[15];
};

#define REAPER_PIDINFO_VALID	0x00000001
#define REAPER_PIDINFO_CHILD	0x00000002
#define REAPER_PIDINFO_REAPER	0x00000004
#define REAPER_PIDINFO_ZOMBIE	0x00000008

struct procctl_reaper_pids {
	u_int rp_count;
	u_int rp_pad0[15];
	struct procctl_reaper_pidinfo *rp_pids;
};

int procctl(idtype_t type, id_t id, int command, void *data);

#endif
