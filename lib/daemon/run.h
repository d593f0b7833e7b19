/*
 * Be the small resident parent of a command that knows nothing of otelop.  run_setup begins, run watches, run_end settles,
 * run_say tells whoever waits; outcome.h has what a run can come to, run_state.h what they all know.
 *
 * Invariants:
 *   1. The claim is ours from before CMD exists until after its descendants are gone.
 *   2. `starting` is published on a file that only we hold.  The next file is created and locked
 *      before the fork, so CMD holds it too; it gets its name when CMD is ready.  If we are killed
 *      then, the lock stays with CMD; if we are killed before, no file is left that says ready.
 *   3. CMD is not reaped before the file that names its pid is gone, replaced or unlocked: until
 *      then its pid cannot mean anybody else.
 */
#ifndef RUN_H
#define RUN_H

#include "daemon/run_options.h"
#include "state/statedir.h"

/*
 * Run argv to its end; or, where options->join says so, answer as the start does that was first.  dir is the state
 * directory, open, which goes over to the run.  The exit status for our own parent: CMD's, 128+n, 1, 4, 75, 125, 126,
 * 127.
 */
int run_command(const struct run_options *options, struct statedir *dir, char *const argv[],
    struct run_report *report);

#endif
