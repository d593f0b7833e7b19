/* Nobody waits for flock(2) until a moment, with POSIX alone: whoever waits looks again. */
#include "platform/platform.h"

#include <errno.h>

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

enum platform_flock_way
platform_flock_way(void)
{
	return PLATFORM_FLOCK_LOOKS;
}
