/* The instance lock, for who only asks or waits; lock.h has the invariants. */
#include "state/lock.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#define UPSTREAM_LOCKS_MS 20	/* between upstream's rename and its flock, at most */
#define LETTING_GO_MS 100
#define LOOK_AGAIN_MS 1000	/* at what the path names, where nothing tells that this has changed */

/* Was the file written just now, or in the future? */
static int
is_young(const struct stat *file)
{
	struct timespec now;
	int64_t age_ms;

	clock_gettime(CLOCK_REALTIME, &now);
	age_ms = ((int64_t)now.tv_sec - (int64_t)file->st_ctim.tv_sec) * 1000 +
	    (now.tv_nsec - file->st_ctim.tv_nsec) / 1000000;
	return age_ms < UPSTREAM_LOCKS_MS;
}

void
lock_let_settle(const struct statedir *dir, int fd, int64_t deadline)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct stat file;

	deadline = clock_earlier(deadline, clock_deadline(UPSTREAM_LOCKS_MS));
	if (clock_left_ms(deadline) > 0 && fstat(fd, &file) == 0 && is_young(&file) && meta_read_fd(&metadata, dir, fd, NULL) == 0 &&
	    meta_is_upstreams(&metadata))
		while (clock_left_ms(deadline) > 0 && is_young(&file))
			clock_sleep_ms(2);
	otelop_metadata_free(&metadata);
}

int
lock_is_held(const struct statedir *dir, int *fd, struct otelop_message *message)
{
	int64_t settled = clock_deadline(LOCK_SETTLE_MS);
	int same, held;

	*fd = -1;
	for (;; io_close(fd)) {
		held = 0;
		*fd = statedir_open_file(dir, STATEDIR_METADATA, O_RDONLY, message);	/* Q1 */
		if (*fd < 0)
			return -1;
		lock_let_settle(dir, *fd, settled);						/* U */
		if (io_flock(*fd, LOCK_SH | LOCK_NB) == 0) {				/* Q2 */
			io_flock(*fd, LOCK_UN);
		} else if (errno != EWOULDBLOCK) {
			message_errno(message, "%s/%s: cannot probe the lock", dir->path,
			    STATEDIR_METADATA);
			io_close(fd);
			return -1;
		} else {
			held = 1;
		}
		if ((same = statedir_names(dir, STATEDIR_METADATA, *fd)) == 1)	/* Q3 */
			return held;
		if (same < 0) {
			message_errno(message, "%s/%s: cannot look at", dir->path, STATEDIR_METADATA);
			io_close(fd);
			return -1;
		}
	}
}

int
lock_wait_named(const struct statedir *dir, int fd, int operation, int64_t deadline)
{
	/* Where nothing helps to wait until a moment, who waits for two things would look all the time. */
	int helps = platform_flock_way() != PLATFORM_FLOCK_LOOKS;
	int result, watch = helps ? platform_watch(fd, dir->fd, dir->path, STATEDIR_METADATA) : -1;
	int waits_whole = watch >= 0 || !helps || errno == ENOSYS;

	do {
		result = lock_wait_moment(fd, operation, waits_whole ? deadline :
		    clock_earlier(deadline, clock_deadline(LOOK_AGAIN_MS)), watch);
		if (result != 0)
			break;
		if (statedir_names(dir, STATEDIR_METADATA, fd) != 1) {
			/* Whoever published the next file lets go of this one right behind. */
			result = lock_wait_moment(fd, operation, clock_earlier(deadline,
			    clock_deadline(LETTING_GO_MS)), -1) < 0 ? -1 : 1;
			break;
		}
		platform_watch_drain(watch);
	} while (clock_left_ms(deadline) != 0);
	io_close(&watch);
	return result;
}

int
lock_wait_free(const struct statedir *dir, int64_t deadline, struct otelop_message *message)
{
	int fd, held, result;

	while ((held = lock_is_held(dir, &fd, message)) == 1) {
		result = lock_wait_named(dir, fd, LOCK_SH, deadline);
		io_close(&fd);
		if (result < 0)
			return message_errno(message, "%s/%s: cannot wait for the lock", dir->path,
			    STATEDIR_METADATA);
		if (result == 0)
			return 0;
		/* This file is free; the path may name another one by now. */
	}
	io_close(&fd);
	return held == 0 || errno == ENOENT ? 1 : -1;
}
