/* The end of the log, and what is added to it, as `otelop-statedir --tail` prints it. */
#ifndef TAIL_H
#define TAIL_H

#include "cli.h"

/*
 * Print the last so many lines of the directory's log; with follow also what is added, until whoever reads has
 * gone away.  0; 3: there is no log; 4: it may not be read; 125: it cannot be printed.
 */
int tail_log(const struct cli *cli, const char *dir, long lines, int follow);

#endif
