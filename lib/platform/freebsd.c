/* Processes as FreeBSD tells of them: sysctl(3) with KERN_PROC, and unix(4) for the other end of a socket. */
#include "platform/bsd.h"
#include "base/io.h"

#include <sys/param.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/ucred.h>
#include <sys/un.h>
#include <sys/user.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* By the numbers of ki_stat, from SIDL to SLOCK (<sys/proc.h>). */
static char
state_of(int stat)
{
	static const char states[] = "?IRSTZWL";

	return stat > 0 && stat < (int)sizeof(states) - 1 ? states[stat] : '?';
}

static void
set_process(struct bsd_process *process, const void *one)
{
	const struct kinfo_proc *info = one;

	bsd_set(process, info->ki_pid, info->ki_ppid, info->ki_pgid, info->ki_sid, state_of(info->ki_stat));
	bsd_set_start(process, (long long)info->ki_start.tv_sec, (long)info->ki_start.tv_usec);
	/* The kernel has it since the boot, and adds the moment of that boot, which goes with the clock. */
	process->process.start_ticks = bsd_since_boot((long long)info->ki_start.tv_sec, (long)info->ki_start.tv_usec);
	process->user = info->ki_uid;
	io_format(process->name, sizeof(process->name), "%s", info->ki_comm);
}

int
bsd_read(pid_t pid, struct bsd_process **list, size_t *count)
{
	int name[] = { CTL_KERN, KERN_PROC, pid > 0 ? KERN_PROC_PID : KERN_PROC_PROC, pid };

	return bsd_read_by(name, pid > 0 ? 4 : 3, sizeof(struct kinfo_proc), set_process, list, count);
}

int
bsd_environment(pid_t pid, char **text, size_t *length)
{
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_ENV, pid };

	*text = bsd_sysctl(name, 4, length);
	return *text != NULL ? 0 : -1;
}

int
platform_process_cwd(pid_t pid, char *path, size_t size)
{
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_CWD, pid };
	struct kinfo_file *file;
	size_t length;
	int found;

	if ((file = bsd_sysctl(name, 4, &length)) == NULL)
		return 0;
	/* Only as much of it is told as its path is long. */
	found = length > offsetof(struct kinfo_file, kf_path) && *file->kf_path == '/' &&
	    io_format(path, size, "%.*s", (int)(length - offsetof(struct kinfo_file, kf_path)), file->kf_path) == 0;
	free(file);
	return found;
}

int
platform_peer(int fd, pid_t *pid, uid_t *user)
{
	struct xucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &peer, &size) < 0 || peer.cr_version != XUCRED_VERSION)
		return 0;
	*pid = peer.cr_pid;	/* since FreeBSD 13; 0 before */
	*user = peer.cr_uid;
	return 1;
}
