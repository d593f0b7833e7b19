/* No list of the children of a process alone, with POSIX alone. */
#include "platform/platform.h"

#include <errno.h>

int
platform_children(enum platform_children which, struct pids *children)
{
	(void)which;
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
