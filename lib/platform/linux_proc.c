/* /proc on Linux; linux_proc.h has the invariants. */
#include "platform/linux_proc.h"
#include "base/io.h"
#include "base/text.h"

#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
proc_refused(int error)
{
	return error == EACCES || error == EPERM;
}

/* The directory /proc, and what its self is in it, which is us, by whatever number.  -1: errno; ENOSYS. */
static int
open_any_proc(char *self, size_t size)
{
	struct statfs mounted;
	ssize_t n = -1;
	int fd = io_open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd >= 0 && fstatfs(fd, &mounted) == 0) {
		if (mounted.f_type != PROC_MAGIC)
			errno = ENOSYS;
		else if ((n = readlinkat(fd, "self", self, size - 1)) >= 0)
			self[n] = '\0';
	}
	if (n < 0 && (errno == ENOENT || errno == ENOTDIR || proc_refused(errno)))
		errno = ENOSYS;
	if (n < 0)
		io_close(&fd);
	return fd;
}

int
proc_open(void)
{
	char ours[32], self[32];
	int fd = open_any_proc(self, sizeof(self));

	snprintf(ours, sizeof(ours), "%ld", (long)getpid());
	if (fd >= 0 && strcmp(self, ours) != 0) {
		io_close(&fd);
		errno = ENOSYS;
	}
	return fd;
}

int
proc_hides(int proc, pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "%ld", (long)pid);
	return pid > 0 && faccessat(proc, name, F_OK, 0) < 0 && errno == ENOENT &&
	    (kill(pid, 0) == 0 || errno == EPERM);
}

int
proc_open_of(int proc, pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	if (io_format(path, sizeof(path), "%ld/%s", (long)pid, name) < 0)
		return -1;
	/* ESRCH at open too: it may end while the kernel walks the path. */
	if ((fd = io_openat(proc, path, O_RDONLY | O_CLOEXEC | flags, 0)) < 0 &&
	    (errno == ENOENT || errno == ESRCH))
		errno = proc_hides(proc, pid) ? EACCES : ESRCH;
	return fd;
}

DIR *
proc_list_of(int proc, pid_t pid, const char *name, int *fd)
{
	DIR *list;

	if ((*fd = proc_open_of(proc, pid, name, O_DIRECTORY)) < 0)
		return NULL;
	if ((list = fdopendir(*fd)) == NULL) {
		/* It asks what the descriptor is, and the kernel counts what is open: of nobody by now. */
		if (errno == ENOENT)
			errno = ESRCH;
		io_close(fd);
	}
	return list;
}

const char *
proc_next(DIR *list)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(list);
	} while (entry != NULL && *entry->d_name == '.');
	return entry == NULL ? NULL : entry->d_name;
}

ssize_t
proc_read_text(int fd, char *text, size_t size)
{
	ssize_t n;

	if (fd < 0)
		return -1;
	if ((n = io_read_all(fd, text, size - 1)) >= 0)
		text[n] = '\0';
	io_close(&fd);
	return n;
}

/* A process number, which is -1 for a group and a session that the process, while it is being reaped, has left. */
static int
take_pid(const char **at, pid_t *pid)
{
	unsigned long long number;
	const char *sign = *at + strspn(*at, " ");
	int is_none = *sign == '-';

	if (is_none)
		*at = sign + 1;
	if (!text_take_number(at, 10, &number))
		return 0;
	*pid = is_none ? -1 : (pid_t)number;
	return 1;
}

/* What stands behind the name: the rest of it may be missing, but for who it is. */
static int
parse_fields(const char *at, struct proc_stat *found)
{
	struct platform_process *process = &found->process;
	unsigned long long number;

	at += strspn(at, " ");
	if ((process->state = *at) == '\0')
		return 0;
	at++;
	if (!take_pid(&at, &process->parent) || !take_pid(&at, &process->group) || !take_pid(&at, &process->session))
		return 0;
	if (text_skip_fields(&at, 2) && text_take_number(&at, 10, &number)) {
		found->flags = (unsigned)number;
		if (text_skip_fields(&at, 10) && text_take_number(&at, 10, &number)) {
			found->threads = (int)number;
			if (text_skip_fields(&at, 1) && text_take_number(&at, 10, &number))
				process->start_ticks = number;
		}
	}
	return 1;
}

int
proc_read_stat(int proc, pid_t pid, struct proc_stat *found)
{
	struct platform_process *process = &found->process;
	const char *name_end;
	char line[1024];

	memset(found, 0, sizeof(*found));
	if (proc_read_text(proc_open_of(proc, pid, "stat", 0), line, sizeof(line)) < 0)
		return errno == ESRCH ? 0 : -1;
	/* The name is in parentheses and may hold anything, parentheses too. */
	if ((name_end = strrchr(line, ')')) == NULL || !parse_fields(name_end + 1, found)) {
		errno = EPROTO;
		return -1;
	}
	if (process->state == 'Z' && found->threads > 1) {
		process->state = 'S';
		found->first_has_ended = 1;
	}
	process->pid = pid;
	return 1;
}

int
proc_each(int proc, int (*take)(void *, int, pid_t), void *argument)
{
	int saved, result = 0, fd = io_openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	const char *name;
	DIR *directory;

	if (fd < 0 || (directory = fdopendir(fd)) == NULL) {
		io_close(&fd);
		return -1;
	}
	while (result == 0) {
		if ((name = proc_next(directory)) == NULL) {
			result = errno != 0 ? -1 : 0;
			break;
		}
		if (*name >= '1' && *name <= '9')
			result = take(argument, proc, (pid_t)atol(name));
	}
	saved = errno;
	closedir(directory);
	errno = saved;
	return result;
}

int
platform_boot_id(char *name, size_t size)
{
	char self[32];
	int proc = open_any_proc(self, sizeof(self));
	ssize_t n = -1;

	if (proc >= 0)
		n = proc_read_text(io_openat(proc, "sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0),
		    name, size);
	io_close(&proc);
	if (n < 1)
		return 0;
	name[strcspn(name, "\n")] = '\0';
	return *name != '\0';
}

int
platform_pid_namespace(char *name, size_t size)
{
	char self[32];
	int proc = open_any_proc(self, sizeof(self));
	ssize_t n = proc < 0 ? -1 : readlinkat(proc, "self/ns/pid", name, size - 1);

	io_close(&proc);
	if (n <= 0)
		return 0;
	name[n] = '\0';
	return 1;
}
