/* No handle means a process for good, with POSIX alone: there is its number, and looking again and again. */
#include "platform/platform.h"

#include <errno.h>

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
