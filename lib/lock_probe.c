/* The instance lock, for who only asks or waits; lock.h has the invariants. */
#include "lock.h"
#include "clock.h"
#include "io.h"
#include "statedir.h"

#include <sys/file.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define ALARM_AGAIN_US 20000

static void
on_alarm(int signal_number)
{
	(void)signal_number;
}

/*
 * flock(2) has no timeout.  The timer repeats, so an alarm that fires just before the call blocks
 * costs one interval and not forever.
 */
int
lock_wait(int fd, int operation, int64_t deadline)
{
	struct itimerval timer = { { 0, ALARM_AGAIN_US }, { 0, 0 } }, old_timer;
	struct sigaction action = { .sa_handler = on_alarm }, old_action;
	int64_t left = clock_left_ms(deadline);
	sigset_t alarm_set, old_set;
	int result;

	if (left == 0)
		return flock(fd, operation | LOCK_NB) == 0 ? 1 : errno == EWOULDBLOCK ? 0 : -1;
	if (left > 0) {
		timer.it_value.tv_sec = (time_t)(left / 1000);
		timer.it_value.tv_usec = (suseconds_t)(left % 1000 * 1000);
		sigaction(SIGALRM, &action, &old_action);
		sigemptyset(&alarm_set);
		sigaddset(&alarm_set, SIGALRM);
		sigprocmask(SIG_UNBLOCK, &alarm_set, &old_set);
		setitimer(ITIMER_REAL, &timer, &old_timer);
	}
	do
		result = flock(fd, operation);
	while (result < 0 && errno == EINTR && clock_left_ms(deadline) != 0);
	if (left > 0) {
		int saved = errno;

		setitimer(ITIMER_REAL, &old_timer, NULL);
		sigprocmask(SIG_SETMASK, &old_set, NULL);
		sigaction(SIGALRM, &old_action, NULL);
		errno = saved;
	}
	if (result == 0)
		return 1;
	return errno == EINTR ? 0 : -1;
}

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
		result = lock_wait(fd, LOCK_SH, deadline);
		io_close(&fd);
		if (result == 0)
			return 0;
		if (result < 0)
			return message_errno(message, "%s/%s: cannot wait for the lock", dir,
			    STATEDIR_METADATA);
		/* This file is free; the path may name another one by now. */
	}
}
