/* Processes as macOS tells of them: sysctl(3) with KERN_PROC and KERN_PROCARGS2, libproc(3), and unix(4) for the other end of a socket. */
#include "platform/bsd.h"
#include "base/io.h"

#include <sys/param.h>
#include <sys/socket.h>
#include <sys/proc.h>
#include <sys/sysctl.h>
#include <sys/ucred.h>
#include <sys/un.h>

#include <errno.h>
#include <libproc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By the numbers of p_stat, from SIDL to SZOMB (<sys/proc.h>). */
static char
state_of(int stat)
{
	static const char states[] = "?IRSTZ";

	return stat > 0 && stat < (int)sizeof(states) - 1 ? states[stat] : '?';
}

static void
set_process(struct bsd_process *process, const void *one)
{
	const struct kinfo_proc *info = one;

	pid_t pid = info->kp_proc.p_pid;

	bsd_set(process, pid, info->kp_eproc.e_ppid, info->kp_eproc.e_pgid, getsid(pid), state_of(info->kp_proc.p_stat));
	/* The kernel has it as the clock was then. */
	bsd_set_start(process, (long long)info->kp_proc.p_starttime.tv_sec, (long)info->kp_proc.p_starttime.tv_usec);
	process->user = info->kp_eproc.e_ucred.cr_uid;
	io_format(process->name, sizeof(process->name), "%s", info->kp_proc.p_comm);
}

int
bsd_read(pid_t pid, struct bsd_process **list, size_t *count)
{
	int name[] = { CTL_KERN, KERN_PROC, pid > 0 ? KERN_PROC_PID : KERN_PROC_ALL, pid };

	return bsd_read_by(name, 4, sizeof(struct kinfo_proc), set_process, list, count);
}

/* The number of words, the program's path, NULs, the words, and then the variables, which end with an empty one. */
static size_t
skip_words(const char *bytes, size_t size)
{
	size_t at = sizeof(int), i;
	int words;

	memcpy(&words, bytes, sizeof(words));
	for (; at < size && bytes[at] != '\0'; at++)
		;
	for (; at < size && bytes[at] == '\0'; at++)
		;
	for (i = 0; words > 0 && i < (size_t)words; i++)
		for (; at < size && bytes[at++] != '\0'; )
			;
	return at < size ? at : size;
}

int
bsd_environment(pid_t pid, char **text, size_t *length)
{
	int name[] = { CTL_KERN, KERN_PROCARGS2, pid };
	size_t size = (size_t)sysconf(_SC_ARG_MAX), at;

	/* How much it is, it does not tell beforehand. */
	if ((*text = malloc(size)) == NULL)
		return -1;
	if (sysctl(name, 3, *text, &size, NULL, 0) < 0 || size < sizeof(int)) {
		free(*text);
		return -1;
	}
	at = skip_words(*text, size);
	*length = size - at;
	/* Of a program that the system protects the variables are left out: that says nothing of what it was given. */
	if (*length == 0) {
		free(*text);
		errno = EPERM;
		return -1;
	}
	memmove(*text, *text + at, *length);
	return 0;
}

int
platform_process_cwd(pid_t pid, char *path, size_t size)
{
	struct proc_vnodepathinfo paths;

	if (proc_pidinfo(pid, PROC_PIDVNODEPATHINFO, 0, &paths, sizeof(paths)) != (int)sizeof(paths))
		return 0;
	return *paths.pvi_cdir.vip_path == '/' && io_format(path, size, "%s", paths.pvi_cdir.vip_path) == 0;
}

int
platform_peer(int fd, pid_t *pid, uid_t *user)
{
	struct xucred peer;
	socklen_t peer_size = sizeof(peer), pid_size = sizeof(*pid);

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &peer, &peer_size) < 0 || peer.cr_version != XUCRED_VERSION ||
	    getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, pid, &pid_size) < 0)
		return 0;
	*user = peer.cr_uid;
	return 1;
}
