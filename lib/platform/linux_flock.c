/* A process that waits for flock(2) in our stead, by clone(2): no thread, and nobody's child but ours. */
#define _GNU_SOURCE	/* clone */

#include "platform/platform.h"
#include "base/io.h"

#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#define HELPER_STACK 8192

struct flock_wanted {
	pid_t parent;
	int fd;
	int operation;
	int keeps;
};

static int
run_flock_helper(void *argument)
{
	const struct flock_wanted *wanted = argument;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != wanted->parent)
		return 1;	/* it died before that could be heard of */
	prctl(PR_SET_NAME, "lock-waiter", 0, 0, 0);	/* ps -o comm */
	return flock(wanted->fd, wanted->operation) < 0 || (!wanted->keeps && flock(wanted->fd, LOCK_UN) < 0);
}

/* Would the kernel end a helper with us?  A filter for calls may let nobody ask for that.  Nothing is changed here. */
static int
helpers_end_with_us(void)
{
	int our_own = 0;

	return prctl(PR_GET_PDEATHSIG, &our_own, 0, 0, 0) == 0 && prctl(PR_SET_PDEATHSIG, our_own, 0, 0, 0) == 0;
}

/* Is a child to be in a pid namespace of its own?  The first one there must not be a helper: with it all ends. */
static int
children_are_elsewhere(void)
{
	char ours[64], theirs[64];
	ssize_t n = readlink("/proc/self/ns/pid", ours, sizeof(ours));

	return n > 0 && (readlink("/proc/self/ns/pid_for_children", theirs, sizeof(theirs)) != n ||
	    memcmp(ours, theirs, (size_t)n) != 0);
}

int
platform_flock_begin(struct platform_flock_helper *helper, int fd, int operation, int keeps)
{
	struct flock_wanted wanted = { getpid(), fd, operation, keeps };
	char stack[HELPER_STACK];	/* the child's copy of it is the child's stack */
	sigset_t all, before;
	int pidfd = -1;

	if (children_are_elsewhere() || !helpers_end_with_us()) {
		errno = ENOSYS;
		return -1;
	}
	/* The child must not run our handlers.  It shares our descriptors, so that it keeps none of them open. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	helper->pid = clone(run_flock_helper, stack + sizeof(stack), CLONE_FILES | CLONE_PIDFD, &wanted, &pidfd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (helper->pid < 0)
		return -1;
	helper->pidfd = pidfd;
	if (pidfd >= 0 && io_move_above(&helper->pidfd, 3) == 0)
		return 0;
	platform_flock_end(helper);
	return -1;
}

int
platform_flock_end(struct platform_flock_helper *helper)
{
	int status, reaped;

	/* Behind the pidfd it is itself, even if somebody else has reaped it. */
	if (helper->pidfd < 0 || (platform_pidfd_signal(helper->pidfd, SIGKILL) < 0 && errno != ESRCH))
		kill(helper->pid, SIGKILL);
	while ((reaped = waitpid(helper->pid, &status, __WCLONE)) < 0 && errno == EINTR)
		;
	io_close(&helper->pidfd);
	return reaped > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum platform_flock_way
platform_flock_way(void)
{
	return PLATFORM_FLOCK_HELPER;
}
