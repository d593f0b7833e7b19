/*
 * Wait for a lock until a moment, for flock(2) has no timeout.
 *
 * No signal and no timer of the caller is used, so that it works in any thread and beside any alarm.  A
 * helper process waits in the kernel, on the caller's own description: the lock that it gets is the
 * caller's, also when the helper is dead.  Where there can be no such helper, we look every 20 ms.
 *
 * A lock whose taker is dead is what a keeper has (holder.h), and otelop-stop ends keepers.  So a helper that
 * waits for a moment only lets go of the lock before it ends.
 */
#include "state/lock.h"
#include "base/clock.h"
#include "base/io.h"
#include "platform/platform.h"

#include <sys/file.h>

#include <errno.h>
#include <poll.h>
#include <time.h>

#define LOOK_AGAIN_MS 20
#define FIRST_LOOKS 5		/* before there is a helper, each twice as long after the last one */
#define FIRST_LOOK_NS 50000

/* 1: got it; 0: not yet; -1. */
static int
try_now(int fd, int operation)
{
	if (io_flock(fd, operation | LOCK_NB) == 0)
		return 1;
	return errno == EWOULDBLOCK ? 0 : -1;
}

/* Until one of them (or -1) is readable, at most so long; a signal may come before. */
static int
poll_both(struct pollfd fds[2], int64_t wait_ms)
{
	fds[0].events = fds[1].events = POLLIN;
	fds[0].revents = fds[1].revents = 0;
	return poll(fds, 2, (int)wait_ms);
}

/* Until the helper has ended, whoever ended it.  1: it got the lock; 0; -1: there can be none. */
static int
wait_helped(int fd, int operation, int64_t deadline, int interrupt_fd, int keeps)
{
	struct platform_flock_helper helper;
	struct pollfd fds[2];
	int64_t left;

	if (platform_flock_begin(&helper, fd, operation, keeps) < 0)
		return -1;
	fds[0].fd = helper.pidfd;
	fds[1].fd = interrupt_fd;
	do {
		left = clock_left_ms(deadline);
		poll_both(fds, clock_poll_ms(left, OTELOP_FOREVER));
	} while (left != 0 && fds[0].revents == 0 && fds[1].revents == 0);
	return platform_flock_end(&helper);
}

static int
wait_looking(int fd, int operation, int64_t deadline, int interrupt_fd)
{
	struct pollfd fds[2] = { { .fd = -1 }, { .fd = interrupt_fd } };
	int got;

	while ((got = try_now(fd, operation)) == 0) {
		int64_t left = clock_left_ms(deadline);

		if (left == 0)
			return 0;
		if (poll_both(fds, clock_poll_ms(left, LOOK_AGAIN_MS)) > 0)
			return try_now(fd, operation);
	}
	return got;
}

static int
is_readable(int fd)
{
	struct pollfd fds[2] = { { .fd = -1 }, { .fd = fd } };

	return poll_both(fds, 0) > 0;
}

static int
wait_for(int fd, int operation, int64_t deadline, int interrupt_fd, int keeps)
{
	int helped, got = try_now(fd, operation);

	if (got != 0 || clock_left_ms(deadline) == 0)
		return got;
	if (deadline == OTELOP_FOREVER && interrupt_fd < 0)
		return io_flock(fd, operation) == 0 ? 1 : -1;
	do {
		if ((helped = wait_helped(fd, operation, deadline, interrupt_fd, keeps)) == 1)
			return 1;
		/* What the helper got at the last moment is ours, and asking for it again changes nothing. */
		if (helped == 0 && ((got = try_now(fd, operation)) != 0 || clock_left_ms(deadline) == 0 ||
		    is_readable(interrupt_fd)))
			return got;
	} while (helped == 0 && platform_flock_way() == PLATFORM_FLOCK_EVENT);
	return wait_looking(fd, operation, deadline, interrupt_fd);
}

int
lock_wait(int fd, int operation, int64_t deadline, int interrupt_fd)
{
	return wait_for(fd, operation, deadline, interrupt_fd, 1);
}

/* What is let go of at once is had sooner than a helper. */
static int
try_often(int fd, int operation, int64_t deadline)
{
	struct timespec pause = { 0, FIRST_LOOK_NS };
	int looks, got = try_now(fd, operation);

	for (looks = 0; got == 0 && looks < FIRST_LOOKS && clock_left_ms(deadline) != 0; looks++, pause.tv_nsec *= 2) {
		nanosleep(&pause, NULL);
		got = try_now(fd, operation);
	}
	return got;
}

int
lock_wait_moment(int fd, int operation, int64_t deadline, int interrupt_fd)
{
	int got = try_often(fd, operation, deadline);

	if (got == 0)
		got = wait_for(fd, operation, deadline, interrupt_fd, 0);
	if (got == 1)
		io_flock(fd, LOCK_UN);
	return got;
}
