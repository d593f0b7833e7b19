/* Processes and sockets as OpenBSD tells of them: sysctl(2) with KERN_PROC and KERN_FILE. */
#include "platform/bsd.h"
#include "base/io.h"

#include <sys/param.h>
#include <sys/socket.h>
#include <sys/proc.h>
#include <sys/sysctl.h>

#include <netinet/in.h>
#include <netinet/tcp_fsm.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* By the numbers of p_stat, from SIDL to SONPROC (<sys/proc.h>); SDEAD is a zombie's. */
static char
state_of(int stat)
{
	static const char states[] = "?IRSTZZR";

	return stat > 0 && stat < (int)sizeof(states) - 1 ? states[stat] : '?';
}

static void
set_process(struct bsd_process *process, const void *one)
{
	const struct kinfo_proc *info = one;

	bsd_set(process, info->p_pid, info->p_ppid, info->p__pgid, info->p_sid, state_of(info->p_stat));
	bsd_set_start(process, (long long)info->p_ustart_sec, (long)info->p_ustart_usec);
	/* The kernel has it since the boot, and adds the moment of that boot, which goes with the clock. */
	process->process.start_ticks = bsd_since_boot((long long)info->p_ustart_sec, (long)info->p_ustart_usec);
	process->user = info->p_uid;
	io_format(process->name, sizeof(process->name), "%s", info->p_comm);
}

int
bsd_read(pid_t pid, struct bsd_process **list, size_t *count)
{
	int name[] = { CTL_KERN, KERN_PROC, pid > 0 ? KERN_PROC_PID : KERN_PROC_ALL, pid, sizeof(struct kinfo_proc), INT_MAX };

	return bsd_read_by(name, 6, sizeof(struct kinfo_proc), set_process, list, count);
}

/* Pointers into the same room stand in front of the strings, and a NULL behind them. */
int
bsd_environment(pid_t pid, char **text, size_t *length)
{
	int name[] = { CTL_KERN, KERN_PROC_ARGS, pid, KERN_PROC_ENV };
	char **words, *bytes;
	size_t size;

	if ((bytes = bsd_sysctl(name, 4, &size)) == NULL)
		return -1;
	words = (char **)(void *)bytes;
	*length = 0;
	*text = bytes;
	if (size < sizeof(*words) || words[0] == NULL)
		return 0;
	if (words[0] < bytes || words[0] > bytes + size) {
		free(bytes);
		errno = EPROTO;
		return -1;
	}
	*length = (size_t)(bytes + size - words[0]);
	memmove(bytes, words[0], *length);
	return 0;
}

int
platform_process_cwd(pid_t pid, char *path, size_t size)
{
	int name[] = { CTL_KERN, KERN_PROC_CWD, pid };
	size_t length;
	char *found;
	int fits;

	if ((found = bsd_sysctl(name, 3, &length)) == NULL)
		return 0;
	fits = length > 0 && *found == '/' && io_format(path, size, "%.*s", (int)length, found) == 0;
	free(found);
	return fits;
}

int
platform_peer(int fd, pid_t *pid, uid_t *user)
{
	struct sockpeercred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return 0;
	*pid = peer.pid;
	*user = peer.uid;
	return 1;
}

/* An open file, if it is a socket that listens.  1 or 0. */
static int
read_file(const struct kinfo_file *file, struct platform_listener *found)
{
	if (file->so_type != SOCK_STREAM || file->so_protocol != IPPROTO_TCP ||
	    file->t_state != TCPS_LISTEN || (file->so_family != AF_INET && file->so_family != AF_INET6))
		return 0;
	memset(found, 0, sizeof(*found));
	found->family = (int)file->so_family;
	found->pid = (pid_t)file->p_pid;
	found->user = (uid_t)file->p_uid;
	found->port = ntohs((unsigned short)file->inp_lport);
	found->address = (const unsigned char *)file->inp_laddru;
	found->ipv6_alone = file->so_family == AF_INET6;	/* here all are */
	return 1;
}

/* Of one process, or of all (-1); of family, or of both (0). */
static int
each(pid_t pid, int family, platform_take_listener *take, void *argument)
{
	int name[] = { CTL_KERN, KERN_FILE, KERN_FILE_BYPID, pid, sizeof(struct kinfo_file), INT_MAX };
	struct platform_listener found;
	struct kinfo_file *files;
	size_t size, i;
	int failed = 0;

	if ((files = bsd_sysctl(name, 6, &size)) == NULL)
		return -1;
	for (i = 0; i < size / sizeof(*files) && !failed; i++)
		if (read_file(&files[i], &found) && (family == 0 || found.family == family))
			failed = take(argument, &found) < 0;
	free(files);
	return failed ? -1 : 0;
}

int
platform_each_listener(int family, platform_take_listener *take, void *argument)
{
	if (family != AF_INET && family != AF_INET6) {
		errno = ENOSYS;
		return -1;
	}
	return each(-1, family, take, argument);
}

int
platform_each_listener_of(const pid_t *pids, size_t count, platform_take_listener *take, void *argument, pid_t *hidden)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (each(pids[i], 0, take, argument) < 0) {
			if (errno == ENOMEM || errno == ENOSYS)
				return -1;
			if (errno != ESRCH)
				*hidden = pids[i];
		}
	return 0;
}
