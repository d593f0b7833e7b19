/*
 * More time for a start, as its command asks for it, for those who wait for somebody else's start.
 *
 * Who has the claim says in the next file until when the start is to be waited for, beside the words that otelop.json has
 * of it; that goes with those words when it is published.
 */
#ifndef EXTENSION_H
#define EXTENSION_H

#include <stdint.h>

#include "otelop.h"
#include "state/lock.h"

/* metadata: what is published of the start.  Where it cannot be written, nobody else hears of it. */
void extension_tell(const struct otelop_lock *lock, const struct otelop_metadata *metadata, int64_t deadline);

/* Until when is the start to be waited for of which otelop.json in this directory has these words?  A deadline; 0: nobody says so. */
int64_t extension_look(const char *dir, const struct otelop_metadata *metadata);

#endif
