/*
 * CMD is to end, and all that is below it: who is asked, who is killed when, and what is said of that.
 *
 * otelop-run is the one who ends what is below CMD, whoever wanted the end: so nobody there is asked twice, and none is
 * killed before the time of a stopper (stop_time.h), or without one the grace, is over.
 */
#ifndef RUN_STOP_H
#define RUN_STOP_H

#include "daemon/run_state.h"
#include "process/selfpipe.h"

/* Is TERM for CMD something else, by --stop-signal or --stop-all? */
int run_stop_is_own(const struct run *run);

/* Ask CMD to end, with --stop-all all that is below it as well: by the signal that is meant for that. */
void run_stop_ask(struct run *run);

/* The same, and a time from now on when it is killed. */
void run_stop_begin(struct run *run);

/* How long until then, or OTELOP_FOREVER; and do it, if it is time. */
int64_t run_stop_due_ms(const struct run *run);
void run_stop_look(struct run *run);

/* The same for an end of which no child tells: wait for it. */
void run_stop_await(struct run *run);

/* Is this signal a stopper's word?  Then it is taken in.  1 or 0. */
int run_stop_hear(struct run *run, const struct selfpipe_signal *signal);

/* The same with all that has come until now; CMD has ended, so all other signals are for nobody, or call its pause off. */
void run_stop_hear_all(struct run *run);

/* CMD has ended: end what it left.  0; -1: some may be left, and the words for that are in left. */
int run_stop_sweep(struct run *run, struct otelop_message *left);

#endif
