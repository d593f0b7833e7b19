/*
 * A command that has put itself into the background, when it was taken for ready: it ends with 0 a moment after the
 * verdict, and what it has left has an address that was published as the daemon's.  That is no end of the daemon, nor
 * a daemon that anybody watches over.
 */
#ifndef RUN_BACKGROUND_H
#define RUN_BACKGROUND_H

#include "daemon/run_state.h"

/* CMD has ended, and nothing is swept yet: is it that?  Then that is what the run has come to, with the reason. */
void run_notice_background(struct run *run);

#endif
