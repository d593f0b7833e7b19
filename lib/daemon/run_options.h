/* What otelop-run was asked for, which the metadata records for a restart; and what it has to say in the end. */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "daemon/modes.h"
#include "daemon/parents.h"
#include "otelop.h"

struct run_options {
	const char *state_dir;
	const char *const *members;	/* KEY=VALUE, NULL-terminated */
	const struct modes *modes;
	int64_t try_ms;			/* for one check, connect or URL */
	const char *try_text;
	pid_t with_parents[PARENTS_MAX];	/* end CMD when the first of these is gone */
	size_t with_parent_count;
	int64_t max_lifetime_ms;	/* 0: no limit */
	const char *max_lifetime_text;
	int no_sweep;
	int64_t grace_ms;		/* between the signal and KILL, where nobody waits who says how long; or OTELOP_FOREVER */
	const char *grace_text;		/* NULL: not given */
	int has_parent_grace;
	int64_t parent_grace_ms;	/* the same when one of with_parents is gone */
	int stop_signal;		/* what CMD gets that is to end */
	const char *stop_signal_text;
	int stop_all;			/* and all that is below it, at once */
	int join;			/* busy is the verdict of the start that was first */
	int64_t log_max;		/* 0: the log is not ours to bound */
	const char *log_max_text;
	const char *const *environment;	/* what otelop-spawn was given for CMD: of -e, VAR=VALUE or VAR; never NULL */
	const char *const *unset;	/* of -u */
	const char *umask_text;		/* of -m */
	const char *log;		/* of -l */
	int is_unnamed;			/* nobody has said which instance it is */
	int log_keep;
	const char *log_keep_text;
	int log_fd;			/* where we speak while it runs, if the log is not ours to bound; -1: nowhere */
	int respawn;			/* so many times in a row CMD is started again; 0: never */
	const char *respawn_text;
	int stdin_open;			/* CMD's stdin never ends */
	int notify_fd;			/* whoever reads there takes any line for ready; -1: nobody does */
};

struct run_report {
	int said;	/* the reason went to whoever waits for the verdict */
	struct otelop_message reason;	/* empty: nothing to say */
};

#endif
