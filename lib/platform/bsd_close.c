/* Descriptors are closed by closefrom(2), which FreeBSD, NetBSD, OpenBSD and DragonFly have. */
#include "platform/platform.h"

#include <unistd.h>

void
platform_close_all_but(const int *keep, size_t count)
{
	int fd = 3;
	size_t i;

	for (i = 0; i < count; i++)
		if (keep[i] >= 3) {
			for (; fd < keep[i]; fd++)
				close(fd);
			fd = keep[i] + 1;
		}
	closefrom(fd);
}
