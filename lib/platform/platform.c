/*
 * What only some systems have, but for what platform_proc.c sees of other processes.  PLATFORM_LINUX:
 * pidfd, close_range, subreaper, abstract sockets, SCM_CREDENTIALS.  Else, or with -DPLATFORM_POSIX (so
 * that it can be tested on Linux), the fallback: kill(2).  A Linux that lacks one of the calls gets ENOSYS from the kernel
 * and the same fallback in the callers.
 */
#if defined(__linux__)
#define _GNU_SOURCE	/* O_PATH, struct ucred, clone */
#ifndef PLATFORM_POSIX
#define PLATFORM_LINUX
#endif
#endif

#include "platform/platform.h"
#include "base/io.h"

#include <sys/socket.h>
#include <sys/un.h>

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
#include <sys/inotify.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <sched.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define NOREPLACE 1	/* RENAME_NOREPLACE and RENAME_EXCHANGE, which some libcs do not name */
#define EXCHANGE 2
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#endif

#if defined(O_PATH)
#define SEARCH O_PATH
#elif defined(O_SEARCH)
#define SEARCH O_SEARCH
#else
#define SEARCH O_RDONLY
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

/* Where there is no such call: a link fails if the name is there. */
static int
rename_new(int dir_fd, const char *from, const char *to)
{
	return linkat(dir_fd, from, dir_fd, to, 0) < 0 ? -1 : unlinkat(dir_fd, from, 0);
}

int
platform_open_to_search(int dir_fd, const char *name, int flags)
{
	return io_openat(dir_fd, name, SEARCH | O_DIRECTORY | O_CLOEXEC | flags, 0);
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

#ifdef PLATFORM_LINUX

#define PROC_FILE_SYSTEM 0x9fa0

ssize_t
platform_read_link(int dir_fd, const char *name, struct stat *link, char *text, size_t size)
{
	int fd = io_openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct statfs system;
	ssize_t length = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, link) == 0 && fstatfs(fd, &system) == 0) {
		if (!S_ISLNK(link->st_mode))
			errno = EINVAL;
		else if (system.f_type == PROC_FILE_SYSTEM)
			length = 0;
		else
			length = readlinkat(fd, "", text, size);
	}
	io_close(&fd);
	return length;
}

int
platform_is_remote(int fd)
{
	/* What statfs(2) calls them; NFS, SMB, CIFS, SMB2, 9P, AFS twice, Ceph, FUSE, Lustre, GFS2, OCFS2, Coda, GPFS. */
	static const uint32_t magics[] = { 0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997,
	    0x5346414f, 0x6b414653, 0x00c36400, 0x65735546, 0x0bd00bd0, 0x01161970, 0x7461636f,
	    0x73757245, 0x47504653 };
	struct statfs mounted;
	size_t i;

	if (fstatfs(fd, &mounted) < 0)
		return -1;
	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if ((uint32_t)mounted.f_type == magics[i])
			return 1;
	return 0;
}

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

#define HELPER_STACK 8192

struct flock_wanted {
	pid_t parent;
	int fd;
	int operation;
	int keeps;
};

static int
run_flock_helper(void *argument)
{
	const struct flock_wanted *wanted = argument;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != wanted->parent)
		return 1;	/* it died before that could be heard of */
	prctl(PR_SET_NAME, "lock-waiter", 0, 0, 0);	/* ps -o comm */
	return flock(wanted->fd, wanted->operation) < 0 || (!wanted->keeps && flock(wanted->fd, LOCK_UN) < 0);
}

/* Is a child to be in a pid namespace of its own?  The first one there must not be a helper: with it all ends. */
static int
children_are_elsewhere(void)
{
	char ours[64], theirs[64];
	ssize_t n = readlink("/proc/self/ns/pid", ours, sizeof(ours));

	return n > 0 && (readlink("/proc/self/ns/pid_for_children", theirs, sizeof(theirs)) != n ||
	    memcmp(ours, theirs, (size_t)n) != 0);
}

int
platform_flock_begin(struct platform_flock_helper *helper, int fd, int operation, int keeps)
{
	struct flock_wanted wanted = { getpid(), fd, operation, keeps };
	char stack[HELPER_STACK];	/* the child's copy of it is the child's stack */
	sigset_t all, before;
	int pidfd = -1;

	if (children_are_elsewhere()) {
		errno = ENOSYS;
		return -1;
	}
	/* The child must not run our handlers.  It shares our descriptors, so that it keeps none of them open. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	helper->pid = clone(run_flock_helper, stack + sizeof(stack), CLONE_FILES | CLONE_PIDFD, &wanted, &pidfd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (helper->pid < 0)
		return -1;
	helper->pidfd = pidfd;
	if (pidfd >= 0 && io_move_above(&helper->pidfd, 3) == 0)
		return 0;
	platform_flock_end(helper);
	return -1;
}

int
platform_flock_end(struct platform_flock_helper *helper)
{
	int status, reaped;

	/* Behind the pidfd it is itself, even if somebody else has reaped it. */
	if (helper->pidfd < 0 || (platform_pidfd_signal(helper->pidfd, SIGKILL) < 0 && errno != ESRCH))
		kill(helper->pid, SIGKILL);
	while ((reaped = waitpid(helper->pid, &status, __WCLONE)) < 0 && errno == EINTR)
		;
	io_close(&helper->pidfd);
	return reaped > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int
platform_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -1 : 0;
}

int
platform_adopts_orphans(void)
{
	int adopts = 0;

	return prctl(PR_GET_CHILD_SUBREAPER, &adopts, 0, 0, 0) == 0 && adopts;
}

void
platform_reset_hidden_signals(void)
{
	static const long zeros[16];	/* the kernel's struct sigaction, default handler, is smaller */
	int number;

	for (number = 32; number <= 34; number++)
		syscall(SYS_rt_sigaction, number, zeros, NULL, 8);
}

int
platform_exchange(int dir_fd, const char *a, const char *b)
{
	return (int)syscall(SYS_renameat2, dir_fd, a, dir_fd, b, EXCHANGE);
}

int
platform_rename_new(int dir_fd, const char *from, const char *to)
{
	if (syscall(SYS_renameat2, dir_fd, from, dir_fd, to, NOREPLACE) == 0)
		return 0;
	return errno == ENOSYS || errno == EINVAL || errno == EPERM ? rename_new(dir_fd, from, to) : -1;
}

int
platform_watch(int file_fd, int dir_fd)
{
	char file[64], directory[64];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	snprintf(file, sizeof(file), "/proc/self/fd/%d", file_fd);
	snprintf(directory, sizeof(directory), "/proc/self/fd/%d", dir_fd);
	if (fd >= 0 && (io_move_above(&fd, 3) < 0 ||
	    inotify_add_watch(fd, file, IN_ATTRIB | IN_MODIFY | IN_MOVE_SELF) < 0 ||
	    inotify_add_watch(fd, directory, IN_MOVE_SELF | IN_DELETE_SELF) < 0))
		io_close(&fd);
	return fd;
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

ssize_t
platform_read_link(int dir_fd, const char *name, struct stat *link, char *text, size_t size)
{
	struct stat after;
	ssize_t length;

	if (fstatat(dir_fd, name, link, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (length = readlinkat(dir_fd, name, text, size)) < 0 ||
	    fstatat(dir_fd, name, &after, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	/* A rename changes the time. */
	if (link->st_dev == after.st_dev && link->st_ino == after.st_ino &&
	    link->st_ctim.tv_sec == after.st_ctim.tv_sec && link->st_ctim.tv_nsec == after.st_ctim.tv_nsec)
		return length;
	errno = EAGAIN;
	return -1;
}

int
platform_is_remote(int fd)
{
	(void)fd;
	return 0;
}

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

int
platform_flock_begin(struct platform_flock_helper *helper, int fd, int operation, int keeps)
{
	(void)helper;
	(void)fd;
	(void)operation;
	(void)keeps;
	errno = ENOSYS;
	return -1;
}

int
platform_flock_end(struct platform_flock_helper *helper)
{
	(void)helper;
	return 0;
}

void
platform_reset_hidden_signals(void)
{
}

int
platform_adopts_orphans(void)
{
	return 0;
}

int
platform_adopt_orphans(void)
{
	errno = ENOSYS;
	return -1;
}

int
platform_exchange(int dir_fd, const char *a, const char *b)
{
	(void)dir_fd;
	(void)a;
	(void)b;
	errno = ENOSYS;
	return -1;
}

int
platform_rename_new(int dir_fd, const char *from, const char *to)
{
	return rename_new(dir_fd, from, to);
}

int
platform_watch(int file_fd, int dir_fd)
{
	(void)file_fd;
	(void)dir_fd;
	errno = ENOSYS;
	return -1;
}

void
platform_close_all_but(const int *keep, size_t count)
{
	close_numbered(3, keep, count);
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
