/* What a run says to whoever waits for its verdict. */
#ifndef RUN_SAY_H
#define RUN_SAY_H

#include "daemon/run_state.h"

/* Send line up, which is no verdict yet. */
void run_tell(const struct run *run, const char *line);

/* A line for the log, which is what CMD's output goes to. */
void run_log(const struct run *run, const char *line);

/* The daemon is ready; its pid and a line for people go in front. */
void run_say_ready(const struct run *run);

/* Somebody else's is; differences: what of it is another one than was asked for, or an empty text. */
void run_say_joined(const struct run *run, pid_t pid, const char *differences);

/*
 * Tell whoever waits why there is no daemon, and with which status of the table.  Busy is only what this
 * directory is, not what CMD says of something else: a start that hears it may be tried again.
 */
void run_say_failure(const struct run *run, int status);

/*
 * Was the start given up while it waited for what is to be told?  Its TERM may reach CMD first.  Who gave it up no
 * longer listens, but shows the log.
 */
int run_has_waited(const struct run *run);

#endif
