/* The sd_notify socket, with POSIX alone: a name in the file system, which only our user and root reach. */
#include "platform/platform.h"
#include "base/io.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <unistd.h>

int
platform_notify_socket(const char *path, char *name, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int fd;

	if (io_format(address.sun_path, sizeof(address.sun_path), "%s", path) < 0 ||
	    io_format(name, size, "%s", path) < 0)
		return -1;
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) < 0)
		return -1;
	unlink(path);
	/* Our user and root alone: nobody else's descriptors ever come in. */
	before = umask(077);
	if (io_move_above(&fd, 3) < 0 || io_nonblock(fd, 1) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		io_close(&fd);
	umask(before);
	return fd;
}

ssize_t
platform_notify_peek(int fd, char *bytes, size_t size, struct platform_sender *sender)
{
	/* The socket's mode lets nobody in but our user and root. */
	*sender = (struct platform_sender){ -1, geteuid(), 0 };
	return recv(fd, bytes, size, MSG_PEEK);
}

void
platform_notify_drop(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) < 0 && errno == EINTR)
		;
}
