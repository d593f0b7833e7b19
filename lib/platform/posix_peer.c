/* Who is at the other end of a socket: POSIX has no means to tell. */
#include "platform/platform.h"

int
platform_peer(int fd, pid_t *pid, uid_t *user)
{
	(void)fd;
	(void)pid;
	(void)user;
	return 0;
}
