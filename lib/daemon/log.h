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
 * Under the claim, before the command begins: if stderr or stdout is in the directory's log, and that is larger than so
 * much, rename it, and have them in a new one.  1: it has something in it, and log is what the system says of it; 0: it
 * has not, or is none of the directory's; -1: as 1, but it could not be renamed, and the message says why.
 */
int log_begin(const struct statedir *dir, struct stat *log, struct otelop_message *message);

#endif
