/* What is shown on a terminal while otelop-spawn waits: what for, and how long so far. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "request.h"

/* Have it shown, if anything is to be. */
void progress_begin(struct request *request);

/* Leave no trace of it. */
void progress_clear(struct request *request);

#endif
