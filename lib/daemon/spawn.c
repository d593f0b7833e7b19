/*
 * Detach a command and wait until it is ready.
 *
 * outfit is what the command finds, held is who is its parent while the start lasts; here it is waited for, and
 * what came of it is put into words.  Whatever comes, either the daemon runs or nothing of it is left.
 */
#include "daemon/spawn.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "base/text.h"
#include "daemon/held.h"
#include "daemon/outfit.h"
#include "daemon/reported.h"
#include "daemon/stop_time.h"
#include "daemon/verdict.h"
#include "process/child.h"
#include "process/ending.h"
#include "process/selfpipe.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_MS 60000
#define LOOK_MS 20		/* how often it is looked for an end that nothing tells of */

struct spawn {
	const struct otelop_spawn *options;
	struct otelop_spawn_result *result;
	int64_t timeout_ms;
	int64_t first_deadline;	/* by timeout_ms alone */
	int64_t deadline;
	struct outfit outfit;
	struct child_plan plan;
	struct held held;
	int ready;		/* our end of the ready pipe */
	pid_t reported_pid;	/* set:pid= */
	int reported_status;	/* set:exitCode= */
};

/* It is waited for so long from now, and never shorter than without that. */
static void
extend(struct spawn *spawn, int64_t more_ms)
{
	int64_t deadline = clock_deadline(more_ms);

	if (spawn->first_deadline == OTELOP_FOREVER)
		return;
	spawn->deadline = deadline > spawn->first_deadline ? deadline : spawn->first_deadline;
}

static int
take_set(void *argument, const char *pair, struct otelop_message *reason)
{
	struct spawn *spawn = argument;
	int64_t number;

	(void)reason;
	if (strncmp(pair, "pid=", 4) == 0) {
		if (text_number(pair + 4, 2, INT_MAX, &number))
			spawn->reported_pid = (pid_t)number;
	} else if (strncmp(pair, "exitCode=", 9) == 0) {
		if (text_number(pair + 9, 0, INT_MAX, &number) && status_may_be_said((int)number))
			spawn->reported_status = (int)number;
	} else if (strncmp(pair, "extendTimeout=", 14) == 0) {
		if (text_number(pair + 14, 1, VERDICT_EXTENSION_MAX, &number))
			extend(spawn, number / 1000);
	} else if (strcmp(pair, "notRun=1") == 0) {
		spawn->result->unstarted = 1;
	} else if (strncmp(pair, "summary=", 8) == 0) {
		message_set(&spawn->result->summary, "%s", pair + 8);
	}
	return 0;
}

/* status is what tells it, error is for a caller that looks at errno. */
static int
fail(struct spawn *spawn, int status, int error)
{
	spawn->result->status = status;
	errno = error;
	return -1;
}

static int
fail_by_end(struct spawn *spawn)
{
	struct otelop_message *reason = &spawn->result->reason;
	int exited = spawn->held.code == CLD_EXITED;

	if (spawn->held.code == 0)
		message_set(reason, "ended, and nobody knows how");
	else if (exited && spawn->held.status == 0)
		message_set(reason, "%s", ending_gone_behind);
	else
		ending_describe(spawn->held.code, spawn->held.status, reason);
	return fail(spawn, exited && status_is_passed_on(spawn->held.status) ? spawn->held.status : STATUS_NO, ECHILD);
}

static int
fail_by_verdict(struct spawn *spawn, enum verdict verdict)
{
	spawn->result->said = verdict == VERDICT_FAILED;
	return fail(spawn, verdict == VERDICT_FAILED && spawn->reported_status != 0 ?
	    spawn->reported_status : STATUS_NO, verdict == VERDICT_FAILED ? ECHILD : EPROTO);
}

/* The pipe is closed: because the child is dying, or did it close it? */
static int
fail_by_close(struct spawn *spawn)
{
	if (held_ends_within(&spawn->held, VERDICT_DYING_MS))
		return fail_by_end(spawn);
	message_set(&spawn->result->reason, "closed the ready pipe without a verdict");
	return fail(spawn, STATUS_NO, EPROTO);
}

/* 1: interrupt_fd had a byte, and the reason says so. */
static int
is_interrupted(struct spawn *spawn)
{
	struct selfpipe_signal signal;

	if (spawn->options->interrupt_fd <= 0 || !selfpipe_next(spawn->options->interrupt_fd, &signal))
		return 0;
	message_set(&spawn->result->reason, "interrupted");
	fail(spawn, STATUS_SIGNAL + signal.number, ECANCELED);
	return 1;
}

static int
poll_child(const struct spawn *spawn, int64_t deadline, int64_t next_tick)
{
	struct pollfd fds[3] = {
		{ spawn->ready, POLLIN, 0 }, { held_fd(&spawn->held), POLLIN, 0 },
		{ spawn->options->interrupt_fd > 0 ? spawn->options->interrupt_fd : -1, POLLIN, 0 },
	};
	int64_t wait_ms = clock_poll_ms(clock_left_ms(deadline),
	    spawn->options->tick != NULL ? clock_left_ms(next_tick) : OTELOP_FOREVER);

	if (fds[1].fd < 0)
		wait_ms = clock_poll_ms(wait_ms, LOOK_MS);
	poll(fds, 3, (int)wait_ms);
	return fds[2].revents & POLLIN;
}

static int
await_verdict(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	int64_t began = clock_ms(), next_tick = began + 1000;
	struct verdict_reader reader = { .set = take_set, .argument = spawn };

	spawn->deadline = spawn->first_deadline = clock_deadline(spawn->timeout_ms);
	for (;;) {
		enum verdict verdict;
		int ended, interrupted = poll_child(spawn, spawn->deadline, next_tick);

		/* In this order: what it wrote before its end counts. */
		ended = held_has_ended(&spawn->held);
		verdict = verdict_read(&reader, spawn->ready, &spawn->result->reason);
		if (verdict == VERDICT_OK)
			return 0;
		if (verdict == VERDICT_FAILED || verdict == VERDICT_BAD)
			return fail_by_verdict(spawn, verdict);
		if (ended)
			return fail_by_end(spawn);
		if (verdict == VERDICT_CLOSED)
			return fail_by_close(spawn);
		if (interrupted && is_interrupted(spawn))
			return -1;
		if (clock_left_ms(spawn->deadline) == 0) {
			int64_t waited = spawn->timeout_ms + spawn->deadline - spawn->first_deadline;

			message_set(&spawn->result->reason, "%s%snot ready within %g s",
			    spawn->result->summary.text, *spawn->result->summary.text != '\0' ? " is " : "",
			    (double)waited / 1000);
			return fail(spawn, STATUS_TIMEOUT, ETIMEDOUT);
		}
		if (options->tick != NULL && clock_left_ms(next_tick) == 0) {
			next_tick += 1000;
			options->tick(options->argument, clock_ms() - began);
		}
	}
}

/* Add to the reason, which is too large to stand on the stack twice. */
static void
add_reason(struct spawn *spawn, const char *more)
{
	struct otelop_message *reason = &spawn->result->reason;
	size_t used = strlen(reason->text);

	io_format(reason->text + used, sizeof(reason->text) - used, "%s", more);
}

static void
add_stuck(struct spawn *spawn, pid_t pid)
{
	char text[64];

	io_format(text, sizeof(text), "; process %ld cannot be ended", (long)pid);
	add_reason(spawn, text);
}

static void
end_all(struct spawn *spawn)
{
	int saved = errno;
	pid_t left = held_end(&spawn->held, stop_time_grace(spawn->options->state_dir, spawn->held.process.pid));

	if (left > 0)
		add_stuck(spawn, left);
	else if (left < 0)
		add_reason(spawn, "; some of what it started may be left");
	errno = saved;
}

static int
fail_before_exec(struct spawn *spawn, const struct child_failure *failure)
{
	struct otelop_message *reason = &spawn->result->reason;

	errno = failure->error;
	if (errno == ECANCELED && is_interrupted(spawn))
		return -1;
	if (errno == ETIMEDOUT) {
		message_set(reason, "cannot be run within %g s", (double)spawn->timeout_ms / 1000);
		return fail(spawn, STATUS_TIMEOUT, ETIMEDOUT);
	}
	if (failure->before == -OUTFIT_CHDIR)
		message_errno(reason, "cannot change to the directory %s", spawn->options->cwd);
	else if (failure->before == -HELD_NAMESPACE)
		message_set(reason, "cannot start: it would be the first process of a new PID namespace");
	else if (failure->before == HELD_UNWAITABLE)
		message_errno(reason, "children: cannot be waited for");
	else
		message_errno(reason, "cannot start");
	return fail(spawn, STATUS_FAILED, failure->error);
}

static int
fail_to_start(struct spawn *spawn, const struct child_failure *failure)
{
	if (!failure->before) {
		exec_reason(failure->error, failure->missing, &spawn->result->reason);
		return fail(spawn, status_of_exec(failure->error), failure->error);
	}
	fail_before_exec(spawn, failure);
	if (spawn->held.stuck > 0)
		add_stuck(spawn, spawn->held.stuck);
	return -1;
}

static int
put_on_outfit(void *argument, int report)
{
	const struct spawn *spawn = argument;

	return outfit_put_on(&spawn->outfit, report);
}

static int
start_child(struct spawn *spawn, char *const argv[], int is_direct)
{
	struct child_failure failure;
	int ready[2];

	spawn->plan = (struct child_plan){ .argv = argv, .prepare = put_on_outfit, .argument = spawn,
	    .timeout_ms = spawn->timeout_ms < 0 ? 0 : spawn->timeout_ms,
	    .interrupt_fd = spawn->options->interrupt_fd };
	if (io_pipe(ready) < 0) {
		message_errno(&spawn->result->reason, "cannot make the ready pipe");
		return fail(spawn, STATUS_FAILED, errno);
	}
	spawn->ready = ready[0];
	spawn->outfit.ready_fd = ready[1];
	if (held_begin(&spawn->held, &spawn->plan, is_direct, &failure) < 0)
		return fail_to_start(spawn, &failure);
	/* While we have it as well, nobody sees the command close its own. */
	io_close(&spawn->outfit.ready_fd);
	spawn->result->child = spawn->held.process.pid;
	return 0;
}

static int
is_ready(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	pid_t pid = reported_pid(&spawn->held, spawn->options->state_dir, spawn->reported_pid, spawn->result->child,
	    &spawn->result->reason);

	if (pid < 0)
		return fail(spawn, STATUS_UNKNOWN, errno);
	if (options->confirm != NULL && options->confirm(options->argument, pid) < 0) {
		message_set(&spawn->result->reason, "ready, and not wanted any more");
		return fail(spawn, STATUS_FAILED, ECANCELED);
	}
	spawn->result->pid = pid;
	return 0;
}

static int
check_arguments(struct spawn *spawn, char *const argv[])
{
	const struct otelop_spawn *options = spawn->options;
	struct otelop_message *reason = &spawn->result->reason;
	const char *const *s;

	errno = EINVAL;
	if (argv == NULL || argv[0] == NULL)
		return message_set(reason, "argv: no command");
	if (options->timeout_ms < OTELOP_FOREVER)
		return message_set(reason, "timeout_ms: %lld: not a time", (long long)options->timeout_ms);
	for (s = options->set_env; s != NULL && *s != NULL; s++)
		if (**s == '=' || strchr(*s, '=') == NULL)
			return message_set(reason, "set_env: %s: not VAR=VALUE", *s);
	for (s = options->unset_env; s != NULL && *s != NULL; s++)
		if (**s == '\0' || strchr(*s, '=') != NULL)
			return message_set(reason, "unset_env: %s: not a variable", *s);
	return 0;
}

static int
start(struct spawn *spawn, char *const argv[], int is_direct)
{
	if (check_arguments(spawn, argv) < 0 ||
	    outfit_make(&spawn->outfit, spawn->options, &spawn->result->reason) < 0)
		return fail(spawn, STATUS_FAILED, errno);
	spawn->result->log_start = spawn->outfit.log_start;
	if (start_child(spawn, argv, is_direct) < 0)
		return -1;
	if (await_verdict(spawn) == 0 && is_ready(spawn) == 0)
		return 0;
	end_all(spawn);
	return -1;
}

static int
spawn_with(const struct otelop_spawn *options, char *const argv[], int is_direct, struct otelop_spawn_result *result)
{
	static const struct otelop_spawn usual = OTELOP_SPAWN_INIT;
	struct spawn spawn = { .options = options != NULL ? options : &usual, .result = result,
	    .outfit = { .log_fd = -1, .ready_fd = -1 }, .held = HELD_INIT, .ready = -1 };
	int outcome, saved;

	if (result == NULL) {
		errno = EINVAL;
		return -1;
	}
	/* Not all of it: texts that nobody writes would cost pages. */
	result->pid = result->child = 0;
	result->status = result->said = result->unstarted = 0;
	result->log_start = -1;
	*result->summary.text = *result->reason.text = '\0';
	spawn.timeout_ms = spawn.options->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : spawn.options->timeout_ms;
	outcome = start(&spawn, argv, is_direct);
	saved = errno;
	held_release(&spawn.held);
	io_close(&spawn.ready);
	outfit_free(&spawn.outfit);
	errno = saved;
	return outcome;
}

int
spawn_directly(const struct otelop_spawn *options, char *const argv[], struct otelop_spawn_result *result)
{
	return spawn_with(options, argv, 1, result);
}

int
otelop_spawn(const struct otelop_spawn *options, char *const argv[], struct otelop_spawn_result *result)
{
	return spawn_with(options, argv, 0, result);
}
