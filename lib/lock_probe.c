/* The instance lock, for who only asks or waits until it is free; lock.h has the invariants. */
#include "lock.h"
#include "io.h"
#include "statedir.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>

int
lock_is_held(int dir_fd, const char *dir, int *fd, struct otelop_message *message)
{
	int same;

	*fd = -1;
	for (;; io_close(fd)) {
		*fd = statedir_open_file(dir_fd, dir, STATEDIR_METADATA, O_RDONLY, message);	/* Q1 */
		if (*fd < 0)
			return -1;
		if (io_flock(*fd, LOCK_SH | LOCK_NB) < 0) {				/* Q2 */
			if (errno == EWOULDBLOCK)
				return 1;
			message_errno(message, "%s/%s: cannot probe the lock", dir,
			    STATEDIR_METADATA);
			io_close(fd);
			return -1;
		}
		io_flock(*fd, LOCK_UN);
		if ((same = statedir_names(dir_fd, STATEDIR_METADATA, *fd)) == 1)	/* Q3 */
			return 0;
		if (same < 0) {
			message_errno(message, "%s/%s: cannot look at", dir, STATEDIR_METADATA);
			io_close(fd);
			return -1;
		}
	}
}

int
lock_wait_free(int dir_fd, const char *dir, int64_t deadline, struct otelop_message *message)
{
	for (;;) {
		int fd, result = lock_is_held(dir_fd, dir, &fd, message);

		if (result < 0)
			return errno == ENOENT ? 1 : -1;
		if (result == 0) {
			io_close(&fd);
			return 1;
		}
		result = lock_wait(fd, LOCK_SH, deadline, -1);
		io_close(&fd);
		if (result == 0)
			return 0;
		if (result < 0)
			return message_errno(message, "%s/%s: cannot wait for the lock", dir,
			    STATEDIR_METADATA);
		/* This file is free; the path may name another one by now. */
	}
}
