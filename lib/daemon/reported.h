/* Whose pid a child may report as the daemon's. */
#ifndef REPORTED_H
#define REPORTED_H

#include "daemon/held.h"

/*
 * Whoever asks for the pid may signal it: it is the reported one, if that was started in this start or is what the state
 * directory (or NULL) says runs, as another's start that otelop-run has waited for; else the child's own.  -1: errno,
 * with the reason: it cannot be seen whose it is.
 */
pid_t reported_pid(const struct held *held, const char *state_dir, pid_t reported, pid_t child,
    struct otelop_message *reason);

#endif
