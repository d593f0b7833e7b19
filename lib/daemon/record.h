/* What otelop-run writes into the metadata about its command: at the start, at readiness, at a crash. */
#ifndef RECORD_H
#define RECORD_H

#include <sys/stat.h>

#include "daemon/run_options.h"
#include "otelop.h"
#include "process/addresses.h"

/* What a restart needs too.  -1: a member of the user's is refused, or there is no memory, with the reason. */
int record_start(struct otelop_metadata *metadata, const struct run_options *options, char *const argv[],
    struct otelop_message *reason);

/* The log that its words go to, and how much that has already. */
void record_log(struct otelop_metadata *metadata, const struct stat *log);

/* Its run begins now. */
void record_begin(struct otelop_metadata *metadata);

int record_ready(struct otelop_metadata *metadata, pid_t pid, const struct addresses *addresses,
    struct otelop_message *reason);

/*
 * The same for a command that is started again, so many times by now: nothing that the last run has said is left but
 * how it has ended.
 */
int record_again(struct otelop_metadata *metadata, const struct run_options *options, char *const argv[], long restarts,
    const char *last_end, struct otelop_message *reason);

/* code and status as in siginfo_t; left: what could not be ended, or NULL. */
void record_crash(struct otelop_metadata *metadata, pid_t pid, int code, int status, const char *left);

#endif
