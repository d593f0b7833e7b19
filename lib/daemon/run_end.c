/* The end of a run; run.h has the invariants. */
#include "daemon/run_end.h"
#include "base/message.h"
#include "base/status.h"
#include "daemon/endless.h"
#include "daemon/logger.h"
#include "daemon/neighbours.h"
#include "daemon/outcome.h"
#include "daemon/readiness.h"
#include "daemon/record.h"
#include "daemon/run_say.h"
#include "daemon/run_state.h"
#include "daemon/run_stop.h"
#include "process/child.h"
#include "process/ending.h"
#include "state/lock.h"
#include "state/vanish.h"

#include <signal.h>
#include <unistd.h>

static const char wants_stdin[] = "; one that ends with its stdin, which is at its end, wants --stdin open";

int
run_ended_cleanly(const struct run *run)
{
	const struct outcome_meaning *meaning = outcome_meaning(run->outcome);
	int status = run->how.si_status;

	if (meaning->crashes == CRASHES_ANYHOW)
		return 0;
	if (meaning->ends_command)
		return 1;
	if (run->how.si_code == CLD_EXITED) {
		if ((status == 0 && meaning->crashes != CRASHES_BY_ENDING) || meaning->may_fail)
			return 1;
		/* A shell's or a runtime's word for the same: whoever traps a signal ends so by it. */
		status -= STATUS_SIGNAL;
	}
	return run_is_end(status) || status == run->options->stop_signal;
}

/* The last word about a crash, then let go; whoever has a copy of the lock holds nothing. */
static void
publish_crash(struct run *run, const struct otelop_message *left)
{
	/* Where the last try came to no process, nobody is to be named but us. */
	record_crash(&run->metadata, run->command.pid > 0 ? run->command.pid : getpid(), run->how.si_code, run->how.si_status,
	    left != NULL ? left->text : NULL);
	lock_publish(&run->lock, &run->metadata, NULL);
	lock_release(&run->lock);
}

static void
explain_how(const struct run *run)
{
	struct otelop_message *reason = &run->report->reason, how;

	ending_describe(run->how.si_code, run->how.si_status, &how);
	message_set(reason, "%s: %s", run->argv[0], how.text);
}

static void
explain_end(const struct run *run, const struct otelop_message *left)
{
	struct otelop_message *reason = &run->report->reason, words;

	switch (outcome_meaning(run->outcome)->says) {
	case SAYS_REASON:
		words = *reason;
		message_set(reason, "%s: %s", run->argv[0], words.text);
		break;
	case SAYS_SIGNAL:
		ending_signal_name(run->given_up_by, words.text, sizeof(words.text));
		message_set(reason, "%s: the start was given up: signal %s", run->argv[0], words.text);
		break;
	case SAYS_OVERDUE:
		message_set(reason, "%s: ended before it was ready: its parent is gone or its "
		    "lifetime is over", run->argv[0]);
		break;
	case SAYS_HOW:
		if (run->how.si_code == CLD_EXITED && run->how.si_status == 0)
			message_set(reason, "%s: %s%s", run->argv[0], ending_gone_behind, run->stdin_fd < 0 &&
			    endless_is_missed() ? wants_stdin : "");
		else
			explain_how(run);
		break;
	case SAYS_NOTHING_NEW:
		reason->text[0] = '\0';
		if (!run_ended_cleanly(run))
			explain_how(run);
		else if (left != NULL)
			message_set(reason, "%s: %s", run->argv[0], left->text);
		break;
	}
	if (run_has_waited(run))
		readiness_explain(&run->readiness, reason);
}

static int
exit_status(const struct run *run)
{
	const struct outcome_meaning *meaning = outcome_meaning(run->outcome);

	switch (meaning->exits) {
	case EXITS_BY_SIGNAL:
		return 128 + run->given_up_by;
	case EXITS_AS_REPORTED:
		return run->reported_status != 0 ? run->reported_status : 1;
	case EXITS_AS_COMMAND:
		break;
	}
	if (run->how.si_code == CLD_EXITED)
		return run->how.si_status == 0 && (!meaning->was_ready || !run_ended_cleanly(run)) ? 1 : run->how.si_status;
	return 128 + run->how.si_status;
}

int
run_finish(struct run *run)
{
	struct otelop_message left;
	int is_swept;

	/* Before the sweep, which reaps: a probe's number must still be its own. */
	readiness_close(&run->readiness);
	logger_end_copies(&run->logger);
	run_stop_hear_all(run);
	neighbours_spare(run);
	is_swept = run->options->no_sweep || run->command.pid < 1 || run_stop_sweep(run, &left) == 0;
	explain_end(run, is_swept ? NULL : &left);
	if (outcome_meaning(run->outcome)->was_ready && *run->report->reason.text != '\0')
		run->report->said = logger_say(&run->logger, "otelop-run", run->report->reason.text,
		    RUN_LOG_PATIENCE_MS);
	/* Whoever reads the verdict then reads the log: all must be there.  What is not swept writes on. */
	logger_finish(&run->logger, run->options->no_sweep ? 0 : RUN_LOG_PATIENCE_MS);
	/* A stopper reads what may be left, and then removes the file. */
	if (run_ended_cleanly(run) && (is_swept || !run->stop.is_told))
		lock_remove(&run->lock, NULL);
	else
		publish_crash(run, is_swept ? NULL : &left);
	if (run->command.pid > 0)
		child_reap_killed(run->command.pid);
	/* The kernel may take its time for that, 20 ms on a busy machine; nobody waits for us any more. */
	vanish_close(&run->vanish);
	return exit_status(run);
}
