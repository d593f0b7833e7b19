/* The beginning of a run: from the claim to the command. */
#ifndef RUN_SETUP_H
#define RUN_SETUP_H

#include "daemon/run_state.h"

/* What nohup and a shell's & may have set to be ignored, 0-terminated: for CMD as well, and then not ours to forward. */
extern const int run_may_be_ignored[];

/* Everything up to the fork.  0; or the exit status, with the reason in the report. */
int run_set_up(struct run *run);

/* The last part of that, which each run of CMD needs: how it is told that it is ready, and a next file. */
int run_prepare(struct run *run);

/* What is large of the log is set aside, and where the next run begins is recorded; neither is worth a failure. */
void run_begin_log(struct run *run);

/* Start CMD.  As above. */
int run_begin(struct run *run);

#endif
