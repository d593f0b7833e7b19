/* What is shown on a terminal while otelop-spawn waits: what for, and how long so far. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "request.h"

#include <stdint.h>

/* Have it shown, if anything is to be. */
void progress_begin(struct request *request);

/* The tick of otelop_spawn: argument is the request. */
void progress_show(void *argument, int64_t waited_ms);

/* Leave no trace of it. */
void progress_clear(struct request *request);

#endif
