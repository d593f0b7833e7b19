/*
 * A double for tests alone: of <libproc.h> and <sys/proc_info.h> of macOS 14 what lib/platform uses.  The real structures have
 * more members.  The man page names proc_pidinfo alone; the header of the SDK documents the rest.
 */
#ifndef LIBPROC_H
#define LIBPROC_H

#include <sys/types.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <stdint.h>

#define PROC_PIDLISTFDS		1
#define PROC_PIDVNODEPATHINFO	9
#define PROC_PIDFDSOCKETINFO	3
#define PROX_FDTYPE_SOCKET	2

struct vnode_info_path {
	char vip_path[1024];
};

struct proc_vnodepathinfo {
	struct vnode_info_path pvi_cdir;
	struct vnode_info_path pvi_rdir;
};

struct proc_fdinfo {
	int32_t proc_fd;
	uint32_t proc_fdtype;
};

#define INI_IPV4	0x1
#define INI_IPV6	0x2

struct in4in6_addr {
	u_int32_t i46a_pad32[3];
	struct in_addr i46a_addr4;
};

struct in_sockinfo {
	int insi_fport;
	int insi_lport;
	uint8_t insi_vflag;
	union {
		struct in4in6_addr ina_46;
		struct in6_addr ina_6;
	} insi_laddr;
};

#define TSI_S_LISTEN	1

struct tcp_sockinfo {
	struct in_sockinfo tcpsi_ini;
	int tcpsi_state;
};

struct un_sockinfo {
	union {
		struct sockaddr_un ua_sun;
		char ua_dummy[255];
	} unsi_addr;
};

enum { SOCKINFO_GENERIC, SOCKINFO_IN, SOCKINFO_TCP, SOCKINFO_UN };

struct socket_info {
	short soi_options;
	int soi_kind;
	union {
		struct tcp_sockinfo pri_tcp;
		struct un_sockinfo pri_un;
	} soi_proto;
};

struct socket_fdinfo {
	struct socket_info psi;
};

int proc_pidinfo(int pid, int flavor, uint64_t argument, void *buffer, int size);
int proc_pidfdinfo(int pid, int fd, int flavor, void *buffer, int size);

#endif
