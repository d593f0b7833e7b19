/* Be the small resident parent of a command; run.h has the invariants. */
#include "daemon/run.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/pids.h"
#include "base/status.h"
#include "daemon/logger.h"
#include "daemon/notify.h"
#include "daemon/outcome.h"
#include "daemon/parents.h"
#include "daemon/readiness.h"
#include "daemon/record.h"
#include "daemon/run_again.h"
#include "daemon/run_background.h"
#include "daemon/run_end.h"
#include "daemon/run_join.h"
#include "daemon/run_options.h"
#include "daemon/run_say.h"
#include "daemon/run_setup.h"
#include "daemon/run_state.h"
#include "daemon/run_stop.h"
#include "daemon/verdict.h"
#include "platform/platform.h"
#include "process/process.h"
#include "process/selfpipe.h"
#include "process/tree.h"
#include "state/lock.h"
#include "state/vanish.h"

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>


/* That leads on to another outcome, maybe, in which CMD is not to go on. */
static void
happen(struct run *run, enum run_event event)
{
	enum outcome before = run->outcome;

	run->outcome = outcome_after(before, event);
	if (outcome_meaning(run->outcome)->ends_command && !outcome_meaning(before)->ends_command)
		run_stop_begin(run);
}

/* CMD is ended, and so are we: how and when it ends is nothing that we are told. */
static void
fail_to_wait(struct run *run)
{
	message_errno(&run->report->reason, "children: cannot be waited for");
	run->reported_status = STATUS_FAILED;
	happen(run, EVENT_BLINDNESS);
	run_stop_await(run);
	run->how.si_code = CLD_KILLED;
	run->how.si_status = SIGKILL;
	run->stage = STAGE_ENDED;
}

/* Reap what is not CMD; CMD stays a zombie until finish. */
static void
reap(struct run *run)
{
	siginfo_t how;

	for (;;) {
		int status, result;

		do {
			how.si_pid = 0;
			result = waitid(P_ALL, 0, &how, WEXITED | WNOHANG | WNOWAIT);
		} while (result < 0 && errno == EINTR);
		if (result < 0 && errno != ECHILD)
			fail_to_wait(run);
		if (result < 0 || how.si_pid == 0)
			return;
		if (how.si_pid == run->command.pid) {
			run->stage = STAGE_ENDED;
			run->how = how;
			return;
		}
		if (waitpid(how.si_pid, &status, WNOHANG) == how.si_pid &&
		    !logger_reaped(&run->logger, how.si_pid))
			readiness_reaped(&run->readiness, how.si_pid, status);
	}
}

static void
take_signal(struct run *run, const struct selfpipe_signal *signal)
{
	int number = signal->number;

	if (number == SIGCHLD || run_stop_hear(run, signal))
		return;		/* it has woken us to reap */
	if (run_is_end(number)) {
		if (run_hear_end(run, number))
			run_stop_begin(run);
		if (!outcome_meaning(run->outcome)->was_ready)
			return;
	}
	if (number == SIGTERM && run_stop_is_own(run)) {
		run_stop_ask(run);
		return;
	}
	/* A key reached the whole foreground group, CMD too if it has not left. */
	if (run->stage != STAGE_ENDED && !(signal->is_from_terminal && getpgid(run->command.pid) == getpgrp()))
		process_signal(&run->command, number);
}

static int64_t
ms_until_deadline(const struct run *run)
{
	int64_t left = clock_poll_ms(logger_due_ms(&run->logger), readiness_due_ms(&run->readiness));

	left = clock_poll_ms(left, run_stop_due_ms(run));
	if (outcome_meaning(run->outcome)->ends_command)
		return left;
	left = clock_poll_ms(left, clock_left_ms(run->vanish.look_at));
	left = clock_poll_ms(left, clock_left_ms(run->respawn.due));
	left = clock_poll_ms(left, parents_due_ms(&run->parents));
	return clock_poll_ms(left, clock_left_ms(run->lifetime_end));
}

static void
lose_parent(struct run *run)
{
	if (run->options->has_parent_grace)
		run->grace_ms = run->options->parent_grace_ms;
	happen(run, EVENT_EXPIRY);
}

static void
wait_for_event(struct run *run)
{
	const struct outcome_meaning *meaning = outcome_meaning(run->outcome);
	/* Nothing is to come from descriptor 3, but that it breaks. */
	struct pollfd fds[3 + PARENTS_MAX + READINESS_POLL_MAX] = {
		{ run->signals, POLLIN, 0 },
		{ run->channel == VERDICT_PIPE && !meaning->was_ready && meaning->is_awaited ? OTELOP_READY_FD : -1, 0, 0 },
		{ meaning->ends_command ? -1 : run->vanish.watch_fd, POLLIN, 0 },
	};
	size_t count = 3;

	if (!meaning->ends_command)
		count += parents_poll(&run->parents, fds + count);
	count += readiness_poll(&run->readiness, fds + count);
	/* From here on it mostly sleeps. */
	if (meaning->was_ready && !meaning->is_awaited)
		platform_give_back_stack();
	poll(fds, (nfds_t)count, clock_poll_ms(ms_until_deadline(run),
	    meaning->is_awaited ? readiness_next_look_ms(&run->readiness) : OTELOP_FOREVER));
	/* Whoever was to hear the verdict was killed: a daemon that nobody has been told of is none. */
	if (fds[1].revents & (POLLERR | POLLHUP)) {
		message_set(&run->report->reason, "whoever waited for the start is gone");
		happen(run, EVENT_FAILURE);
	}
}

static void
become_ready(struct run *run)
{
	struct tree tree = run_tree(run);
	int recorded, is_first = !outcome_meaning(run->outcome)->was_ready;

	/* What was learnt of its addresses is worth having however it became ready. */
	if (!modes_suffice(run->options->modes, MODE_EXEC))
		listening_settle(&run->readiness.listening, &tree);
	recorded = record_ready(&run->metadata, run->command.pid, &run->readiness.listening.addresses,
	    &run->report->reason);
	if (recorded < 0 || lock_publish_next(&run->lock, &run->metadata, &run->report->reason) < 0) {
		readiness_settle(&run->readiness);
		happen(run, EVENT_FAILURE);
		return;
	}
	happen(run, EVENT_READY);
	run->ready_at = clock_ms();
	run->respawn.due = OTELOP_FOREVER;
	if (is_first)
		run_say_ready(run);
	/* What nobody waits for. */
	readiness_settle(&run->readiness);
	if (run->options->respawn == 0)
		logger_end_copies(&run->logger);
	vanish_watch(&run->vanish, &run->lock);
	lock_forget_replaced(&run->lock);
}

static void
look_for_readiness(struct run *run)
{
	struct tree tree = run_tree(run);
	enum verdict verdict = readiness_hear(&run->readiness, &tree, &run->report->reason);

	/* What has ended is no longer seen to be ready; but it ran, where that is enough. */
	if (verdict == VERDICT_UNKNOWN && (run->stage != STAGE_ENDED || modes_suffice(run->options->modes, MODE_EXEC)))
		verdict = readiness_look(&run->readiness, &tree);
	/* The pipe is closed: because the command is dying, or did it close it? */
	if (verdict == VERDICT_CLOSED &&
	    process_wait_gone(&run->command, clock_deadline(VERDICT_DYING_MS)))
		reap(run);
	if (run->stage == STAGE_ENDED && verdict == VERDICT_CLOSED)
		return;
	if (verdict == VERDICT_OK) {
		become_ready(run);
	} else if (verdict != VERDICT_UNKNOWN) {
		happen(run, EVENT_FAILURE);
	}
}

static void
take_signals(struct run *run)
{
	struct selfpipe_signal signal;

	while (selfpipe_next(run->signals, &signal))
		take_signal(run, &signal);
}

/* Wait for what comes, and take it. */
static void
take_news(struct run *run)
{
	wait_for_event(run);
	take_signals(run);
	reap(run);
	/* Who ends CMD may tell us first: what came before its end counts. */
	if (run->stage == STAGE_ENDED)
		take_signals(run);
	run_stop_look(run);
	logger_revive(&run->logger);
}

/* Is it still to run? */
static void
look_around(struct run *run)
{
	const struct outcome_meaning *meaning = outcome_meaning(run->outcome);
	pid_t named = run->outcome == RUN_PAUSED ? getpid() : run->command.pid;

	if (meaning->was_ready && !meaning->is_awaited && vanish_look(&run->vanish, &run->lock, &run->metadata, named,
	    &run->report->reason) < 0)
		happen(run, EVENT_LOSS);
	else if (parents_lost_one(&run->parents))
		lose_parent(run);
	else if (run->lifetime_end > 0 && clock_left_ms(run->lifetime_end) == 0)
		happen(run, EVENT_EXPIRY);
	else if (run_is_late(run))
		happen(run, EVENT_FAILURE);
}

/* Until CMD has ended. */
static void
watch(struct run *run)
{
	size_t i;

	for (i = 0; i < run->early_count; i++)
		take_signal(run, &run->early[i]);
	run->early_count = 0;
	while (run->stage != STAGE_ENDED) {
		take_news(run);
		if (outcome_meaning(run->outcome)->is_awaited)
			look_for_readiness(run);
		else
			readiness_drain(&run->readiness);
		if (!outcome_meaning(run->outcome)->ends_command && run->stage != STAGE_ENDED)
			look_around(run);
	}
	run_notice_background(run);
}

/* Nothing runs, until CMD does again (1), or it is over (0). */
static int
pause_run(struct run *run)
{
	while (run->outcome == RUN_PAUSED) {
		take_news(run);
		if (run->outcome == RUN_PAUSED)
			look_around(run);
		if (run->outcome == RUN_PAUSED && clock_left_ms(run->respawn.due) == 0)
			run_start_again(run);
	}
	return run->outcome == RUN_AGAIN;
}

int
run_command(const struct run_options *options, struct statedir *dir, char *const argv[],
    struct run_report *report)
{
	struct run run = { .options = options, .argv = argv, .report = report, .signals = -1,
	    .lifetime_end = OTELOP_FOREVER, .respawn = { .due = OTELOP_FOREVER }, .stdin_fd = -1,
	    .grace_ms = options->grace_ms,
	    .lock = LOCK_INIT, .vanish = VANISH_INIT, .command = { -1, -1 },
	    .logger = LOGGER_INIT, .readiness = READINESS_INIT };
	int status;

	report->said = 0;
	report->reason.text[0] = '\0';
	run.channel = options->notify_fd >= 0 ? VERDICT_LINE : verdict_channel();
	run.lock.dir = *dir;
	*dir = (struct statedir)STATEDIR_INIT;
	do
		status = run_set_up(&run);
	while (status == STATUS_BUSY && options->join && (status = run_join(&run)) == RUN_JOIN_AGAIN);
	if (run.outcome != RUN_JOINED && status == 0 && (status = run_begin(&run)) == 0) {
		report->reason.text[0] = '\0';	/* what failed on the way and then went well */
		do
			watch(&run);
		while (run_rest(&run) && pause_run(&run));
		status = run_finish(&run);
	} else if (run.lock.fd >= 0) {
		readiness_close(&run.readiness);
		logger_finish(&run.logger, RUN_LOG_PATIENCE_MS);
		/* Nothing ran: what we published says nothing that anybody needs. */
		if (run.stage >= STAGE_PUBLISHED)
			lock_remove(&run.lock, NULL);
		else
			lock_release(&run.lock);
	}
	if (!outcome_meaning(run.outcome)->was_ready)
		run_say_failure(&run, status);
	process_close(&run.command);
	parents_close(&run.parents);
	otelop_metadata_free(&run.metadata);
	free(run.spared);
	pids_free(&run.asked);
	io_close(&run.stdin_fd);
	statedir_close(&run.lock.dir);
	return status;
}
