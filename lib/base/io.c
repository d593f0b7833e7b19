/* Descriptors and bytes. */
#include "base/io.h"

#include <sys/file.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
io_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
		*fd = -1;
	}
}

int
io_open(const char *path, int flags, mode_t mode)
{
	return io_openat(AT_FDCWD, path, flags, mode);
}

int
io_openat(int dir_fd, const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(dir_fd, path, flags, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

int
io_flock(int fd, int operation)
{
	int result;

	do
		result = flock(fd, operation);
	while (result < 0 && errno == EINTR);
	return result;
}

int
io_truncate(int fd)
{
	int result;

	do
		result = ftruncate(fd, 0);
	while (result < 0 && errno == EINTR);
	return result;
}

int
io_dup2(int from, int to)
{
	int result;

	do
		result = dup2(from, to);
	while (result < 0 && errno == EINTR);
	return result;
}

int
io_cloexec(int fd, int on)
{
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

int
io_nonblock(int fd, int on)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int
io_move_above(int *fd, int lowest)
{
	int moved;

	if (*fd >= lowest)
		return 0;
	if ((moved = fcntl(*fd, F_DUPFD_CLOEXEC, lowest)) < 0)
		return -1;
	io_close(fd);
	*fd = moved;
	return 0;
}

static int
keep_pair(int fd[2])
{
	if (io_cloexec(fd[0], 1) < 0 || io_cloexec(fd[1], 1) < 0 ||
	    io_move_above(&fd[0], 3) < 0 || io_move_above(&fd[1], 3) < 0) {
		io_close(&fd[0]);
		io_close(&fd[1]);
		return -1;
	}
	return 0;
}

int
io_pipe(int fd[2])
{
	return pipe(fd) < 0 ? -1 : keep_pair(fd);
}

int
io_socketpair(int fd[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, fd) < 0 ? -1 : keep_pair(fd);
}

int
io_fill_standard(void)
{
	int fd, closed = 0;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO && fcntl(fd, F_GETFD) >= 0; fd++)
		;
	if (fd > STDERR_FILENO)
		return 0;
	do {
		if ((fd = io_open("/dev/null", O_RDONLY, 0)) < 0)
			return -1;
		if (fd <= STDERR_FILENO)
			closed |= 1 << fd;
	} while (fd <= STDERR_FILENO);
	close(fd);
	return closed;
}

int
io_write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		}
	}
	return 0;
}

int
io_write_unsignalled(int fd, const char *bytes, size_t length)
{
	sigset_t ours, before, pending;
	int result, saved, number;

	sigemptyset(&ours);
	sigpending(&pending);
	/* One that waits already is the caller's. */
	if (!sigismember(&pending, SIGPIPE))
		sigaddset(&ours, SIGPIPE);
	if (!sigismember(&pending, SIGXFSZ))
		sigaddset(&ours, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &ours, &before);
	result = io_write_all(fd, bytes, length);
	saved = errno;
	if (result < 0 && sigpending(&pending) == 0 &&
	    ((sigismember(&ours, SIGPIPE) && sigismember(&pending, SIGPIPE)) ||
	    (sigismember(&ours, SIGXFSZ) && sigismember(&pending, SIGXFSZ))))
		sigwait(&ours, &number);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return result;
}

void
io_drain(int fd)
{
	char bytes[4096];

	while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0)
		;
}

ssize_t
io_read_all(int fd, char *bytes, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, bytes + used, size - used);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			used += (size_t)n;
	}
	return (ssize_t)used;
}

ssize_t
io_read_file(int fd, char *bytes, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = pread(fd, bytes + used, size - used, (off_t)used);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			used += (size_t)n;
	}
	return (ssize_t)used;
}

int
io_format(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}
