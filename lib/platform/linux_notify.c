/* The sd_notify socket, on Linux: an abstract name, and the kernel's word for who sent a datagram. */
#define _GNU_SOURCE	/* struct ucred */

#include "platform/platform.h"
#include "base/io.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int
platform_notify_socket(const char *path, char *name, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timespec now;
	int fd, on = 1, n;

	(void)path;
	clock_gettime(CLOCK_REALTIME, &now);
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	/* A name that is never used again: a daemon may still write to it when we are long gone. */
	n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "otelop-run/%ld/%lld.%09ld",
	    (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
	if (io_move_above(&fd, 3) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) < 0 ||
	    io_format(name, size, "@%s", address.sun_path + 1) < 0)
		goto fail;
	return fd;
fail:
	io_close(&fd);
	return -1;
}

ssize_t
platform_notify_peek(int fd, char *bytes, size_t size, struct platform_sender *sender)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec part = { bytes, size };
	/* Room for the credentials alone: a descriptor that has no room does not become one of ours. */
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	struct ucred credentials;
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	*sender = (struct platform_sender){ -1, (uid_t)-1, (message.msg_flags & MSG_CTRUNC) != 0 };
	header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&credentials, CMSG_DATA(header), sizeof(credentials));
		sender->pid = credentials.pid;
		sender->uid = credentials.uid;
	}
	return n;
}

void
platform_notify_drop(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EINTR)
		;
}
