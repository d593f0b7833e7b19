/*
 * Doubles of FreeBSD's sysctl(3), procctl(2), pdfork(2) and closefrom(2) on Linux, for tests alone: they answer what
 * lib/platform asks as those man pages have it, from /proc, prctl(2) and clone(2), and refuse all else with ENOTSUP.
 *
 * What they are not: the lists are no moment's, as the kernel's own are, but read until two in a row are the same; a reaper below
 * a reaper does not take its descendants out of the list; a process of pdfork is killed when its parent dies, not when the
 * descriptor is closed.
 */
#define _GNU_SOURCE

#include <sys/procctl.h>
#include <sys/procdesc.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/user.h>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#define CLONE_WITH_PIDFD 0x1000
#define PROCESSES_MAX 8192

/* The whole of a small file, as a string.  Its length, or -1. */
static ssize_t
read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (used < size - 1 && (n = read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	text[used] = '\0';
	return n < 0 ? -1 : (ssize_t)used;
}

static long
boot_seconds(void)
{
	static char text[1 << 20];
	const char *line;

	return read_text("/proc/stat", text, sizeof(text)) > 0 && (line = strstr(text, "\nbtime ")) != NULL ?
	    atol(line + 7) : 0;
}

/* 1; 0: there is no such process. */
static int
read_process(pid_t pid, long booted, struct kinfo_proc *info)
{
	char path[64], text[1024], *name, *rest, state;
	long parent, group, session, threads, rate = sysconf(_SC_CLK_TCK);
	unsigned long long ticks;
	struct stat status;

	memset(info, 0, sizeof(*info));
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (read_text(path, text, sizeof(text)) < 0 || stat(path, &status) < 0 || (name = strchr(text, '(')) == NULL ||
	    (rest = strrchr(text, ')')) == NULL || sscanf(rest + 1, " %c %ld %ld %ld %*d %*d %*u %*u %*u %*u %*u %*u %*u "
	    "%*d %*d %*d %*d %ld %*d %llu", &state, &parent, &group, &session, &threads, &ticks) != 6)
		return 0;
	*rest = '\0';
	if (state == 'Z' && threads > 1)
		state = 'S';	/* its first thread has ended alone, of which FreeBSD shows nothing */
	info->ki_pid = pid;
	info->ki_ppid = (pid_t)parent;
	info->ki_pgid = (pid_t)group;
	info->ki_sid = (pid_t)session;
	info->ki_uid = status.st_uid;
	info->ki_start.tv_sec = booted + (long)(ticks / (unsigned long)rate);
	info->ki_start.tv_usec = (long)(ticks % (unsigned long)rate) * (1000000 / rate);
	info->ki_stat = (char)(state == 'Z' || state == 'X' ? 5 : state == 'T' ? 4 : state == 'R' ? 2 : 3);
	snprintf(info->ki_comm, sizeof(info->ki_comm), "%.*s", COMMLEN, name + 1);
	return 1;
}

/* All processes, in an array of PROCESSES_MAX. */
static size_t
read_all(struct kinfo_proc *all)
{
	DIR *list = opendir("/proc");
	struct dirent *entry;
	long booted = boot_seconds();
	size_t count = 0;

	while (list != NULL && count < PROCESSES_MAX && (entry = readdir(list)) != NULL)
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			count += (size_t)read_process((pid_t)atol(entry->d_name), booted, &all[count]);
	if (list != NULL)
		closedir(list);
	return count;
}

/* As sysctl gives bytes out. */
static int
give(const void *bytes, size_t length, void *old, size_t *size)
{
	if (old == NULL) {
		*size = length;
		return 0;
	}
	if (*size < length) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(old, bytes, length);
	*size = length;
	return 0;
}

static int
give_all(void *old, size_t *size)
{
	struct kinfo_proc *all = calloc(PROCESSES_MAX, sizeof(*all));
	int result = -1;

	if (all != NULL)
		result = give(all, read_all(all) * sizeof(*all), old, size);
	free(all);
	return result;
}

static int
give_one(pid_t pid, void *old, size_t *size)
{
	struct kinfo_proc one;

	if (read_process(pid, boot_seconds(), &one))
		return give(&one, sizeof(one), old, size);
	errno = ESRCH;
	return -1;
}

static int
give_environment(pid_t pid, void *old, size_t *size)
{
	static char text[1 << 18];
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
	if ((length = read_text(path, text, sizeof(text))) >= 0)
		return give(text, (size_t)length, old, size);
	errno = errno == ENOENT ? ESRCH : EPERM;
	return -1;
}

static int
give_directory(pid_t pid, void *old, size_t *size)
{
	struct kinfo_file file;
	char path[64];
	ssize_t length;

	memset(&file, 0, sizeof(file));
	snprintf(path, sizeof(path), "/proc/%ld/cwd", (long)pid);
	if ((length = readlink(path, file.kf_path, sizeof(file.kf_path) - 1)) >= 0)
		return give(&file, offsetof(struct kinfo_file, kf_path) + (size_t)length + 1, old, size);
	errno = errno == ENOENT ? ESRCH : EPERM;
	return -1;
}

int
sysctl(const int *name, unsigned name_length, void *old, size_t *old_size, const void *new, size_t new_size)
{
	struct timeval booted = { 0, 0 };

	(void)new_size;
	if (new == NULL && name_length == 2 && name[0] == CTL_KERN && name[1] == KERN_BOOTTIME) {
		booted.tv_sec = boot_seconds();
		return give(&booted, sizeof(booted), old, old_size);
	}
	if (new == NULL && name_length == 3 && name[0] == CTL_KERN && name[1] == KERN_PROC && name[2] == KERN_PROC_PROC)
		return give_all(old, old_size);
	if (new == NULL && name_length == 4 && name[0] == CTL_KERN && name[1] == KERN_PROC)
		switch (name[2]) {
		case KERN_PROC_PID:
			return give_one(name[3], old, old_size);
		case KERN_PROC_ENV:
			return give_environment(name[3], old, old_size);
		case KERN_PROC_CWD:
			return give_directory(name[3], old, old_size);
		}
	errno = ENOTSUP;
	return -1;
}

/* Who is found below a process, by the kernel's lists of each thread's children. */
struct list {
	struct procctl_reaper_pidinfo *found;
	size_t room;
	size_t count;
	pid_t top;
};

static void take_below(struct list *list, pid_t parent);

static void
take_child(struct list *list, pid_t parent, pid_t child)
{
	struct kinfo_proc info;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->found[i].pi_pid == child)
			return;
	if (list->count == list->room || !read_process(child, 0, &info))
		return;
	memset(&list->found[list->count], 0, sizeof(*list->found));
	list->found[list->count].pi_pid = child;
	list->found[list->count++].pi_flags = REAPER_PIDINFO_VALID | (parent == list->top ? REAPER_PIDINFO_CHILD : 0) |
	    (info.ki_stat == 5 ? REAPER_PIDINFO_ZOMBIE : 0);
	take_below(list, child);
}

static void
take_below(struct list *list, pid_t parent)
{
	char path[600], text[4096], *at, *end;
	struct dirent *entry;
	DIR *threads;
	long child;

	snprintf(path, sizeof(path), "/proc/%ld/task", (long)parent);
	threads = opendir(path);
	while (threads != NULL && (entry = readdir(threads)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%ld/task/%s/children", (long)parent, entry->d_name);
		if (*entry->d_name == '.' || read_text(path, text, sizeof(text)) < 0)
			continue;
		for (at = text; (child = strtol(at, &end, 10)) > 0; at = end)
			take_child(list, parent, (pid_t)child);
	}
	if (threads != NULL)
		closedir(threads);
}

static size_t
list_below(pid_t pid, struct procctl_reaper_pidinfo *found, size_t room)
{
	struct list list = { found, room, 0, pid };

	take_below(&list, pid);
	return list.count;
}

/* Until two lists in a row are the same. */
static size_t
list_twice(pid_t pid, struct procctl_reaper_pidinfo *found, size_t room)
{
	struct procctl_reaper_pidinfo *before = calloc(room, sizeof(*before));
	size_t count = 0, last = 0;
	int rounds = 0;

	if (before != NULL)
		do {
			last = list_below(pid, before, room);
			count = list_below(pid, found, room);
		} while ((count != last || memcmp(before, found, count * sizeof(*found)) != 0) && ++rounds < 20);
	free(before);
	return count;
}

int
procctl(idtype_t type, id_t id, int command, void *data)
{
	struct procctl_reaper_pidinfo *list;
	struct procctl_reaper_status *status = data;
	struct procctl_reaper_pids *pids = data;
	int adopts = 0;

	if (type == P_PID && command == PROC_REAP_ACQUIRE && (pid_t)id == getpid())
		return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (type == P_PID && kill((pid_t)id, 0) < 0 && errno == ESRCH)
		return -1;
	if (type == P_PID && command == PROC_REAP_STATUS) {
		memset(status, 0, sizeof(*status));
		if ((pid_t)id == getpid() && prctl(PR_GET_CHILD_SUBREAPER, &adopts, 0, 0, 0) == 0 && adopts)
			status->rs_flags = REAPER_STATUS_OWNED;
		if ((list = calloc(PROCESSES_MAX, sizeof(*list))) == NULL)
			return -1;
		status->rs_descendants = (u_int)list_twice((pid_t)id, list, PROCESSES_MAX);
		free(list);
		return 0;
	}
	if (type == P_PID && command == PROC_REAP_GETPIDS) {
		list_twice((pid_t)id, pids->rp_pids, pids->rp_count);
		return 0;
	}
	errno = ENOTSUP;
	return -1;
}

pid_t
pdfork(int *fd, int flags)
{
	pid_t parent = getpid(), pid;
	int pidfd = -1;

	if (flags != PD_CLOEXEC) {
		errno = ENOTSUP;
		return -1;
	}
	/* No signal tells of its end. */
	if ((pid = (pid_t)syscall(SYS_clone, CLONE_WITH_PIDFD, NULL, &pidfd, NULL, NULL)) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (getppid() != parent)
			_exit(1);
		return 0;
	}
	*fd = pidfd;
	return pid;
}

int
pdkill(int fd, int signal_number)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0);
}

void
closefrom(int lowest)
{
	long fd, end = sysconf(_SC_OPEN_MAX);

	if (syscall(436, lowest, ~0U, 0) == 0)	/* close_range */
		return;
	for (fd = lowest; fd < end; fd++)
		close((int)fd);
}
