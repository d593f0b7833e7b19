/* The end of a run. */
#ifndef RUN_END_H
#define RUN_END_H

#include "daemon/run_state.h"

/* CMD has ended: was that no crash?  1 or 0. */
int run_ended_cleanly(const struct run *run);

/*
 * CMD has ended: end what it left, settle the metadata, let go, and only then let its pid go.  The exit status, and in
 * the report what there is to say.
 */
int run_finish(struct run *run);

#endif
