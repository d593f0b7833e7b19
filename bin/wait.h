/* The state directory as who asks for the lock finds it, and the wait until nobody has that any more. */
#ifndef WAIT_H
#define WAIT_H

#include "cli.h"
#include "state/statedir.h"

/* Open it.  0; -1: there is none, so nobody has a lock there.  What else is wrong ends the program with 4. */
int wait_open(const struct cli *cli, const struct cli_place *place, struct statedir *dir);

/* The exit status: 0, or 124 where it is still held after wait_ms (OTELOP_FOREVER: no limit), with that said. */
int wait_until_free(const struct cli *cli, const struct cli_place *place, int64_t wait_ms);

#endif
