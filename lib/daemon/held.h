/*
 * The command of a start, and whoever is its parent meanwhile.
 *
 * There are two ways to hold it.  By a reaper, a process between (reaper.h): then nothing of the caller's process
 * is touched, as a library promises.  Directly, for a program that does nothing else: the command is its own child, and
 * orphans come to it.  That takes a caller that has no child when it begins, so that whatever is below it later
 * is of this start; whoever became it by exec may have left it some, and then there is a reaper after all.
 *
 * Either way the command is not reaped before the whole of a failed start is gone, and a caller that is killed
 * leaves it to init with a ready pipe that nobody reads.
 */
#ifndef HELD_H
#define HELD_H

#include "otelop.h"
#include "daemon/reaper.h"
#include "process/child.h"
#include "process/process.h"

#include <stdint.h>

struct held {
	const struct child_plan *plan;
	int is_direct;
	struct reaper reaper;	/* if it is not */
	struct process process;	/* the command; pid is -1 until it has begun */
	int code;		/* how it ended, as in siginfo_t; 0: it runs, or nobody knows */
	int status;
	int is_blind;		/* nobody can say how it ends any more, only that it does */
	pid_t stuck;		/* given up before its exec, and it cannot be ended; or 0 */
};
#define HELD_INIT { .reaper = REAPER_INIT, .process = { -1, -1 } }

/* In failure->before, where what is wrong is not the plan's. */
#define HELD_NAMESPACE (-3)	/* negated: it would be the first process of a new PID namespace */
#define HELD_UNWAITABLE 4	/* children cannot be waited for, so none is safe with us */

/*
 * Start plan (whose given_up is ours), which lives as long as held; directly only if that is asked for and can be.
 * 0; or -1: why is in the failure, of which nothing is left but stuck.
 */
int held_begin(struct held *held, const struct child_plan *plan, int is_direct, struct child_failure *failure);

/* Has it ended?  How is in code and status, as far as anybody knows. */
int held_has_ended(struct held *held);

/* Wait at most so long for that. */
int held_ends_within(struct held *held, int64_t wait_ms);

/* What becomes readable when it ends, or -1: then it is looked for now and then. */
int held_fd(const struct held *held);

/* Was pid started by the command, or is it that? */
int held_has_started(const struct held *held, pid_t pid);

/*
 * End the command and all that it has started.  own_grace_ms: it ends by itself what is below it, with that time for
 * its own command and again for the rest, or without limit if it is 0, and is asked alone; below 0: it does not.  0; -1: some of that may be left; or the pid of the command, which
 * the kernel cannot end.
 */
pid_t held_end(struct held *held, int64_t own_grace_ms);

/* Hold it no more: what lives is init's, at the latest when the caller ends. */
void held_release(struct held *held);

#endif
