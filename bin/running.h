/* What runs in the state directory, as `otelop-meta running` and `otelop wait` tell it; at once, or when it is decided. */
#ifndef RUNNING_H
#define RUNNING_H

#include "cli.h"
#include "state/state.h"

enum { RUNNING_READY = CLI_LONG, RUNNING_STOPPED };	/* the long options of wait */

/* Statuses of a state, as LSB has them. */
int running_status(enum state state);

/* state_look, with its warning said; it ends the program with 4 when it cannot be told what there is. */
void running_look(const struct cli *cli, const char *dir, enum state *state, struct otelop_metadata *metadata);

/* The commands: cli speaks, `of` takes the words apart.  The exit status. */
int running_run(const struct cli *cli, const struct cli *of, const char *dir, int argc, char *argv[]);
int running_wait(const struct cli *cli, const struct cli *of, const char *dir, int argc, char *argv[]);

#endif
