/* The instances of a state directory, as `otelop-meta list` prints them. */
#ifndef LIST_H
#define LIST_H

#include "cli.h"

/* A line "NAME STATE [PID]" for each; the unnamed one is ".".  0, or 4 when one could not be told. */
int list_instances(const struct cli *cli, const char *base);

#endif
