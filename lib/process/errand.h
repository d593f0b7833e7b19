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
 * Call run(argument) in a child, which has all that is ours.  What it returned, 0 or above; or -1: ETIMEDOUT after
 * timeout_ms (OTELOP_FOREVER: no limit); EIO it died; those of pipe and fork.
 */
int errand_run(int (*run)(void *argument), void *argument, int64_t timeout_ms);

/* exec_find by such a child, for so long.  0; -1: errno, as that has it, or ETIMEDOUT after ERRAND_LOOK_MS. */
int errand_find(const char *command);

/* The same as errand_run, and text, empty at first, comes back as the child has left it. */
int errand_ask(int (*run)(void *argument, char text[ERRAND_TEXT_SIZE]), void *argument, int64_t timeout_ms,
    char text[ERRAND_TEXT_SIZE]);

#endif
