/*
 * What a process does to itself and to others, with POSIX alone: kill(2) and looking again and again.  A system
 * that has handles, events, or descendants that come to it gives these functions in a file of its own, in this one's place.
 */
#include "platform/platform.h"
#include "platform/portable.h"

#include <errno.h>
#include <signal.h>

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

/* What a libc keeps for itself is in front of SIGRTMIN, and not behind SIGRTMAX. */
int
platform_value_signal(void)
{
	return SIGRTMAX - 3;
}

int
platform_signal_value(pid_t pid, int pidfd, int signal_number, int value)
{
	(void)pidfd;
	return sigqueue(pid, signal_number, (union sigval){ .sival_int = value });
}

void
platform_give_back_stack(void)
{
}

int
platform_adopt_orphans(void)
{
	errno = ENOSYS;
	return -1;
}

int
platform_adopts_orphans(void)
{
	return 0;
}

void
platform_reset_hidden_signals(void)
{
}

void
platform_ignore_hidden_signals(void)
{
}

pid_t
platform_share(int (*run)(void *), void *argument, char *stack, size_t size)
{
	(void)run;
	(void)argument;
	(void)stack;
	(void)size;
	errno = ENOSYS;
	return -1;
}

void
platform_close_all_but(const int *keep, size_t count)
{
	portable_close_all_but(keep, count);
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

int
platform_watch(int file_fd, int dir_fd)
{
	(void)file_fd;
	(void)dir_fd;
	errno = ENOSYS;
	return -1;
}
