/* Names and file systems, with POSIX alone. */
#include "platform/platform.h"
#include "platform/portable.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
platform_open_linkless(const char *path)
{
	(void)path;
	errno = ENOSYS;
	return -1;
}

ssize_t
platform_read_link(int dir_fd, const char *name, struct stat *link, char *text, size_t size)
{
	struct stat after;
	ssize_t length;

	if (fstatat(dir_fd, name, link, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (length = readlinkat(dir_fd, name, text, size)) < 0 ||
	    fstatat(dir_fd, name, &after, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	/* A rename changes the time. */
	if (link->st_dev == after.st_dev && link->st_ino == after.st_ino &&
	    link->st_ctim.tv_sec == after.st_ctim.tv_sec && link->st_ctim.tv_nsec == after.st_ctim.tv_nsec)
		return length;
	errno = EAGAIN;
	return -1;
}

int
platform_is_remote(int fd)
{
	(void)fd;
	return 0;
}

int
platform_exchange(int dir_fd, const char *a, const char *b)
{
	(void)dir_fd;
	(void)a;
	(void)b;
	errno = ENOSYS;
	return -1;
}

int
platform_renames_strictly(void)
{
	return 0;
}

int
platform_rename_strictly(int dir_fd, const char *from, const char *to)
{
	(void)dir_fd;
	(void)from;
	(void)to;
	errno = ENOSYS;
	return -1;
}

int
platform_rename_new(int dir_fd, const char *from, const char *to)
{
	return portable_rename_new(dir_fd, from, to);
}
