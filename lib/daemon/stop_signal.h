/* Whom a stop signals: a process, what is below the daemon or was, and what keeps its lock. */
#ifndef STOP_SIGNAL_H
#define STOP_SIGNAL_H

#include "daemon/target.h"
#include "otelop.h"
#include "process/process.h"

/* CONT behind it: a stopped process hears nothing until it goes on.  0, also if it is gone; -1: errno, and why. */
int stop_signal(const struct process *process, int number, struct otelop_message *message);

/* Does the otelop-run that is above the daemon still live, and have its file? */
int stop_is_run(const struct target *target);

/* What was below the daemon, and may have no lock to be known by: a runtime such as node's lets go of it. */
void stop_signal_below(struct target *target, int number);

/*
 * Those that the daemon left behind and that keep its lock.  While its otelop-run lives, that sweeps, and nobody
 * has to look at all processes.  A KILL of a daemon that is starting has made orphans of all that is below it.
 */
void stop_signal_keepers(struct target *target, int number);

#endif
