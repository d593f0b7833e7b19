/* Orphans go to init, and nothing tells whose they were, with POSIX alone. */
#include "platform/platform.h"
#include "platform/portable.h"

#include <errno.h>

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

int
platform_has_no_living_child(void)
{
	return portable_has_no_living_child();
}

pid_t
platform_newest_pid(void)
{
	return 0;
}
