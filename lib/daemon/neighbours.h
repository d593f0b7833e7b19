/*
 * Daemons that the command has started, by `otelop start` or otelop-spawn: each is one of its own, with a state directory
 * of its own, and is not ended with the command, though it may have come to us as an orphan.
 */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include "daemon/run_state.h"

/* From now on they are none of the command's. */
void neighbours_spare(struct run *run);

#endif
