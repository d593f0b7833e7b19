/* What a stop has to say: of what is still there, and of whom it has killed. */
#ifndef STOP_SAY_H
#define STOP_SAY_H

#include "daemon/stop_options.h"
#include "daemon/target.h"
#include "process/process.h"
#include "state/statedir.h"

/* The time is over, and what has not ended; each -1 with ETIMEDOUT. */
int stop_say_time(const char *what, const struct stop_options *options, struct otelop_message *message);

/* The same for a process, with its name and the option that ends it. */
int stop_say_process(const char *what, pid_t pid, const struct stop_options *options, struct otelop_message *message);

/* The same for a daemon: it, or a child that it waits for, or who keeps its lock. */
int stop_say_target(const struct target *target, const struct stop_options *options, struct otelop_message *message);

/*
 * A process was killed where no otelop-run is left to write that into the log: do it, if there is one.  Its name is asked
 * for before it is killed, for at once it may be reaped and nameless.
 */
void stop_log_killed(const struct statedir *dir, const struct process_name *name);

#endif
