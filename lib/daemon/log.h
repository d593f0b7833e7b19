/*
 * The state directory's log as otelop-run has it from who started it: its own stdout and stderr.
 *
 * A plain file grows on and on, and nothing keeps a daemon from cutting it off (`> /dev/stderr` opens it anew).  So
 * one that is large by then is set aside at a start, and where a start began in it is recorded.
 */
#ifndef LOG_H
#define LOG_H

#include <sys/stat.h>

#include "otelop.h"
#include "state/statedir.h"

#define LOG_LARGE (16 * 1024 * 1024)	/* bytes */
#define LOG_OLDER STATEDIR_LOG ".1"

/*
 * Under the claim, before the command begins: rename a log that is larger than that, and have stdout and stderr in a new
 * one, if they are in it.  0; -1: it cannot be done, and goes on growing; the message says why.
 */
int log_set_aside(const struct statedir *dir, struct otelop_message *message);

/* Is stderr or stdout in the directory's log, a regular file?  1, and what the system says of it; 0. */
int log_is_ours(const struct statedir *dir, struct stat *log);

#endif
