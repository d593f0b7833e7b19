/* What other processes have open: POSIX has no means to tell, but for a /proc that some systems have. */
#include "platform/platform.h"
#include "base/io.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int
platform_each_descriptor(pid_t pid, platform_take_descriptor *take, void *argument)
{
	char path[64], target[PATH_MAX + 16];
	struct dirent *entry;
	DIR *directory;
	int result = 0;
	ssize_t n;

	/* Such a directory is no part of POSIX; where there is one, the sockets can be seen. */
	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	if ((directory = opendir(path)) == NULL) {
		if (errno == ENOENT || errno == ENOTDIR || errno == ESRCH)
			errno = ENOSYS;
		return errno == ENOSYS && pid != getpid() ? 0 : -1;
	}
	while (result == 0 && (entry = readdir(directory)) != NULL)
		if ((n = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1)) >= 0) {
			target[n] = '\0';
			result = take(argument, dirfd(directory), entry->d_name, target);
		}
	closedir(directory);
	return result;
}

int
platform_process_has_open(pid_t pid, const struct stat *file, const char *name)
{
	(void)pid;
	(void)file;
	(void)name;
	errno = ENOSYS;
	return -1;
}

int
platform_lock_holders(const struct stat *file, const char *name, struct platform_holder **holders,
    size_t *count, int *hidden)
{
	(void)file;
	(void)name;
	*holders = NULL;
	*count = 0;
	*hidden = 0;
	errno = ENOSYS;
	return -1;
}

unsigned long
platform_net_namespace(pid_t pid)
{
	char path[64], name[64];
	const char *at = name;
	unsigned long long number;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", (long)pid);
	if ((n = readlink(path, name, sizeof(name) - 1)) < 1)
		return 0;
	name[n] = '\0';
	return text_take_word(&at, "net:[") && text_take_number(&at, 10, &number) ? (unsigned long)number : 0;
}

int
platform_net_table(pid_t pid, const char *table)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/net/%s", (long)pid, table);
	return io_open(path, O_RDONLY | O_CLOEXEC, 0);
}

int
platform_is_unix_socket(pid_t pid, int number)
{
	(void)pid;
	(void)number;
	return 1;	/* nothing else tells */
}

int
platform_open_again(int fd, int flags)
{
	char path[64];

	/* Where this is the same description and not a new one, it must be as open as is asked for, or it is refused. */
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	return io_open(path, flags | O_CLOEXEC | O_NOCTTY, 0);
}

int
platform_endless_pipe(void)
{
	errno = ENOSYS;
	return -1;
}

void
platform_enlarge_pipe(int fd)
{
	(void)fd;
}
