/*
 * A run whose command has crashed starts it again, under the same claim.
 *
 * Invariants, beside those of run.h:
 *   1. What the crash has left is ended first, and the dead CMD is reaped last: until a new file says `starting`, with
 *      our number, the old one names it; what it has left has that one's lock, and if we are killed is found by it.
 *      But the next file has those words already, so that whoever asks meanwhile is told.
 *   2. From then on nobody but us has the lock, until the next CMD gets it with a next file of its own, as the first one
 *      did.  Killed in between, we leave a file that says `starting` and no lock.
 *   3. The verdict was said once, and nobody is told a second one.
 */
#ifndef RUN_AGAIN_H
#define RUN_AGAIN_H

#include "daemon/run_state.h"

/*
 * CMD has ended.  1: it has crashed and is to be started again: the run pauses, unless that was called off; 0: the run is
 * over, and of a crash the report has the words.
 */
int run_rest(struct run *run);

/* The pause is over: start CMD.  The outcome is RUN_AGAIN then; RUN_PAUSED, for one more pause; or what ends the run. */
void run_start_again(struct run *run);

/* While it is not ready yet: that must not last for ever.  1: it has; the report says so. */
int run_is_late(const struct run *run);

#endif
