/* A double for tests alone: what unix(4) and <sys/un.h> of NetBSD 10 have beside a Unix socket's address. */
#ifndef DOUBLE_SYS_UN_H
#define DOUBLE_SYS_UN_H

#include_next <sys/un.h>

#define SOL_LOCAL	0
#define LOCAL_PEEREID	3

struct unpcbid {
	pid_t unp_pid;
	uid_t unp_euid;
	gid_t unp_egid;
};

#endif
