/* Wait for what somebody else's start comes to. */
#include "daemon/run_join.h"
#include "base/message.h"
#include "base/status.h"
#include "daemon/join.h"
#include "daemon/outcome.h"
#include "daemon/parents.h"
#include "daemon/run_options.h"
#include "daemon/run_say.h"
#include "daemon/run_setup.h"
#include "daemon/verdict.h"
#include "process/child.h"
#include "process/selfpipe.h"

#define JOIN_ROUNDS 20	/* how often the claim is tried again when who had it has gone */

/* So who waits for us waits as long. */
static void
hear_extension(void *argument, int64_t more_ms)
{
	const struct run *run = argument;

	verdict_extend(run->channel, more_ms * 1000);
}

int
run_join(struct run *run)
{
	const struct run_options *options = run->options;
	struct same_want want = { .argv = run->argv, .environment = options->environment, .unset = options->unset,
	    .is_unnamed = options->is_unnamed, .recorded = &run->metadata };
	struct join_extend extend = { hear_extension, run };
	struct otelop_message *reason = &run->report->reason;
	pid_t pid;

	child_reset_signals(run_may_be_ignored);
	selfpipe_close(&run->signals);
	parents_close(&run->parents);
	if (run->joins++ == JOIN_ROUNDS)
		return STATUS_BUSY;	/* and the reason says who has it */
	run_tell(run, "set:summary=the start that is under way\n");
	switch (join_wait(options->state_dir, OTELOP_FOREVER, &want, 0, &extend, &pid, reason)) {
	case JOIN_RUNS:
		break;
	case JOIN_GONE:
		return RUN_JOIN_AGAIN;
	case JOIN_LEFT:
	case JOIN_OTHER:
		return STATUS_BUSY;
	case JOIN_FAILED:
		return 1;
	case JOIN_TIMEOUT:
	case JOIN_UNKNOWN:
		return STATUS_UNKNOWN;
	}
	run->outcome = outcome_after(run->outcome, EVENT_JOINED);
	run_say_joined(run, pid, reason->text);
	reason->text[0] = '\0';
	return 0;
}
