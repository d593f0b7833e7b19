/* All that can be said of a start without doing it, as `otelop-spawn --dry-run` does. */
#ifndef TRY_H
#define TRY_H

#include "request.h"

/* The exit status: 0, or it is said what is wrong. */
int try_start(const struct request *request);

#endif
