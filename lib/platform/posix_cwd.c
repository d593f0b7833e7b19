/* Where another process is: POSIX has no means to tell, but for a /proc that some systems have. */
#include "platform/platform.h"

#include <stdio.h>
#include <unistd.h>

int
platform_process_cwd(pid_t pid, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%ld/cwd", (long)pid);
	if ((n = readlink(link, path, size - 1)) < 1 || (size_t)n == size - 1 || *path != '/')
		return 0;
	path[n] = '\0';
	return 1;
}
