/* Where no signal is queued: OpenBSD and macOS have no sigqueue(2) and no SIGRTMIN. */
#include "platform/platform.h"

#include <errno.h>
#include <signal.h>

int
platform_value_signal(void)
{
	return 0;
}

int
platform_signal_value(pid_t pid, int pidfd, int signal_number, int value)
{
	(void)pid;
	(void)pidfd;
	(void)signal_number;
	(void)value;
	errno = ENOSYS;
	return -1;
}

int
platform_first_queued_signal(void)
{
	return NSIG;
}

int
platform_last_signal(void)
{
	return NSIG - 1;
}
