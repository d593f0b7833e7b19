/*
 * What a process does to itself and to others, on Linux.  A kernel that lacks one of these calls answers ENOSYS,
 * and the callers do without.
 */
#include "platform/platform.h"
#include "platform/portable.h"
#include "base/io.h"

#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef NFS_SUPER_MAGIC
#define NFS_SUPER_MAGIC 0x6969
#endif

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

/*
 * By the kernel's numbers, which are the same whatever a libc calls SIGRTMIN: near its end, where nobody begins to
 * count, and not the last, which people take.
 */
int
platform_value_signal(void)
{
	return 61;
}

int
platform_signal_value(pid_t pid, int pidfd, int signal_number, int value)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = signal_number;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	if (pidfd >= 0)
		return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, &info, 0);
	return sigqueue(pid, signal_number, info.si_value);
}

int
platform_first_queued_signal(void)
{
	return SIGRTMIN;
}

int
platform_last_signal(void)
{
	return SIGRTMAX;
}

/* Deeper than any call of ours goes, and less than the kernel leaves free below a stack. */
#define STACK_DEPTH (1 << 20)

void
platform_give_back_stack(void)
{
	char here = 0;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = (uintptr_t)&here / page * page - page;	/* what is called from here needs a page at most */

	/* It ends where the stack has not grown to, which is called an error, after all that is there was let go. */
	madvise((void *)(end - STACK_DEPTH), STACK_DEPTH, MADV_DONTNEED);
}

int
platform_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -1 : 0;
}

int
platform_has_no_living_child(void)
{
	siginfo_t how;
	int result;

	/* To wait for what stops, a zombie is no child. */
	do
		result = waitid(P_ALL, 0, &how, WSTOPPED | WNOHANG | WNOWAIT);
	while (result < 0 && errno == EINTR);
	return result < 0 && errno == ECHILD;
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

void
platform_ignore_hidden_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	long as_the_kernel_has_it[16];
	int number;

	/* How a kernel writes down that a signal is ignored differs; nobody misses an URG meanwhile, which does nothing. */
	sigaction(SIGURG, &ignore, &before);
	if (syscall(SYS_rt_sigaction, SIGURG, NULL, as_the_kernel_has_it, 8) == 0)
		for (number = 32; number <= 34; number++)
			syscall(SYS_rt_sigaction, number, as_the_kernel_has_it, NULL, 8);
	sigaction(SIGURG, &before, NULL);
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
			portable_close_all_but(keep, count);
			return;
		}
		from = (unsigned)keep[i] + 1;
	}
	if (close_range_of(from, ~0U) < 0)
		portable_close_all_but(keep, count);
}

/* Of a file that is open NFS takes the name only as its directory sees it: it has another one there until it is closed. */
static uint32_t
directory_events(int dir_fd)
{
	struct statfs found;

	return IN_MOVE_SELF | IN_DELETE_SELF |
	    (fstatfs(dir_fd, &found) == 0 && found.f_type == NFS_SUPER_MAGIC ? IN_DELETE | IN_MOVE : 0);
}

static int
watch_named(int fd, const char *file, const char *directory, uint32_t events)
{
	return inotify_add_watch(fd, file, IN_ATTRIB | IN_MODIFY | IN_MOVE_SELF) < 0 ||
	    inotify_add_watch(fd, directory, events) < 0 ? -1 : 0;
}

int
platform_watch(int file_fd, int dir_fd, const char *directory, const char *name)
{
	char our_file[64], our_directory[64], file[PATH_MAX];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	snprintf(our_file, sizeof(our_file), "/proc/self/fd/%d", file_fd);
	snprintf(our_directory, sizeof(our_directory), "/proc/self/fd/%d", dir_fd);
	if (fd < 0 || io_move_above(&fd, 3) < 0)
		goto fail;
	if (watch_named(fd, our_file, our_directory, directory_events(dir_fd)) == 0)
		return fd;
	/* Without /proc nothing but a name can be watched. */
	if (errno == ENOENT && io_format(file, sizeof(file), "%s/%s", directory, name) >= 0 &&
	    watch_named(fd, file, directory, directory_events(dir_fd)) == 0)
		return fd;
fail:
	io_close(&fd);
	return -1;
}

void
platform_watch_drain(int watch)
{
	io_drain(watch);
}
