/* Signals that carry a number, by sigqueue(2), which is an option of POSIX. */
#include "platform/platform.h"

#include <errno.h>
#include <signal.h>

/* What a libc keeps for itself is in front of SIGRTMIN, and not behind SIGRTMAX. */
int
platform_value_signal(void)
{
	return SIGRTMAX - 3;
}

int
platform_signal_value(pid_t pid, int pidfd, int signal_number, int value)
{
	/* By a handle nothing is queued: whoever has one looks whether the process lives before its number is used. */
	if (pidfd >= 0) {
		errno = ENOSYS;
		return -1;
	}
	return sigqueue(pid, signal_number, (union sigval){ .sival_int = value });
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
