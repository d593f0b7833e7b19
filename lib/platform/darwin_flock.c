/*
 * macOS tells through kqueue(2) that somebody let go of a flock(2): NOTE_FUNLOCK.  Who waits is told so, and asks then;
 * another may be quicker.
 */
#include "platform/platform.h"
#include "base/io.h"

#include <sys/types.h>
#include <sys/event.h>
#include <sys/file.h>

#include <string.h>

/* It was free at once: what is readable from the beginning tells so. */
static int
begin_with_lock(struct platform_flock_helper *helper)
{
	int fd[2];

	if (io_pipe(fd) < 0)
		return -1;
	io_close(&fd[1]);
	*helper = (struct platform_flock_helper){ .pid = 0, .pidfd = fd[0] };
	return 0;
}

int
platform_flock_begin(struct platform_flock_helper *helper, int fd, int operation, int keeps)
{
	struct kevent change;

	memset(&change, 0, sizeof(change));
	change.ident = (uintptr_t)fd;
	change.filter = EVFILT_VNODE;
	change.flags = EV_ADD | EV_CLEAR;
	change.fflags = NOTE_FUNLOCK;
	helper->pid = -1;
	if ((helper->pidfd = kqueue()) < 0)
		return -1;
	if (io_cloexec(helper->pidfd, 1) < 0 || io_move_above(&helper->pidfd, 3) < 0 ||
	    kevent(helper->pidfd, &change, 1, NULL, 0, NULL) < 0) {
		io_close(&helper->pidfd);
		return -1;
	}
	/* What was let go of before this began is not told. */
	if (io_flock(fd, operation | LOCK_NB) < 0)
		return 0;
	if (!keeps)
		io_flock(fd, LOCK_UN);
	io_close(&helper->pidfd);
	return begin_with_lock(helper);
}

int
platform_flock_end(struct platform_flock_helper *helper)
{
	io_close(&helper->pidfd);
	return helper->pid == 0;
}

enum platform_flock_way
platform_flock_way(void)
{
	return PLATFORM_FLOCK_EVENT;
}
