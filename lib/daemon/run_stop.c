/* CMD is to end, and all that is below it. */
#include "daemon/run_stop.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "daemon/outcome.h"
#include "daemon/run_say.h"
#include "daemon/run_state.h"
#include "daemon/stop_time.h"
#include "platform/platform.h"
#include "process/process.h"
#include "process/selfpipe.h"
#include "process/tree.h"

#include <errno.h>
#include <signal.h>

#define TOLD_MAX 100	/* lines about those that were killed; what forks on and on is not to fill the disk */

/* All that is below CMD, and CMD; who has heard of it by a stopper's word is not told again. */
static void
ask_all(struct run *run, int signal_number)
{
	struct tree tree = run_tree(run);

	if (signal_number != run->asked_by)
		pids_free(&run->asked);
	run->asked_by = signal_number;
	tree_signal(&tree, signal_number, &run->asked);
}

int
run_stop_is_own(const struct run *run)
{
	return run->options->stop_all || run->options->stop_signal != SIGTERM;
}

void
run_stop_ask(struct run *run)
{
	if (run->stage == STAGE_ENDED)
		return;
	if (run->options->stop_all) {
		ask_all(run, run->options->stop_signal);
		return;
	}
	pids_add(&run->asked, run->command.pid);
	process_signal(&run->command, run->options->stop_signal);
	process_signal(&run->command, SIGCONT);
}

void
run_stop_begin(struct run *run)
{
	if (run->stage == STAGE_ENDED)
		return;
	run_stop_ask(run);
	run->is_ending = 1;
	run->asked_at = clock_ms();
}

static int64_t
kill_at(const struct run *run)
{
	return stop_time_kill_at(&run->stop, run->asked_at, run->grace_ms);
}

int64_t
run_stop_due_ms(const struct run *run)
{
	return run->is_ending && run->stage != STAGE_ENDED ? clock_left_ms(kill_at(run)) : OTELOP_FOREVER;
}

/* Where nothing tells it. */
static const char *
shown(const char *name)
{
	return *name != '\0' ? name : "?";
}

/* It has been killed. */
static void
tell_killed(void *argument, pid_t pid, const char *name)
{
	struct run *run = argument;
	struct otelop_message line;
	int64_t tenths = (clock_ms() - run->asked_at + 50) / 100;

	if (run->killed_count++ >= TOLD_MAX)
		return;
	message_set(&line, "process %ld (%s): killed, it had not ended within %g s", (long)pid, shown(name), (double)tenths / 10);
	run_log(run, line.text);
}

/* It belongs to somebody whom we may not signal, as root without CAP_KILL: its end is awaited, whenever that is. */
static void
tell_refused(struct run *run, const char *name)
{
	struct otelop_message line;

	message_errno(&line, "process %ld (%s): cannot be ended", (long)run->command.pid, shown(name));
	run_log(run, line.text);
}

void
run_stop_look(struct run *run)
{
	char name[64] = "";

	if (run_stop_due_ms(run) != 0)
		return;
	run->is_ending = 0;
	platform_process_name(run->command.pid, name, sizeof(name));
	if (process_signal(&run->command, SIGKILL) == 0)
		tell_killed(run, run->command.pid, name);
	else if (errno != ESRCH)
		tell_refused(run, name);
}

void
run_stop_await(struct run *run)
{
	if (!process_wait_gone(&run->command, clock_deadline(run->grace_ms)))
		process_signal(&run->command, SIGKILL);
}

int
run_stop_hear(struct run *run, const struct selfpipe_signal *signal)
{
	int signal_number;

	if (signal->value == 0 || !stop_time_take(&run->stop, signal->number, signal->value, &signal_number))
		return 0;
	/* What CMD does from now on is no crash, and none that it is started again after. */
	if (outcome_meaning(run->outcome)->was_ready)
		run_hear_end(run, SIGTERM);
	if (signal_number != 0 && run->stage == STAGE_RUNS)
		ask_all(run, signal_number);
	return 1;
}

void
run_stop_hear_all(struct run *run)
{
	struct selfpipe_signal signal;

	while (selfpipe_next(run->signals, &signal))
		if (!run_stop_hear(run, &signal) && run->outcome == RUN_PAUSED && run_is_end(signal.number))
			run_hear_end(run, signal.number);
}

static int64_t
sweep_left_ms(void *argument)
{
	struct run *run = argument;

	run_stop_hear_all(run);
	return clock_left_ms(kill_at(run));
}

int
run_stop_sweep(struct run *run, struct otelop_message *left)
{
	struct tree tree;
	struct tree_ending ending = { .signal_number = SIGTERM, .asked = &run->asked, .left_ms = sweep_left_ms,
	    .killed = tell_killed, .argument = run };
	int result;

	tree = run_tree(run);
	run->asked_at = clock_ms();
	result = tree_end(&tree, &ending);
	run->is_ending = 0;
	pids_free(&run->asked);
	if (run->killed_count > TOLD_MAX) {
		struct otelop_message line;

		message_set(&line, "%d more processes: killed", run->killed_count - TOLD_MAX);
		run_log(run, line.text);
	}
	if (result < 0 && ending.left.pid > 0)
		message_set(left, "some of what it started may be left: process %ld (%s)", (long)ending.left.pid,
		    shown(ending.left.name));
	else
		message_set(left, "some of what it started may be left");
	return result;
}
