/*
 * What kqueue(2) tells: that a process has ended, and that a file or directory has changed.
 *
 * Invariants:
 *   1. A queue is poll(2)'s: it is readable while an event is pending.  What process_open gives is never read from, so
 *      that it stays readable for good.
 *   2. No child has it: fork(2) leaves queues out.  Nobody here opens one before a fork and uses it behind that.
 *   3. No signal goes through a queue.  Whoever signals looks first whether the end was told, and then uses the number:
 *      between the two, a process that is no child of ours may end and be reaped, and its number be given away.
 */
#include "platform/platform.h"
#include "base/io.h"

#include <sys/types.h>
#include <sys/event.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A queue that begins with these.  -1: errno. */
static int
open_queue(const struct kevent *changes, int count)
{
	int fd = kqueue();

	if (fd >= 0 && (io_cloexec(fd, 1) < 0 || io_move_above(&fd, 3) < 0 || kevent(fd, changes, count, NULL, 0, NULL) < 0))
		io_close(&fd);
	return fd;
}

/* What is readable for good: of a process that is a zombie some systems tell nothing more. */
static int
open_ended(void)
{
	int fd[2];

	if (io_pipe(fd) < 0)
		return -1;
	if (io_write_all(fd[1], "", 1) < 0)
		io_close(&fd[0]);
	io_close(&fd[1]);
	return fd[0];
}

int
platform_pidfd_open(pid_t pid)
{
	struct kevent change;
	int fd;

	memset(&change, 0, sizeof(change));
	change.ident = (uintptr_t)pid;
	change.filter = EVFILT_PROC;
	change.flags = EV_ADD;
	change.fflags = NOTE_EXIT;
	if ((fd = open_queue(&change, 1)) >= 0 || errno != ESRCH)
		return fd;
	if (kill(pid, 0) == 0 || errno == EPERM)
		return open_ended();
	errno = ESRCH;
	return -1;
}

int
platform_pidfd_signal(int pidfd, int signal_number)
{
	(void)pidfd;
	(void)signal_number;
	errno = ENOSYS;
	return -1;
}

/* One file of a queue.  Edges: what was told is not told again. */
static void
set_file(struct kevent *change, int fd, unsigned changes)
{
	memset(change, 0, sizeof(*change));
	change->ident = (uintptr_t)fd;
	change->filter = EVFILT_VNODE;
	change->flags = EV_ADD | EV_CLEAR;
	change->fflags = changes;
}

int
platform_watch(int file_fd, int dir_fd, const char *directory, const char *name)
{
	struct kevent changes[2];

	(void)directory;
	(void)name;
	set_file(&changes[0], file_fd, NOTE_DELETE | NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_RENAME);
	set_file(&changes[1], dir_fd, NOTE_DELETE | NOTE_RENAME);
	return open_queue(changes, 2);
}

void
platform_watch_drain(int watch)
{
	const struct timespec at_once = { 0, 0 };
	struct kevent told[4];

	while (watch >= 0 && kevent(watch, NULL, 0, told, 4, &at_once) > 0)
		;
}
