/*
 * What may never come back, such as a look at a file whose server is away, done by a child: whoever waits for it
 * has a limit.
 */
#ifndef ERRAND_H
#define ERRAND_H

#include <stdint.h>

#include "process/exec.h"

#define ERRAND_TEXT_SIZE EXEC_MISSING_SIZE
#define ERRAND_LOOK_MS 10000	/* as long as whoever has not done anything yet may wait */

/*
 * Call run(argument, text) in a child, which has all that is ours; text, empty at first, comes back with what it returned,
 * 0 or above.  Or -1: ETIMEDOUT after timeout_ms (OTELOP_FOREVER: no limit); EIO it died; those of pipe and fork.
 */
int errand_run(int (*run)(void *argument, char text[ERRAND_TEXT_SIZE]), void *argument, int64_t timeout_ms,
    char text[ERRAND_TEXT_SIZE]);

#endif
