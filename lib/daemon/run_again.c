/* Start a command again that has crashed; run_again.h has the invariants. */
#include "daemon/run_again.h"
#include "base/clock.h"
#include "base/message.h"
#include "base/status.h"
#include "daemon/outcome.h"
#include "daemon/readiness.h"
#include "daemon/record.h"
#include "daemon/respawn.h"
#include "daemon/run_end.h"
#include "daemon/run_say.h"
#include "daemon/run_setup.h"
#include "daemon/run_state.h"
#include "daemon/run_stop.h"
#include "process/child.h"
#include "process/ending.h"
#include "process/process.h"
#include "state/lock.h"
#include "state/vanish.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static int
may_pause(const struct run *run)
{
	return outcome_after(run->outcome, EVENT_CRASH) == RUN_PAUSED;
}

/* What the report says of CMD, without its name. */
static const char *
report_on_command(const struct run *run)
{
	const char *text = run->report->reason.text;
	size_t length = strlen(run->argv[0]);

	return strncmp(text, run->argv[0], length) == 0 && strncmp(text + length, ": ", 2) == 0 ?
	    text + length + 2 : text;
}

/* CMD has failed, and that it was we who ended it then says nothing. */
static void
note_failure(struct run *run, int status)
{
	run->how.si_code = CLD_EXITED;
	run->how.si_status = status;
}

/* How this run has ended, in words: by itself, or why we have had to end it. */
static void
describe_end(struct run *run, struct otelop_message *words)
{
	if (run->outcome == RUN_RELAPSED) {
		message_set(words, "%s", report_on_command(run));
		note_failure(run, run->reported_status != 0 ? run->reported_status : STATUS_NO);
	} else {
		ending_describe(run->how.si_code, run->how.si_status, words);
	}
}

/* It is enough: the last of its ends is the daemon's. */
static int
give_up(struct run *run, const char *words, const char *why)
{
	message_set(&run->report->reason, "%s; not started again: %s", words, why);
	run->outcome = outcome_after(run->outcome, EVENT_EXHAUSTION);
	run->stage = STAGE_ENDED;
	return 0;
}

static int
give_up_at_last(struct run *run, const char *words)
{
	struct otelop_message why;

	message_set(&why, "that was done %d time%s in a row", run->respawn.row, run->respawn.row == 1 ? "" : "s");
	return give_up(run, words, why.text);
}

/* What the file is to say: that we are starting, and how the last run has ended.  -1: reason. */
static int
record(struct run *run, const char *words, struct otelop_message *reason)
{
	return record_again(&run->metadata, run->options, run->argv, run->respawn.total, words, reason);
}

/* It says that from now on.  -1: reason. */
static int
publish(struct run *run, struct otelop_message *reason)
{
	run_begin_log(run);
	return vanish_publish(&run->lock, &run->metadata, getpid(), reason);
}

/* Say when it goes on, and wait for that. */
static int
pause_after(struct run *run, const char *words)
{
	int64_t pause_ms = respawn_pause_ms(&run->respawn);
	struct otelop_message line;

	message_set(&line, "%s: %s; started again in %g s (%d of %d)", run->argv[0], words, (double)pause_ms / 1000,
	    run->respawn.row, run->options->respawn);
	run_log(run, line.text);
	run->respawn.due = clock_deadline(pause_ms);
	vanish_watch(&run->vanish, &run->lock);
	lock_forget_replaced(&run->lock);
	run->report->reason.text[0] = '\0';
	return 1;
}

/* Whatever of the dead one is left, and what was meant for that. */
static void
sweep(struct run *run)
{
	struct otelop_message left;

	run->is_ending = 0;
	pids_free(&run->asked);
	if (!run->options->no_sweep && run_stop_sweep(run, &left) < 0)
		run_log(run, left.text);
}

static void
forget_command(struct run *run)
{
	child_reap_killed(run->command.pid);
	process_close(&run->command);
	run->command.pid = -1;
}

int
run_rest(struct run *run)
{
	struct otelop_message words, why;

	if (run->options->respawn == 0 || !may_pause(run) || run_ended_cleanly(run))
		return 0;
	describe_end(run, &words);
	vanish_close(&run->vanish);
	if (!respawn_is_due(&run->respawn, run->options->respawn, clock_ms() - run->readiness.began))
		return give_up_at_last(run, words.text);
	/* From here on, whoever wants its end calls the pause off. */
	run->outcome = outcome_after(run->outcome, EVENT_CRASH);
	readiness_close(&run->readiness);
	if (record(run, words.text, &why) < 0)
		return give_up(run, words.text, why.text);
	lock_announce(&run->lock, &run->metadata);
	sweep(run);
	if (run->outcome != RUN_PAUSED)
		return 1;
	if (publish(run, &why) < 0)
		return give_up(run, words.text, why.text);
	forget_command(run);
	return pause_after(run, words.text);
}

/* As the first one, with a next file of its own.  0; or the exit status. */
static int
begin(struct run *run)
{
	int status;

	run->reported_status = 0;
	record_begin(&run->metadata);
	vanish_close(&run->vanish);
	if ((status = run_prepare(run)) == 0)
		status = run_begin(run);
	if (status != 0)
		readiness_close(&run->readiness);
	return status;
}

/* It could not even be run: one more crash, if nobody has ended the run meanwhile. */
static void
rest_without_command(struct run *run, int status)
{
	struct otelop_message words, why;

	message_set(&words, "%s", report_on_command(run));
	note_failure(run, status);
	if (outcome_meaning(run->outcome)->ends_command)
		run->report->reason.text[0] = '\0';
	else if (!respawn_is_due(&run->respawn, run->options->respawn, 0))
		give_up_at_last(run, words.text);
	else if (record(run, words.text, &why) < 0 || publish(run, &why) < 0)
		give_up(run, words.text, why.text);
	else
		pause_after(run, words.text);
}

void
run_start_again(struct run *run)
{
	int status = begin(run);

	if (status != 0) {
		rest_without_command(run, status);
		return;
	}
	run->respawn.due = clock_deadline(RESPAWN_READY_MS);
	run->outcome = outcome_after(run->outcome, EVENT_AGAIN);
}

int
run_is_late(const struct run *run)
{
	if (run->outcome != RUN_AGAIN || clock_left_ms(run->respawn.due) > 0)
		return 0;
	message_set(&run->report->reason, "not ready within %g s", (double)RESPAWN_READY_MS / 1000);
	return 1;
}
