/*
 * A process that waits for flock(2) in our stead, by pdfork(2) on FreeBSD: it is behind a descriptor, no wait(2) for any child
 * sees it, no SIGCHLD tells of it, and it is killed when that descriptor is closed, as by our own end.
 */
#include "platform/platform.h"
#include "platform/portable.h"
#include "base/io.h"

#include <sys/file.h>
#include <sys/procdesc.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static int
run(int fd, int operation, int keeps)
{
	/* What else we have open is not to be kept open by it. */
	platform_close_all_but(&fd, 1);
	return flock(fd, operation) < 0 || (!keeps && flock(fd, LOCK_UN) < 0);
}

int
platform_flock_begin(struct platform_flock_helper *helper, int fd, int operation, int keeps)
{
	sigset_t all, before;
	int pidfd = -1;

	/* The child must not run our handlers. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if ((helper->pid = pdfork(&pidfd, PD_CLOEXEC)) == 0)
		_exit(run(fd, operation, keeps));
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (helper->pid < 0)
		return -1;
	helper->pidfd = pidfd;
	if (io_move_above(&helper->pidfd, 3) == 0)
		return 0;
	platform_flock_end(helper);
	return -1;
}

int
platform_flock_end(struct platform_flock_helper *helper)
{
	struct pollfd ended = { helper->pidfd, POLLIN, 0 };
	int status, reaped;

	pdkill(helper->pidfd, SIGKILL);
	/* Before it has ended it may still get what nobody would let go of. */
	while (poll(&ended, 1, -1) < 0 && errno == EINTR)
		;
	while ((reaped = waitpid(helper->pid, &status, WNOHANG)) < 0 && errno == EINTR)
		;
	io_close(&helper->pidfd);
	return reaped > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum platform_flock_way
platform_flock_way(void)
{
	return PLATFORM_FLOCK_HELPER;
}
