/*
 * The daemon of a state directory, as who ends it must know it.
 *
 * It is found without a race: the lock is held (probe), a handle to the process that the file names (pidfd), which is
 * seen to be that very process by what identity.h records, and the same file is still held (probe again).  Between the
 * probes the daemon lived, so its number was its own, and the handle means nobody else whatever happens then.
 * What does not record who it is, upstream's file, must be seen to be open in the process or in its parent: a leftover
 * child that keeps a dead daemon's lock does not turn a recycled number into a target.
 */
#ifndef TARGET_H
#define TARGET_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "otelop.h"
#include "platform/platform.h"
#include "process/process.h"
#include "state/holder.h"
#include "state/statedir.h"

#define TARGET_PATIENCE_MS 500	/* for a lock that is held, but not by the process that the file names */

struct target {
	struct statedir dir;
	int64_t patience;	/* until then, what does not fit together may just be moving */
	int fd;			/* otelop.json as it was when the daemon was found */
	int held;		/* its lock; else the daemon lives without it */
	struct holder_daemon named;	/* by the file */
	struct process daemon;	/* pid 0: it has ended, but something keeps its lock, or it has left what has none (below) */
	int lives;		/* as identity_process_lives: 1, it is that very process; -1, nothing tells */
	int is_respawned;	/* if it crashes, which includes that somebody kills it, its otelop-run starts it again */
	int is_starting;	/* the daemon is a parent whose command has not been told of yet */
	struct process parent;	/* the otelop-run above it, which ends what it leaves; or pid 0 */
	pid_t runner;		/* the otelop-run that says of itself in the file that it takes a stopper's words; 0: none */
	int stop_signal;	/* that is recorded; 0: none is */
	int stop_all;		/* it is for all that is below the daemon, too */
	pid_t session;		/* it leads it, or that otelop-run does or did; else 0 */
	int is_told;		/* by this stop: how long the end may take */
	struct pids asked;
	struct pids killed;
	int asked_through;	/* the signal that otelop-run was told to send to all; 0: none, or its end was awaited */
	struct holder foreign;	/* a keeper that is not ours to end */
	int is_swept;		/* an otelop-run ends what it leaves, if nobody kills that */
	struct platform_process *below;	/* its descendants, as they were when it was found; behind them, its remnants */
	size_t below_count;
	size_t below_room;
	size_t descendants;	/* so many of them */
};

/* Is this no pid that anybody may stop?  -1: EINVAL, and why; 0. */
int target_refuse_pid(pid_t pid, struct otelop_message *message);

/*
 * Of target, dir and patience are set.  1: the daemon, or what keeps its lock; 0: look again, something moved; -1: it
 * cannot be stopped, with errno; ENOENT: there is no daemon.
 */
int target_find(struct target *target, int64_t deadline, struct otelop_message *message);

/* Who is above, around and, of one that is starting or swept, below the daemon: parent, session, below. */
void target_look_around(struct target *target);

/* The living otelop-run that takes a stopper's words (stop_time.h), looked for by target_look_around; or NULL. */
const struct process *target_runner(const struct target *target);

/* Is the directory's file still the one that was found, and held (or free)?  1; 0; -1. */
int target_probe_again(const struct target *target, int is_held, struct otelop_message *message);

/* What the daemon that starts, or is swept, has below it, before its end leaves that to somebody else. */
void target_remember_descendants(struct target *target);

/* What is left of one that is dead, and whose lock is free (remnants.h): how many. */
size_t target_remember_remnants(struct target *target, const struct otelop_metadata *metadata);

/*
 * Nobody holds its lock: is its file there all the same?  An otelop-run removes or replaces it before it lets go, so that
 * one was killed, or there was none.  (Who is killed lets go a moment before he is gone.)
 */
int target_is_abandoned(const struct target *target);

/* Look for what is left of it.  1: there is some; 0; -1: the lock is not free any more, or the file another. */
int target_find_remnants(struct target *target);

/* Who lives of those that were below a daemon, or are its remnants: the first, or the next behind that one.  NULL: nobody. */
const struct platform_process *target_left(const struct target *target, const struct platform_process *behind);

/*
 * May it be signalled before that look?  A daemon that has its lock, is known to be that very process, has nobody who
 * must be told first, and is no otelop-run whose descendants its end would scatter.
 */
int target_is_certain(const struct target *target);

/* Let go of what was found, with errno kept; dir and patience stay. */
void target_forget(struct target *target);

/* -1, and message, of errno. */
int target_cannot_wait(const struct target *target, struct otelop_message *message);

#endif
