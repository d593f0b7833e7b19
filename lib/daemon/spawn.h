/* Detach a command and wait until it is ready: otelop_spawn, for the programs here. */
#ifndef SPAWN_H
#define SPAWN_H

#include "otelop.h"

/*
 * otelop_spawn, by a process that does nothing else: it has one thread, orphans come to it from now on, SIGCHLD is at
 * its default, and whatever children it has afterwards are reaped.  So there need be no process between it and
 * the command (held.h).
 */
int spawn_directly(const struct otelop_spawn *options, char *const argv[], struct otelop_spawn_result *result);

#endif
