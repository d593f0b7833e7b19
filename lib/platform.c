/*
 * What only some systems have.  PLATFORM_LINUX: pidfd, close_range, subreaper, /proc, abstract
 * sockets, SCM_CREDENTIALS.  Else, or with -DPLATFORM_POSIX (so that it can be tested on Linux),
 * the fallback: kill(2) and ps(1).  A Linux that lacks one of the calls gets ENOSYS from the kernel
 * and the same fallback in the callers.
 */
#if defined(__linux__) && !defined(PLATFORM_POSIX)
#define PLATFORM_LINUX
#define _GNU_SOURCE	/* struct ucred */
#endif

#include "platform.h"
#include "io.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef PLATFORM_LINUX
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#endif

const struct platform_signal platform_signals[] = {
#ifdef SIGIO
	{ "IO", SIGIO },
#endif
#ifdef SIGPOLL
	{ "POLL", SIGPOLL },
#endif
#ifdef SIGPWR
	{ "PWR", SIGPWR },
#endif
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
#ifdef SIGEMT
	{ "EMT", SIGEMT },
#endif
	{ NULL, 0 },
};

static int
add_process(struct platform_process **list, size_t *count, size_t *room,
    const struct platform_process *process)
{
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 256;
		struct platform_process *grown = realloc(*list, more * sizeof(**list));

		if (grown == NULL)
			return -1;
		*list = grown;
		*room = more;
	}
	(*list)[(*count)++] = *process;
	return 0;
}

static int
is_kept(int fd, const int *keep, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (keep[i] == fd)
			return 1;
	return 0;
}

/* Those that are listed.  0; -1: the list is not of what this process has open (a static /dev). */
static int
close_listed(int from, const int *keep, size_t count)
{
	DIR *directory = opendir("/dev/fd");
	struct dirent *entry;
	int fd, is_true = 0;

	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL) {
		if (*entry->d_name < '0' || *entry->d_name > '9')
			continue;
		if ((fd = atoi(entry->d_name)) == dirfd(directory))
			is_true = 1;
		else if (fd >= from && !is_kept(fd, keep, count))
			close(fd);
	}
	closedir(directory);
	return is_true ? 0 : -1;
}

static void
close_numbered(int from, const int *keep, size_t count)
{
	long fd, last = sysconf(_SC_OPEN_MAX);

	if (close_listed(from, keep, count) == 0)
		return;
	if (last < 0 || last > INT_MAX)
		last = 65536;
	for (fd = from; fd < last; fd++)
		if (!is_kept((int)fd, keep, count))
			close((int)fd);
}

/* A directory with anything in it, else NULL; errno 0 where it is empty. */
static DIR *
open_filled(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (directory == NULL)
		return NULL;
	errno = 0;
	while ((entry = readdir(directory)) != NULL && *entry->d_name == '.')
		;
	if (entry != NULL) {
		rewinddir(directory);
		return directory;
	}
	closedir(directory);
	return NULL;
}

DIR *
platform_open_descriptors(pid_t pid)
{
	char path[64];
	DIR *directory, *threads;
	struct dirent *entry;
	int error;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	if ((directory = open_filled(path)) != NULL)
		return directory;
	error = errno;
	snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	if ((threads = opendir(path)) != NULL) {
		while (directory == NULL && (entry = readdir(threads)) != NULL) {
			long thread = atol(entry->d_name);

			if (thread < 1 || thread == (long)pid)
				continue;
			snprintf(path, sizeof(path), "/proc/%ld/task/%ld/fd", (long)pid, thread);
			directory = open_filled(path);
		}
		closedir(threads);
	}
	errno = directory == NULL ? error : 0;
	return directory;
}

#ifdef PLATFORM_LINUX

int
platform_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int
platform_pidfd_signal(int pidfd, int signal_number)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
}

int
platform_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -1 : 0;
}

void
platform_reset_hidden_signals(void)
{
	static const long zeros[16];	/* the kernel's struct sigaction, default handler, is smaller */
	int number;

	for (number = 32; number <= 34; number++)
		syscall(SYS_rt_sigaction, number, zeros, NULL, 8);
}

static int
close_range_of(unsigned from, unsigned to)
{
	return from > to ? 0 : (int)syscall(SYS_close_range, from, to, 0);
}

void
platform_close_all_but(const int *keep, size_t count)
{
	unsigned from = 3;
	size_t i;

	for (i = 0; i < count; i++) {
		if (keep[i] < 3)
			continue;
		if (close_range_of(from, (unsigned)keep[i] - 1) < 0) {
			close_numbered(3, keep, count);
			return;
		}
		from = (unsigned)keep[i] + 1;
	}
	if (close_range_of(from, ~0U) < 0)
		close_numbered(3, keep, count);
}

/* What /proc/PID/stat says behind the command's name.  1; 0: there is no such process; -1. */
static int
read_stat(pid_t pid, char *line, size_t size, const char **fields)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	/* ESRCH at open too: it may end while the kernel walks the path. */
	if ((fd = io_open(path, O_RDONLY | O_CLOEXEC, 0)) < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	n = io_read_all(fd, line, size - 1);
	io_close(&fd);
	if (n < 0)
		return errno == ESRCH ? 0 : -1;
	line[n] = '\0';
	/* The name is in parentheses and may hold anything, parentheses too. */
	if ((*fields = strrchr(line, ')')) == NULL) {
		errno = EPROTO;
		return -1;
	}
	++*fields;
	return 1;
}

int
platform_process_began(pid_t pid, struct timespec *began)
{
	unsigned long long ticks, rate = (unsigned long long)sysconf(_SC_CLK_TCK);
	struct timespec wall, since_boot;
	const char *fields;
	char line[1024];

	if (read_stat(pid, line, sizeof(line), &fields) != 1 ||
	    sscanf(fields, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
	    "%*d %llu", &ticks) != 1 ||
	    clock_gettime(CLOCK_REALTIME, &wall) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &since_boot) < 0)
		return 0;
	began->tv_sec = wall.tv_sec - since_boot.tv_sec + (time_t)(ticks / rate);
	began->tv_nsec = wall.tv_nsec - since_boot.tv_nsec +
	    (long)(ticks % rate * (1000000000ULL / rate));
	for (; began->tv_nsec < 0; began->tv_nsec += 1000000000L)
		began->tv_sec--;
	for (; began->tv_nsec >= 1000000000L; began->tv_nsec -= 1000000000L)
		began->tv_sec++;
	return 1;
}

int
platform_process(pid_t pid, struct platform_process *process)
{
	const char *fields;
	char line[1024];
	int parent, session, threads = 0, found = read_stat(pid, line, sizeof(line), &fields);

	if (found != 1)
		return found;
	if (sscanf(fields, " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d",
	    &process->state, &parent, &session, &threads) < 3) {
		errno = EPROTO;
		return -1;
	}
	if (process->state == 'Z' && threads > 1)
		process->state = 'S';	/* its first thread has ended, the process has not */
	process->pid = pid;
	process->parent = (pid_t)parent;
	process->session = (pid_t)session;
	return 1;
}

int
platform_processes(struct platform_process **list, size_t *count)
{
	DIR *directory = opendir("/proc");
	struct platform_process process;
	struct dirent *entry;
	size_t room = 0;
	int failed = 0;

	*list = NULL;
	*count = 0;
	if (directory == NULL) {
		if (errno == ENOENT || errno == ENOTDIR)
			errno = ENOSYS;
		return -1;
	}
	while (!failed) {
		errno = 0;
		if ((entry = readdir(directory)) == NULL) {
			failed = errno != 0;
			break;
		}
		if (*entry->d_name < '1' || *entry->d_name > '9')
			continue;
		switch (platform_process((pid_t)atol(entry->d_name), &process)) {
		case 1:
			failed = add_process(list, count, &room, &process) < 0;
			break;
		case -1:
			/* Hidden from us is not there for us; but what cannot be read may be. */
			failed = errno != EACCES && errno != EPERM && errno != EPROTO;
			break;
		}
	}
	if (!failed && *count == 0) {
		failed = 1;
		errno = ENOSYS;		/* not even we are there: nothing is mounted */
	}
	if (failed) {
		int saved = errno;

		free(*list);
		*list = NULL;
		closedir(directory);
		errno = saved;
		return -1;
	}
	closedir(directory);
	return 0;
}

/* Does that descriptor's file have this name?  To look at another could last as long as its server is away. */
static int
is_named(int directory, const char *descriptor, const char *name)
{
	char target[PATH_MAX + 16];
	ssize_t n = readlinkat(directory, descriptor, target, sizeof(target) - 1);
	const char *slash;

	if (n < 0)
		return 0;
	target[n] = '\0';
	/* Behind it may stand that it is deleted. */
	return (slash = strrchr(target, '/')) != NULL && strncmp(slash + 1, name, strlen(name)) == 0;
}

int
platform_process_has_open(pid_t pid, const struct stat *file, const char *name)
{
	DIR *directory = platform_open_descriptors(pid);
	struct dirent *entry;
	struct stat other;
	int found = 0;

	if (directory == NULL)
		return errno == 0 || errno == ENOENT || errno == ESRCH ? 0 : -1;
	while (!found && (entry = readdir(directory)) != NULL)
		found = is_named(dirfd(directory), entry->d_name, name) &&
		    fstatat(dirfd(directory), entry->d_name, &other, 0) == 0 &&
		    other.st_dev == file->st_dev && other.st_ino == file->st_ino;
	closedir(directory);
	return found;
}

int
platform_pid_namespace(char *name, size_t size)
{
	ssize_t n = readlink("/proc/self/ns/pid", name, size - 1);

	if (n <= 0)
		return 0;
	name[n] = '\0';
	return 1;
}

int
platform_notify_socket(const char *path, char *name, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timespec now;
	int fd, on = 1, n;

	(void)path;
	clock_gettime(CLOCK_REALTIME, &now);
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	/* A name that is never used again: a daemon may still write to it when we are long gone. */
	n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "otelop-run/%ld/%lld.%09ld",
	    (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
	if (io_move_above(&fd, 3) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) < 0 ||
	    io_format(name, size, "@%s", address.sun_path + 1) < 0)
		goto fail;
	return fd;
fail:
	io_close(&fd);
	return -1;
}

ssize_t
platform_notify_peek(int fd, char *bytes, size_t size, struct platform_sender *sender)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec part = { bytes, size };
	/* Room for the credentials alone: a descriptor that has no room does not become one of ours. */
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	struct ucred credentials;
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	*sender = (struct platform_sender){ -1, (uid_t)-1, (message.msg_flags & MSG_CTRUNC) != 0 };
	header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&credentials, CMSG_DATA(header), sizeof(credentials));
		sender->pid = credentials.pid;
		sender->uid = credentials.uid;
	}
	return n;
}

void
platform_notify_drop(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EINTR)
		;
}

#else /* POSIX */

int
platform_pidfd_open(pid_t pid)
{
	(void)pid;
	errno = ENOSYS;
	return -1;
}

int
platform_pidfd_signal(int pidfd, int signal_number)
{
	(void)pidfd;
	(void)signal_number;
	errno = ENOSYS;
	return -1;
}

void
platform_reset_hidden_signals(void)
{
}

int
platform_adopt_orphans(void)
{
	errno = ENOSYS;
	return -1;
}

void
platform_close_all_but(const int *keep, size_t count)
{
	close_numbered(3, keep, count);
}

/* The output of ps for everybody or one process, on a descriptor; the child is not in the answer. */
static int
open_ps(pid_t pid, pid_t *child)
{
	char number[32];
	sigset_t all, before;
	int out[2], null;

	if (io_pipe(out) < 0)
		return -1;
	snprintf(number, sizeof(number), "%ld", (long)pid);
	/* The child must not run our handlers: ps has none, and blocked signals do not matter to it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if ((*child = fork()) == 0) {
		if ((null = io_open("/dev/null", O_RDWR, 0)) < 0 || io_dup2(out[1], 1) < 0 ||
		    io_dup2(null, 2) < 0)
			_exit(127);
		if (pid > 0)
			execlp("ps", "ps", "-o", "pid=", "-o", "ppid=", "-o", "stat=", "-p", number,
			    (char *)NULL);
		else
			execlp("ps", "ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "stat=",
			    (char *)NULL);
		_exit(127);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	io_close(&out[1]);
	if (*child < 0)
		io_close(&out[0]);
	return out[0];
}

static int
list_ps(pid_t pid, struct platform_process **list, size_t *count)
{
	struct platform_process process;
	long number, parent;
	char state[32];
	size_t room = 0;
	pid_t child;
	FILE *stream;
	int fd, status = 0, failed = 0;	/* where SIGCHLD is ignored, nobody tells the status */

	*list = NULL;
	*count = 0;
	if ((fd = open_ps(pid, &child)) < 0)
		return -1;
	if ((stream = fdopen(fd, "r")) == NULL)
		io_close(&fd);
	while (stream != NULL && !failed &&
	    fscanf(stream, "%ld %ld %31s", &number, &parent, state) == 3) {
		process.pid = (pid_t)number;
		process.parent = (pid_t)parent;
		process.session = getsid(process.pid);
		/* With an l its first thread has ended, the process has not. */
		process.state = *state == 'Z' && strchr(state, 'l') != NULL ? 'S' : *state;
		if (process.pid != child)
			failed = add_process(list, count, &room, &process) < 0;
	}
	if (stream != NULL)
		fclose(stream);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (stream == NULL || failed || WIFSIGNALED(status) || WEXITSTATUS(status) > 1) {
		free(*list);
		*list = NULL;
		errno = ENOSYS;
		return -1;
	}
	return 0;
}

int
platform_processes(struct platform_process **list, size_t *count)
{
	return list_ps(0, list, count);
}

int
platform_process(pid_t pid, struct platform_process *process)
{
	struct platform_process *list;
	size_t count;

	if (list_ps(pid, &list, &count) < 0)
		return -1;
	if (count > 0)
		*process = *list;
	free(list);
	return count > 0;
}

int
platform_process_began(pid_t pid, struct timespec *began)
{
	(void)pid;
	(void)began;
	return 0;
}

int
platform_process_has_open(pid_t pid, const struct stat *file, const char *name)
{
	(void)pid;
	(void)file;
	(void)name;
	return -1;
}

int
platform_pid_namespace(char *name, size_t size)
{
	(void)name;
	(void)size;
	return 0;
}

int
platform_notify_socket(const char *path, char *name, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int fd;

	if (io_format(address.sun_path, sizeof(address.sun_path), "%s", path) < 0 ||
	    io_format(name, size, "%s", path) < 0)
		return -1;
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) < 0)
		return -1;
	unlink(path);
	/* Our user and root alone: nobody else's descriptors ever come in. */
	before = umask(077);
	if (io_move_above(&fd, 3) < 0 || io_nonblock(fd, 1) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		io_close(&fd);
	umask(before);
	return fd;
}

ssize_t
platform_notify_peek(int fd, char *bytes, size_t size, struct platform_sender *sender)
{
	/* The socket's mode lets nobody in but our user and root. */
	*sender = (struct platform_sender){ -1, geteuid(), 0 };
	return recv(fd, bytes, size, MSG_PEEK);
}

void
platform_notify_drop(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) < 0 && errno == EINTR)
		;
}

#endif
