/* Somebody else has the claim, who may be starting the same command: then his verdict is ours, too. */
#ifndef RUN_JOIN_H
#define RUN_JOIN_H

#include "daemon/run_state.h"

#define RUN_JOIN_AGAIN (-1)	/* no exit status */

/*
 * What his start comes to.  The exit status, and of a daemon that is ready the outcome is RUN_JOINED; or RUN_JOIN_AGAIN
 * when he has gone.  Until then there is nothing to tidy up: a signal ends us as it ends anybody.
 */
int run_join(struct run *run);

#endif
