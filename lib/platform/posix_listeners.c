/* Who listens where, by a call: POSIX has none. */
#include "platform/platform.h"

#include <errno.h>

int
platform_each_listener(int family, platform_take_listener *take, void *argument)
{
	(void)family;
	(void)take;
	(void)argument;
	errno = ENOSYS;
	return -1;
}
