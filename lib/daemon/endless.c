/* A stdin that never ends; endless.h says how. */
#include "daemon/endless.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "state/statedir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Is it what we have made? */
static int
is_ours(int fd)
{
	struct stat found;

	return fstat(fd, &found) == 0 && S_ISFIFO(found.st_mode) && found.st_uid == geteuid();
}

/* The claim's holder alone uses the name: what is there was left by one that was killed. */
static int
open_named(const struct statedir *dir)
{
	int fd;

	if (unlinkat(dir->fd, STATEDIR_STDIN, 0) < 0 && errno != ENOENT)
		return -1;
	if (mkfifoat(dir->fd, STATEDIR_STDIN, 0600) < 0)
		return -1;
	fd = io_openat(dir->fd, STATEDIR_STDIN, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	unlinkat(dir->fd, STATEDIR_STDIN, 0);
	if (fd >= 0 && (!is_ours(fd) || io_nonblock(fd, 0) < 0)) {
		io_close(&fd);
		errno = EPERM;
	}
	return fd;
}

int
endless_open(const struct statedir *dir, struct otelop_message *message)
{
	int fd = platform_endless_pipe();

	if (fd < 0 && (fd = open_named(dir)) < 0)
		message_errno(message, "%s/%s: cannot make a pipe for stdin", dir->path, STATEDIR_STDIN);
	return fd;
}

int
endless_is_missed(void)
{
	struct stat in, null;

	return fstat(STDIN_FILENO, &in) == 0 && stat("/dev/null", &null) == 0 && S_ISCHR(in.st_mode) &&
	    in.st_rdev == null.st_rdev;
}
