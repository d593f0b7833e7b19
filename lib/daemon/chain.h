/*
 * A chain is a row of programs that become each other and change what runs in a state directory: a restart,
 * or a start of a daemon that takes its lock itself.  Chains of one directory go one after the other.
 *
 * The first program of a chain takes flock(LOCK_EX) on otelop.start and keeps it until the last one has the
 * verdict.  The descriptor is handed on by exec alone, its number in OTELOP_CHAIN_FD; whoever finds that
 * variable believes it only when the descriptor is that very file.  A program that starts children takes
 * the variable out of the environment and makes the descriptor close-on-exec first, so that no daemon ever
 * has it.  The file is never removed: that would make two locks of one.  Who also claims otelop.json takes
 * otelop.start before it.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include "daemon/same.h"
#include "otelop.h"

/*
 * Take part in the chain that has handed its descriptor on to us, or begin one when the others are done.
 * *waited: others were not.  The descriptor, close-on-exec, or -1: errno; ETIMEDOUT: they are not by the deadline, and
 * the message says which process has the lock.
 */
int chain_enter(const char *dir, int64_t deadline, int *waited, struct otelop_message *message);

/*
 * The same, only if one has been handed on; -1: none has.  CHAIN_UNCLEAR: it cannot be seen whether one has; then
 * waiting for the file could be waiting for ourselves.  The variable is gone from the environment.
 */
#define CHAIN_UNCLEAR (-2)
int chain_inherit(const char *dir, struct otelop_message *message);

/* Hand it on to the program that we are about to become. */
int chain_hand_on(int fd, const char *dir, struct otelop_message *message);

/*
 * For a restart that had to wait for others: is what runs and is ready young enough to be what was asked for, that
 * is, did it begin after this process?  Its pid, or 0.  want: only if it is that; NULL: any.
 */
pid_t chain_is_done(const char *dir, const struct same_want *want);

/* Would the end of what runs in the directory end the caller too, which is below it?  1 or 0. */
int chain_is_inside(const char *dir);

#endif
