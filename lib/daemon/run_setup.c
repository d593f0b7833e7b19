/* The beginning of a run; run.h has the invariants. */
#include "daemon/run_setup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "base/text.h"
#include "daemon/endless.h"
#include "daemon/extension.h"
#include "daemon/log.h"
#include "daemon/logger.h"
#include "daemon/outcome.h"
#include "daemon/readiness.h"
#include "daemon/record.h"
#include "daemon/run_options.h"
#include "daemon/run_say.h"
#include "daemon/run_state.h"
#include "daemon/run_stop.h"
#include "json/json.h"
#include "platform/platform.h"
#include "process/child.h"
#include "process/ending.h"
#include "process/environment.h"
#include "process/process.h"
#include "process/selfpipe.h"
#include "process/tree.h"
#include "state/lock.h"
#include "state/meta.h"

#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EARLY_MAX (sizeof(((struct run *)0)->early) / sizeof(struct selfpipe_signal))
#define LOOK_MS 200	/* while CMD is found and loaded, at who else the start is for */

const int run_may_be_ignored[] = { SIGHUP, SIGINT, SIGQUIT, 0 };

/*
 * It has asked for more time; who joins the start is told, too.  A supervisor such as s6 takes any line on its ready pipe for the verdict; a program of ours
 * does not.
 */
static void
extend(const struct run *run, int64_t usec)
{
	struct process_name parent = { .name = "" };

	extension_tell(&run->lock, &run->metadata, clock_deadline(usec / 1000));
	if (run->channel == VERDICT_PIPE && !run->options->join)
		process_name(&parent, getppid());
	if (run->channel != VERDICT_PIPE || run->options->join || strncmp(parent.name, "otelop-", 7) == 0)
		verdict_extend(run->channel, usec);
}

static int
take_set(void *argument, const char *pair, struct otelop_message *reason)
{
	struct run *run = argument;
	int64_t number;

	/* CMD may itself be an otelop-run, which says these; its own pid is known better here. */
	if (strncmp(pair, "extendTimeout=", 14) == 0) {
		if (text_number(pair + 14, 1, VERDICT_EXTENSION_MAX, &number))
			extend(run, number);
		return 0;
	}
	if (strncmp(pair, "exitCode=", 9) == 0 && text_number(pair + 9, 0, INT_MAX, &number) &&
	    status_may_be_said((int)number) && number != STATUS_BUSY)
		run->reported_status = (int)number;
	if (strncmp(pair, "pid=", 4) == 0 || strncmp(pair, "exitCode=", 9) == 0 ||
	    strncmp(pair, "notRun=", 7) == 0 || strncmp(pair, "summary=", 8) == 0)
		return 0;
	return meta_set_pair(&run->metadata, pair, 0, reason);
}

void
run_begin_log(struct run *run)
{
	struct otelop_message why;
	struct stat log;
	int found;

	if (run->logger.max > 0)
		return;
	if ((found = log_begin(&run->lock.dir, &log, &why)) < 0)
		run_log(run, why.text);
	if (found != 0)
		record_log(&run->metadata, &log);
}

int
run_prepare(struct run *run)
{
	struct otelop_message *reason = &run->report->reason;

	if (readiness_open(&run->readiness, run->options, run->logger.copies[0], take_set, run, reason) < 0 ||
	    lock_prepare_next(&run->lock, reason) < 0)
		return STATUS_FAILED;
	return readiness_is_taken(&run->readiness, reason) ? STATUS_NO : 0;
}

/* Everything up to the fork.  0, or the exit status. */
int
run_set_up(struct run *run)
{
	struct otelop_message *reason = &run->report->reason;
	struct lock_request request = { .create = 1, .own = getpid() };	/* what we have said ourselves is no other's */

	/* Whoever read our stderr may be gone: the daemon does not need him. */
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	platform_ignore_hidden_signals();
	if ((run->signals = selfpipe_open_all()) < 0) {
		message_errno(reason, "cannot catch signals");
		return STATUS_FAILED;
	}
	if (child_can_wait() < 0) {
		message_errno(reason, "children: cannot be waited for");
		return STATUS_FAILED;
	}
	if (parents_follow(&run->parents, run->options->with_parents, run->options->with_parent_count, reason) < 0)
		return 1;
	if (record_start(&run->metadata, run->options, run->argv, reason) < 0)
		return STATUS_FAILED;
	if (lock_start(&run->lock, run->options->state_dir, &request, &run->metadata, reason) < 0)
		return errno == EWOULDBLOCK ? STATUS_BUSY : errno == EREMOTE ? STATUS_UNKNOWN : STATUS_FAILED;
	run->stage = STAGE_PUBLISHED;
	/* Else the sweep finds what still has CMD above it. */
	if (platform_adopt_orphans() < 0 && getsid(0) == getpid())
		run->session = getpid();
	/* Who is not known to be from before would be taken for CMD's and ended. */
	if (tree_earlier(run->session, RUN_HELPERS, &run->spared, &run->spared_count) < 0 && errno != ENOSYS) {
		message_errno(reason, "processes: cannot list");
		return STATUS_FAILED;
	}
	run->logger = (struct logger){ .max = run->options->log_max, .keep = run->options->log_keep,
	    .dir = &run->lock.dir, .said_to = run->options->log_fd,
	    .copies_all = modes_have(run->options->modes, MODE_LOG) };
	if (logger_start(&run->logger, reason) < 0 ||
	    (run->options->stdin_open && (run->stdin_fd = endless_open(&run->lock.dir, reason)) < 0))
		return STATUS_FAILED;
	run_begin_log(run);
	return run_prepare(run);
}

static int
by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * The command gets the lock of the file that says starting, and of the next one: whichever has the name
 * when we are killed, the lock stays with the command.  But where nothing tells our number from another's
 * that gets it later, a locked file that names us must not outlive us.
 */
static int
prepare(void *argument, int report)
{
	const struct run *run = argument;
	int keep[4] = { run->handed_lock, report };
	size_t kept = 2;
	struct json_value ticks;

	if (modes_have(run->options->modes, MODE_FD))	/* else our own ready pipe must not reach CMD */
		keep[kept++] = OTELOP_READY_FD;
	if (meta_find(&run->metadata, "startTicks", &ticks) &&
	    (keep[kept++] = fcntl(run->lock.fd, F_DUPFD, LOCK_FD_LOWEST)) < 0)
		return -1;
	if (readiness_prepare_child(&run->readiness) < 0)
		return -1;
	if (run->stdin_fd >= 0 && io_dup2(run->stdin_fd, STDIN_FILENO) < 0)
		return -1;
	if (run->logger.max > 0 && (io_dup2(run->logger.pipe[1], STDOUT_FILENO) < 0 ||
	    io_dup2(run->logger.pipe[1], STDERR_FILENO) < 0))
		return -1;
	qsort(keep, kept, sizeof(*keep), by_number);
	platform_close_all_but(keep, kept);
	return 0;
}

/*
 * What CMD finds, made here, where memory can be had: nothing that names descriptors of our own caller's, which it does
 * not get; but what it was given by name is its own.  -1: errno.
 */
static int
make_environment(const struct run *run, struct environment *environment)
{
	char number[16];

	if (environment_copy(environment) < 0)
		return -1;
	environment_drop_channels(environment, run->options->environment);
	if (io_format(number, sizeof(number), "%d", run->handed_lock) == 0 &&
	    environment_set(environment, "OTELOP_LOCK_FD", number) == 0 &&
	    readiness_name_channels(&run->readiness, environment) == 0)
		return 0;
	environment_free(environment);
	return -1;
}

/* Is whoever was to hear the verdict gone? */
static int
is_unheard(const struct run *run)
{
	struct pollfd pipe = { OTELOP_READY_FD, 0, 0 };

	return run->channel == VERDICT_PIPE && poll(&pipe, 1, 0) > 0 && (pipe.revents & (POLLERR | POLLHUP));
}

/*
 * While CMD is found and loaded, which on a dead file server lasts for ever: what ends a start ends this, too.  1;
 * 0: go on.
 */
static int
gives_up(void *argument)
{
	struct run *run = argument;
	struct selfpipe_signal signal;

	if (parents_lost_one(&run->parents))
		run->outcome = outcome_after(run->outcome, EVENT_EXPIRY);
	else if (is_unheard(run))
		run->outcome = outcome_after(run->outcome, EVENT_FAILURE);
	while (!outcome_meaning(run->outcome)->ends_command && selfpipe_next(run->signals, &signal)) {
		if (run_stop_hear(run, &signal))
			continue;
		if (run_is_end(signal.number))
			run_hear_end(run, signal.number);
		else if (signal.number != SIGCHLD && run->early_count < EARLY_MAX)
			run->early[run->early_count++] = signal;
	}
	return outcome_meaning(run->outcome)->ends_command;
}

/* CMD could not be started: say why.  The exit status. */
static int
explain_failure(const struct run *run, const struct child_failure *failure)
{
	struct otelop_message *reason = &run->report->reason, why;

	if (run->outcome == RUN_GIVEN_UP) {
		ending_signal_name(run->given_up_by, why.text, sizeof(why.text));
		message_set(reason, "%s: the start was given up: signal %s", run->argv[0], why.text);
	} else if (outcome_meaning(run->outcome)->ends_command) {
		message_set(reason, "%s: the start was given up: %s", run->argv[0], run->outcome == RUN_OVERDUE ?
		    "its parent is gone" : "whoever waited for it is gone");
	} else {
		exec_reason(failure->error, failure->missing, &why);
		errno = failure->error;
		if (failure->before)
			message_errno(reason, "%s: cannot start", run->argv[0]);
		else
			message_set(reason, "%s: %s", run->argv[0], why.text);
	}
	if (failure->left > 0) {
		why = *reason;
		message_set(reason, "%s; process %ld cannot be ended", why.text, (long)failure->left);
	}
	if (run->outcome == RUN_GIVEN_UP)
		return 128 + run->given_up_by;
	if (outcome_meaning(run->outcome)->ends_command)
		return STATUS_NO;
	return failure->before ? STATUS_FAILED : status_of_exec(failure->error);
}

static pid_t
start_command(struct run *run, struct child_failure *failure)
{
	struct child_plan plan = { .argv = run->argv, .prepare = prepare, .argument = run, .shares = 1,
	    .kept_ignored = run_may_be_ignored, .interrupt_fd = run->signals, .gives_up = gives_up,
	    .look_ms = LOOK_MS };
	struct environment environment = { NULL, 0 };
	pid_t pid = -1;

	run->handed_lock = fcntl(run->lock.next_fd, F_DUPFD, LOCK_FD_LOWEST);
	if (run->handed_lock >= 0 && make_environment(run, &environment) == 0) {
		plan.environment = environment.variables;
		pid = child_start(&plan, failure);
		environment_free(&environment);
	} else {
		*failure = (struct child_failure){ .before = 1, .error = errno };
	}
	io_close(&run->handed_lock);
	return pid;
}

int
run_begin(struct run *run)
{
	struct child_failure failure;
	pid_t pid = start_command(run, &failure);

	if (pid < 0)
		return explain_failure(run, &failure);
	run->stage = STAGE_RUNS;
	process_open(&run->command, pid);
	readiness_started(&run->readiness);
	if (run->options->max_lifetime_ms > 0 && run->lifetime_end == OTELOP_FOREVER)
		run->lifetime_end = clock_deadline(run->options->max_lifetime_ms);
	return 0;
}
