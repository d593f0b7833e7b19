/*
 * What otelop-run knows while it runs a command, for the rooms of run.h: run_setup brings it to the command's beginning,
 * run watches, run_end settles what is left, run_say tells whoever waits.
 */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include <sys/types.h>

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pids.h"
#include "daemon/logger.h"
#include "daemon/outcome.h"
#include "daemon/parents.h"
#include "daemon/readiness.h"
#include "daemon/respawn.h"
#include "daemon/run_options.h"
#include "daemon/stop_time.h"
#include "daemon/verdict.h"
#include "otelop.h"
#include "process/selfpipe.h"
#include "process/tree.h"
#include "state/lock.h"
#include "state/vanish.h"

#define RUN_LOG_PATIENCE_MS 2000	/* for room in the log's pipe, and for its writer */
#define RUN_HELPERS (1 + READINESS_HELPERS)	/* the logger and those, which are none of CMD's */

/* How far it has come. */
enum run_stage {
	STAGE_NONE,
	STAGE_PUBLISHED,	/* otelop.json is ours to remove */
	STAGE_RUNS,		/* CMD does */
	STAGE_ENDED		/* CMD has, and how is known */
};

struct run {
	const struct run_options *options;
	char *const *argv;
	struct run_report *report;
	enum verdict_channel channel;	/* asked before any descriptor of ours could be taken for it */
	enum run_stage stage;
	enum outcome outcome;
	int given_up_by;	/* the signal that gave the start up, or called it off */
	int reported_status;	/* set:exitCode=, with which it says err: */
	siginfo_t how;		/* CMD has ended */
	struct otelop_lock lock;
	struct vanish vanish;
	struct otelop_metadata metadata;
	struct readiness readiness;
	struct process command;
	struct parents parents;
	struct logger logger;
	pid_t session;		/* which we lead, where orphans do not come to us */
	struct process_identity *spared;	/* those that are none of CMD's: from before, the logger */
	size_t spared_count;	/* there is room for RUN_HELPERS more */
	int handed_lock;	/* CMD's copy of the next file's lock, while CMD begins */
	int signals;
	struct selfpipe_signal early[64];	/* what came before CMD could take it */
	size_t early_count;
	int is_ending;		/* CMD has been asked to, and is killed in time */
	int64_t asked_at;	/* when it was, or what it has left */
	int64_t grace_ms;
	struct stop_time stop;
	struct pids asked;	/* who has heard asked_by from us */
	int asked_by;
	int killed_count;
	int64_t ready_at;
	int64_t lifetime_end;
	int joins;		/* how often somebody else's start was waited for */
	struct respawn respawn;
	int stdin_fd;		/* for CMD; -1: it has ours */
};

/* CMD and all that it has begun. */
struct tree run_tree(const struct run *run);

/* One of TERM, INT and HUP?  They end a start. */
int run_is_end(int signal_number);

/* It has come.  Does it give the start up?  1 or 0. */
int run_hear_end(struct run *run, int signal_number);

#endif
