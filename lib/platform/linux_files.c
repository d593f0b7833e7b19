/* Names and file systems, on Linux. */
#define _GNU_SOURCE	/* O_PATH */

#include "platform/platform.h"
#include "platform/linux_proc.h"
#include "platform/portable.h"
#include "base/io.h"

#include <sys/syscall.h>
#include <sys/vfs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#define NOREPLACE 1	/* RENAME_NOREPLACE and RENAME_EXCHANGE, which some libcs do not name */
#define EXCHANGE 2

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define NO_SYMLINKS 4	/* RESOLVE_NO_SYMLINKS */

int
platform_open_linkless(const char *path)
{
	/* struct open_how, which few libcs have */
	const struct {
		uint64_t flags, mode, resolve;
	} how = { O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, NO_SYMLINKS };

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

ssize_t
platform_read_link(int dir_fd, const char *name, struct stat *link, char *text, size_t size)
{
	int fd = io_openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct statfs system;
	ssize_t length = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, link) == 0 && fstatfs(fd, &system) == 0) {
		if (!S_ISLNK(link->st_mode))
			errno = EINVAL;
		else if (system.f_type == PROC_MAGIC)
			length = 0;
		else
			length = readlinkat(fd, "", text, size);
	}
	io_close(&fd);
	return length;
}

int
platform_is_remote(int fd)
{
	/* What statfs(2) calls them; NFS, SMB, CIFS, SMB2, 9P, AFS twice, Ceph, FUSE, Lustre, GFS2, OCFS2, Coda, GPFS. */
	static const uint32_t magics[] = { 0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997,
	    0x5346414f, 0x6b414653, 0x00c36400, 0x65735546, 0x0bd00bd0, 0x01161970, 0x7461636f,
	    0x73757245, 0x47504653 };
	struct statfs mounted;
	size_t i;

	if (fstatfs(fd, &mounted) < 0)
		return -1;
	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if ((uint32_t)mounted.f_type == magics[i])
			return 1;
	return 0;
}

int
platform_exchange(int dir_fd, const char *a, const char *b)
{
	return (int)syscall(SYS_renameat2, dir_fd, a, dir_fd, b, EXCHANGE);
}

int
platform_renames_strictly(void)
{
	return 1;
}

int
platform_rename_strictly(int dir_fd, const char *from, const char *to)
{
	return (int)syscall(SYS_renameat2, dir_fd, from, dir_fd, to, NOREPLACE);
}

int
platform_rename_new(int dir_fd, const char *from, const char *to)
{
	if (platform_rename_strictly(dir_fd, from, to) == 0)
		return 0;
	return errno == ENOSYS || errno == EINVAL || errno == EPERM ? portable_rename_new(dir_fd, from, to) : -1;
}
