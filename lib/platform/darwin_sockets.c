/*
 * Who listens where, as macOS tells it by libproc(3): the descriptors of a process, and of each that is a socket what it is.
 * No call tells of all sockets at once.
 */
#include "platform/platform.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <libproc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Of whom, and who is to be told. */
struct look {
	int family;	/* 0: any */
	pid_t pid;
	uid_t user;
	platform_take_listener *take;
	void *argument;
};

static int
tell_tcp(const struct look *look, const struct in_sockinfo *info)
{
	struct platform_listener found;
	int is_six = (info->insi_vflag & INI_IPV6) != 0;

	memset(&found, 0, sizeof(found));
	found.family = is_six ? AF_INET6 : AF_INET;
	found.pid = look->pid;
	found.user = look->user;
	found.port = ntohs((unsigned short)info->insi_lport);
	found.ipv6_alone = is_six && !(info->insi_vflag & INI_IPV4);
	found.address = is_six ? (const unsigned char *)&info->insi_laddr.ina_6 :
	    (const unsigned char *)&info->insi_laddr.ina_46.i46a_addr4;
	if (look->family != 0 && look->family != found.family)
		return 0;
	return look->take(look->argument, &found);
}

static int
tell_unix(const struct look *look, const struct un_sockinfo *info)
{
	struct platform_listener found;

	memset(&found, 0, sizeof(found));
	found.family = AF_UNIX;
	found.pid = look->pid;
	found.user = look->user;
	found.name = info->unsi_addr.ua_sun.sun_path;
	found.name_length = strnlen(found.name, sizeof(info->unsi_addr.ua_sun.sun_path));
	if (found.name_length == 0 || (look->family != 0 && look->family != AF_UNIX))
		return 0;
	return look->take(look->argument, &found);
}

static int
tell(const struct look *look, const struct socket_info *info)
{
	if (info->soi_kind == SOCKINFO_TCP && info->soi_proto.pri_tcp.tcpsi_state == TSI_S_LISTEN)
		return tell_tcp(look, &info->soi_proto.pri_tcp.tcpsi_ini);
	if (info->soi_kind == SOCKINFO_UN && (info->soi_options & SO_ACCEPTCONN))
		return tell_unix(look, &info->soi_proto.pri_un);
	return 0;
}

/* 0; -1: errno: take's, or of a process that may not be looked into. */
static int
look_at(const struct look *look)
{
	int size = proc_pidinfo(look->pid, PROC_PIDLISTFDS, 0, NULL, 0), i, failed = 0;
	struct socket_fdinfo socket;
	struct proc_fdinfo *list;

	if (size <= 0)
		return -1;
	/* Room for those that it opens meanwhile. */
	size += 64 * (int)sizeof(*list);
	if ((list = malloc((size_t)size)) == NULL)
		return -1;
	if ((size = proc_pidinfo(look->pid, PROC_PIDLISTFDS, 0, list, size)) <= 0)
		failed = 1;
	for (i = 0; !failed && i < size / (int)sizeof(*list); i++)
		if (list[i].proc_fdtype == PROX_FDTYPE_SOCKET && proc_pidfdinfo(look->pid, list[i].proc_fd,
		    PROC_PIDFDSOCKETINFO, &socket, sizeof(socket)) == (int)sizeof(socket))
			failed = tell(look, &socket.psi) < 0;
	free(list);
	return failed ? -1 : 0;
}

/* Whom we may look into, which for a user are his own: of others nothing is told. */
int
platform_each_listener(int family, platform_take_listener *take, void *argument)
{
	struct look look = { .family = family, .take = take, .argument = argument };
	struct platform_process *all;
	size_t count, i;
	int result = 0;

	if (platform_processes(&all, &count) < 0)
		return -1;
	for (i = 0; i < count && result == 0; i++) {
		look.pid = all[i].pid;
		if (platform_process_user(look.pid, &look.user) == 1 && look_at(&look) < 0 &&
		    errno != EPERM && errno != ESRCH && errno != EACCES)
			result = -1;
	}
	free(all);
	return result;
}

int
platform_each_listener_of(const pid_t *pids, size_t count, platform_take_listener *take, void *argument, pid_t *hidden)
{
	struct look look = { .take = take, .argument = argument };
	size_t i;

	for (i = 0; i < count; i++) {
		look.pid = pids[i];
		if (look_at(&look) == 0 || errno == ESRCH)
			continue;
		if (errno != EPERM && errno != EACCES)
			return -1;
		*hidden = pids[i];
	}
	return 0;
}
