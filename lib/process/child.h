/* Start a command in a child that has nothing of ours but what it is meant to have. */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "process/exec.h"

/* Signals to their defaults, but those of kept (0-terminated; or NULL) that are ignored; nothing blocked. */
void child_reset_signals(const int *kept);

struct child_plan {
	char *const *argv;
	/* Runs in the child and leaves keep open: 0, or below 0 and errno. */
	int (*prepare)(void *argument, int keep);
	void *argument;
	const int *kept_ignored;	/* as child_reset_signals takes it */
	int64_t timeout_ms;		/* until it has become the command; 0: no limit */
	/* Runs in the caller before the child is killed that was interrupted or took too long; or NULL. */
	void (*given_up)(void *argument, pid_t child);
	int interrupt_fd;		/* gives up when this is readable; 0: none */
	int (*gives_up)(void *argument);	/* asked first, takes what is to be read; NULL: yes */
	int64_t look_ms;		/* it is also asked so often, whatever is readable; 0: never */
};

struct child_failure {
	int before;	/* it failed before the exec: 1, or what prepare returned, negated */
	int error;	/* errno; ETIMEDOUT; ECANCELED it was given up */
	char missing[EXEC_MISSING_SIZE];	/* as exec_missing has it */
	pid_t left;	/* of this child, which KILL did not end at once; or 0 */
};

/*
 * Fork and exec.  The child's pid; or -1: the fork failed (failure->before, errno), or the child
 * could not become the command; then it is reaped already.
 */
pid_t child_start(const struct child_plan *plan, struct child_failure *failure);

/*
 * Can this process learn that a child has ended, and leave its number taken until later?  Without that (a filter
 * denies waitid) no child is safe with it.  0; 1: so it can, and has no child; -1: errno.
 */
int child_can_wait(void);

/*
 * Reap a child that KILL was sent to.  1; 0: it is stuck in the kernel, as on a file system whose server is
 * away, and must not hold us.
 */
int child_reap_killed(pid_t pid);

/*
 * Fork a child that goes on in our own code: with signals at their defaults, run(argument), _exit with
 * what it returns.  It has all our descriptors; child_keep_only is run's first duty.  The child's pid, or -1.
 */
pid_t child_fork(int (*run)(void *), void *argument);

/* Keep these (so many at most, above 2) and no other descriptor; /dev/null is on 0, 1 and 2.  0 or -1. */
#define CHILD_KEEPS 3
int child_keep_only(const int *fds, size_t count);

#endif
