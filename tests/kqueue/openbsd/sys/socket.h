/* A double for tests alone: of SO_PEERCRED of getsockopt(2) of OpenBSD 7 what lib/platform uses. */
#ifndef OPENBSD_SYS_SOCKET_H
#define OPENBSD_SYS_SOCKET_H

#include_next <sys/socket.h>

struct sockpeercred {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

#endif
