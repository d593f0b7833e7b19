/* Nothing tells of changes to a file, with POSIX alone. */
#include "platform/platform.h"

#include <errno.h>

int
platform_watch(int file_fd, int dir_fd, const char *directory, const char *name)
{
	(void)file_fd;
	(void)dir_fd;
	(void)directory;
	(void)name;
	errno = ENOSYS;
	return -1;
}

void
platform_watch_drain(int watch)
{
	(void)watch;
}
