/* No list of the children of a process alone, with POSIX alone. */
#include "platform/platform.h"

#include <errno.h>

int
platform_children(pid_t pid, struct pids *children)
{
	(void)pid;
	(void)children;
	errno = ENOSYS;
	return -1;
}

int
platform_each_descendant(pid_t top, platform_take_descendant *take, void *argument)
{
	(void)top;
	(void)take;
	(void)argument;
	errno = ENOSYS;
	return -1;
}
