/* Processes as NetBSD tells of them: sysctl(7) with KERN_PROC2 and KERN_PROC_ARGS, and unix(4) for the other end of a socket. */
#include "platform/bsd.h"
#include "base/io.h"

#include <sys/param.h>
#include <sys/socket.h>
#include <sys/proc.h>
#include <sys/sysctl.h>
#include <sys/un.h>

#include <limits.h>
#include <stdlib.h>

/* By the numbers of p_realstat, from SIDL to SDEAD (<sys/proc.h>). */
static char
state_of(int stat)
{
	static const char states[] = "?IRSTZZ";

	return stat > 0 && stat < (int)sizeof(states) - 1 ? states[stat] : '?';
}

static void
set_process(struct bsd_process *process, const void *one)
{
	const struct kinfo_proc2 *info = one;

	bsd_set(process, info->p_pid, info->p_ppid, info->p__pgid, info->p_sid, state_of(info->p_realstat));
	/* The kernel has it as the clock was then. */
	bsd_set_start(process, (long long)info->p_ustart_sec, (long)info->p_ustart_usec);
	process->user = info->p_uid;
	io_format(process->name, sizeof(process->name), "%s", info->p_comm);
}

int
bsd_read(pid_t pid, struct bsd_process **list, size_t *count)
{
	int name[] = { CTL_KERN, KERN_PROC2, pid > 0 ? KERN_PROC_PID : KERN_PROC_ALL, pid, sizeof(struct kinfo_proc2), INT_MAX };

	return bsd_read_by(name, 6, sizeof(struct kinfo_proc2), set_process, list, count);
}

int
bsd_environment(pid_t pid, char **text, size_t *length)
{
	int name[] = { CTL_KERN, KERN_PROC_ARGS, pid, KERN_PROC_ENV };

	*text = bsd_sysctl(name, 4, length);
	return *text != NULL ? 0 : -1;
}

int
platform_process_cwd(pid_t pid, char *path, size_t size)
{
	int name[] = { CTL_KERN, KERN_PROC_ARGS, pid, KERN_PROC_CWD };
	size_t length;
	char *found;
	int fits;

	if ((found = bsd_sysctl(name, 4, &length)) == NULL)
		return 0;
	fits = length > 0 && *found == '/' && io_format(path, size, "%.*s", (int)length, found) == 0;
	free(found);
	return fits;
}

int
platform_peer(int fd, pid_t *pid, uid_t *user)
{
	struct unpcbid peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEEREID, &peer, &size) < 0)
		return 0;
	*pid = peer.unp_pid;
	*user = peer.unp_euid;
	return 1;
}
