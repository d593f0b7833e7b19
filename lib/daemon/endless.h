/*
 * A stdin that never ends, for a command that takes its end for its own.
 *
 * It is a pipe that its reader has open for writing, too: so it has a writer for as long as it has a reader, whoever
 * else dies.  Where there is no such pipe without a name it has one, in the state directory, until it is open.
 */
#ifndef ENDLESS_H
#define ENDLESS_H

#include "otelop.h"
#include "state/statedir.h"

/* Open one, under the claim.  A descriptor, close-on-exec; -1: errno, message. */
int endless_open(const struct statedir *dir, struct otelop_message *message);

/* Is our own stdin at its end from the beginning?  1 or 0. */
int endless_is_missed(void);

#endif
