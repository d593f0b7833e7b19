/* Start a command in a child that has nothing of ours but what it is meant to have. */
#ifndef EXEC_H
#define EXEC_H

#include <sys/types.h>

#include <stdint.h>

#define EXEC_STATUS_OWN 125		/* our own failure before the command ran */
#define EXEC_STATUS_NOT_EXECUTABLE 126
#define EXEC_STATUS_NOT_FOUND 127

/* Signals to their defaults, but those of kept (0-terminated; or NULL) that are ignored; nothing blocked. */
void exec_reset_signals(const int *kept);

/*
 * MAKEFLAGS without the jobserver's words, into text, which is as large as flags, or is flags: its
 * descriptors are not passed on, and a daemon must not keep make's tokens.
 */
void exec_strip_jobserver(const char *flags, char *text);

/*
 * Become argv, found by PATH as execvp(3) does; a script without #! is run by sh, as shells do.
 * Returns only when that failed, with errno.
 */
void exec_command(char *const argv[]);

/*
 * Would exec_command become name?  The same search, and a #! line's interpreter is looked for too.
 * 0; -1: errno, as exec_command has it.
 */
int exec_find(const char *name);

/* 127 or 126, by errno. */
int exec_status(int error);

struct exec_plan {
	char *const *argv;
	/* Runs in the child and leaves keep open: 0, or below 0 and errno. */
	int (*prepare)(void *argument, int keep);
	void *argument;
	const int *kept_ignored;	/* as exec_reset_signals takes it */
	int64_t timeout_ms;		/* until it has become the command; 0: no limit */
	int interrupt_fd;		/* gives up when this is readable; 0: none */
	int (*gives_up)(void *argument);	/* asked first, takes what is to be read; NULL: yes */
};

struct exec_failure {
	int before;	/* it failed before the exec: 1, or what prepare returned, negated */
	int error;	/* errno; ETIMEDOUT; ECANCELED by interrupt_fd */
	pid_t left;	/* of this child, which KILL did not end at once; or 0 */
};

/*
 * Fork and exec.  The child's pid; or -1: the fork failed (failure->before, errno), or the child
 * could not become the command; then it is reaped already.
 */
pid_t exec_start(const struct exec_plan *plan, struct exec_failure *failure);

/*
 * Can this process learn that a child has ended, and leave its number taken until later?  Without that (a filter
 * denies waitid) no child is safe with it.  0; -1: errno.
 */
int exec_can_wait(void);

/*
 * Reap a child that KILL was sent to.  1; 0: it is stuck in the kernel, as on a file system whose server is
 * away, and must not hold us.
 */
int exec_reap_killed(pid_t pid);

/*
 * Fork a child that goes on in our own code: with signals at their defaults, run(argument), _exit with
 * what it returns.  It has all our descriptors; exec_keep_only is run's first duty.  The child's pid, or -1.
 */
pid_t exec_fork(int (*run)(void *), void *argument);

/* Keep these (two at most, above 2) and no other descriptor; /dev/null is on 0, 1 and 2.  0 or -1. */
int exec_keep_only(const int *fds, size_t count);

#endif
