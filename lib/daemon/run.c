/* Be the small resident parent of a command; run.h has the invariants. */
#include "daemon/run.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "daemon/join.h"
#include "daemon/logger.h"
#include "daemon/notify.h"
#include "daemon/readiness.h"
#include "daemon/record.h"
#include "daemon/run_options.h"
#include "daemon/verdict.h"
#include "json/json.h"
#include "platform/platform.h"
#include "process/child.h"
#include "process/ending.h"
#include "process/process.h"
#include "process/selfpipe.h"
#include "process/sockets.h"
#include "process/tree.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/vanish.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GRACE_MS 2000		/* between TERM and KILL, for CMD when we end it and for the sweep */
#define HELPERS (1 + READINESS_HELPERS)	/* the logger and those, which are none of CMD's */
#define PARENT_LOOK_MS 200
#define JOIN_ROUNDS 20		/* how often the claim is tried again when who had it has gone */
#define JOIN_AGAIN (-1)		/* no exit status */

/* What nohup and a shell's & may have set to be ignored: for CMD as well, and then not ours to forward. */
static const int may_be_ignored[] = { SIGHUP, SIGINT, SIGQUIT, 0 };

struct run {
	const struct run_options *options;
	char *const *argv;
	struct run_report *report;
	enum verdict_channel channel;	/* asked before any descriptor of ours could be taken for it */
	struct otelop_lock lock;
	struct vanish vanish;
	struct otelop_metadata metadata;
	struct readiness readiness;
	struct process command;
	struct process parent;
	struct logger logger;
	pid_t session;		/* which we lead, where orphans do not come to us */
	struct process_identity *spared;	/* those that are none of CMD's: from before, the logger */
	size_t spared_count;	/* there is room for HELPERS more */
	int signals;
	int64_t lifetime_end;
	int64_t next_parent_look;
	int reported_status;	/* set:exitCode=, with which it says err: */
	int is_published;	/* otelop.json is ours to remove */
	int is_ready;
	int is_joined;		/* it is somebody else's daemon, which is ready */
	int joins;
	int has_failed;		/* the start did, with the reason in the report */
	int is_lost;		/* the state has vanished, with the reason in the report */
	int is_ending;		/* we have told CMD to end */
	int was_asked;		/* somebody has told CMD to end, through us */
	int interrupted_by;	/* the signal that gave the start up */
	unsigned char early[64];	/* signals that came before CMD could take them */
	size_t early_count;
	int has_ended;
	siginfo_t how;
	int is_swept;		/* or is not to be */
};

static struct tree
tree_of(const struct run *run)
{
	struct tree tree = { .root = run->command.pid, .adopted = 1, .session = run->session,
	    .spared = run->spared, .spared_count = run->spared_count };
	pid_t helpers[READINESS_HELPERS];
	size_t i;

	if (run->spared == NULL)
		return tree;
	/* What comes to us may be theirs. */
	if (tree.spared_count > 0)
		tree.state_dir = run->options->state_dir;
	readiness_helpers(&run->readiness, helpers);
	run->spared[tree.spared_count++].pid = run->logger.pid;
	for (i = 0; i < READINESS_HELPERS; i++)
		run->spared[tree.spared_count++].pid = helpers[i];
	return tree;
}

static int
take_set(void *argument, const char *pair, struct otelop_message *reason)
{
	struct run *run = argument;

	/* CMD may itself be an otelop-run, which says these; its own pid is known better here. */
	if (strncmp(pair, "exitCode=", 9) == 0 && status_may_be_said(atoi(pair + 9)) &&
	    atoi(pair + 9) != STATUS_BUSY)
		run->reported_status = atoi(pair + 9);
	if (strncmp(pair, "pid=", 4) == 0 || strncmp(pair, "exitCode=", 9) == 0 ||
	    strncmp(pair, "summary=", 8) == 0)
		return 0;
	return meta_set_pair(&run->metadata, pair, 0, reason);
}

static int
follow_parent(struct run *run)
{
	pid_t pid = run->options->with_parent;

	if (pid == 0 ||
	    (process_open(&run->parent, pid) == 1 && !process_is_gone(&run->parent)))
		return 0;
	return message_set(&run->report->reason, "%ld: the parent process is gone", (long)pid);
}

/* Everything up to the fork.  0, or the exit status. */
static int
set_up(struct run *run)
{
	struct otelop_message *reason = &run->report->reason;
	struct lock_request request = { .create = 1 };

	/* Whoever read our stderr may be gone: the daemon does not need him. */
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if ((run->signals = selfpipe_open_all()) < 0) {
		message_errno(reason, "cannot catch signals");
		return STATUS_FAILED;
	}
	if (child_can_wait() < 0) {
		message_errno(reason, "children: cannot be waited for");
		return STATUS_FAILED;
	}
	if (follow_parent(run) < 0)
		return 1;
	if (record_start(&run->metadata, run->options, run->argv, reason) < 0)
		return STATUS_FAILED;
	/* Nothing between these two: until we publish, the file has a dead daemon's words. */
	if (lock_claim(&run->lock, run->options->state_dir, &request, reason) < 0)
		return errno == EWOULDBLOCK ? STATUS_BUSY : errno == EREMOTE ? STATUS_UNKNOWN : STATUS_FAILED;
	if (lock_publish(&run->lock, &run->metadata, reason) < 0)
		return STATUS_FAILED;
	run->is_published = 1;
	/* Else the sweep finds what still has CMD above it. */
	if (platform_adopt_orphans() < 0 && getsid(0) == getpid())
		run->session = getpid();
	/* Who is not known to be from before would be taken for CMD's and ended. */
	if (tree_earlier(run->session, HELPERS, &run->spared, &run->spared_count) < 0 && errno != ENOSYS) {
		message_errno(reason, "processes: cannot list");
		return STATUS_FAILED;
	}
	run->logger = (struct logger){ .max = run->options->log_max, .keep = run->options->log_keep,
	    .dir_fd = run->lock.dir_fd, .dir = run->lock.dir };
	if (logger_start(&run->logger, reason) < 0)
		return STATUS_FAILED;
	if (readiness_open(&run->readiness, run->options->modes, run->options->state_dir, take_set,
	    run, reason) < 0 ||
	    lock_prepare_next(&run->lock, reason) < 0)
		return STATUS_FAILED;
	return 0;
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
	struct run *run = argument;
	int lock_fd = fcntl(run->lock.next_fd, F_DUPFD, LOCK_FD_LOWEST);
	int keep[4] = { lock_fd, report };
	size_t kept = 2;
	struct json_value ticks;
	char number[16];

	if (run->options->modes->fd)	/* else our own ready pipe must not reach CMD */
		keep[kept++] = OTELOP_READY_FD;
	if (meta_find(&run->metadata, "startTicks", &ticks) &&
	    (keep[kept++] = fcntl(run->lock.fd, F_DUPFD, LOCK_FD_LOWEST)) < 0)
		return -1;
	if (lock_fd < 0 || io_format(number, sizeof(number), "%d", lock_fd) < 0 ||
	    setenv("OTELOP_LOCK_FD", number, 1) < 0 ||
	    setenv("OTELOP_STATE_DIR", run->options->state_dir, 1) < 0 ||
	    unsetenv("WATCHDOG_PID") < 0 || unsetenv("WATCHDOG_USEC") < 0 ||
	    readiness_prepare_child(&run->readiness) < 0)
		return -1;
	if (run->logger.max > 0 && (io_dup2(run->logger.pipe[1], STDOUT_FILENO) < 0 ||
	    io_dup2(run->logger.pipe[1], STDERR_FILENO) < 0))
		return -1;
	qsort(keep, kept, sizeof(*keep), by_number);
	platform_close_all_but(keep, kept);
	return 0;
}

static int
ends_a_start(int number)
{
	return number == SIGTERM || number == SIGINT || number == SIGHUP;
}

/* While CMD is found and loaded, which on a dead file server lasts for ever.  1; 0: go on. */
static int
gives_up(void *argument)
{
	struct run *run = argument;
	unsigned char byte;

	while (!run->interrupted_by && selfpipe_next(run->signals, &byte)) {
		int number = byte & SELFPIPE_NUMBER;

		if (ends_a_start(number))
			run->interrupted_by = number;
		else if (number != SIGCHLD && run->early_count < sizeof(run->early))
			run->early[run->early_count++] = byte;
	}
	return run->interrupted_by != 0;
}

/* CMD could not be started: say why.  The exit status. */
static int
explain_failure(const struct run *run, const struct child_failure *failure)
{
	struct otelop_message *reason = &run->report->reason, why;

	if (run->interrupted_by) {
		ending_signal_name(run->interrupted_by, why.text, sizeof(why.text));
		message_set(reason, "%s: the start was given up: signal %s", run->argv[0], why.text);
	} else {
		errno = failure->error;
		message_errno(reason, "%s: cannot %s", run->argv[0], failure->before ? "start" : "run");
	}
	if (failure->left > 0) {
		why = *reason;
		message_set(reason, "%s; process %ld cannot be ended", why.text, (long)failure->left);
	}
	if (run->interrupted_by)
		return 128 + run->interrupted_by;
	return failure->before ? STATUS_FAILED : status_of_exec(failure->error);
}

static int
start(struct run *run)
{
	struct child_plan plan = { .argv = run->argv, .prepare = prepare, .argument = run,
	    .kept_ignored = may_be_ignored, .interrupt_fd = run->signals, .gives_up = gives_up };
	struct child_failure failure;
	pid_t pid = child_start(&plan, &failure);

	if (pid < 0)
		return explain_failure(run, &failure);
	process_open(&run->command, pid);
	readiness_started(&run->readiness);
	if (run->options->max_lifetime_ms > 0)
		run->lifetime_end = clock_deadline(run->options->max_lifetime_ms);
	return 0;
}

/* TERM to CMD, KILL after the grace; its end arrives as SIGCHLD. */
static void
end_command(struct run *run)
{
	run->is_ending = 1;
	if (run->has_ended)
		return;
	process_signal(&run->command, SIGTERM);
	process_signal(&run->command, SIGCONT);
	if (!process_wait_gone(&run->command, clock_deadline(GRACE_MS)))
		process_signal(&run->command, SIGKILL);
}

/* CMD is ended, and so are we: how and when it ends is nothing that we are told. */
static void
fail_to_wait(struct run *run)
{
	message_errno(&run->report->reason, "children: cannot be waited for");
	run->has_failed = 1;
	run->reported_status = STATUS_FAILED;
	end_command(run);
	run->how.si_code = CLD_KILLED;
	run->how.si_status = SIGKILL;
	run->has_ended = 1;
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
			run->has_ended = 1;
			run->how = how;
			return;
		}
		if (waitpid(how.si_pid, &status, WNOHANG) == how.si_pid &&
		    !logger_reaped(&run->logger, how.si_pid))
			readiness_reaped(&run->readiness, how.si_pid, status);
	}
}

static void
take_signal(struct run *run, unsigned char byte)
{
	int number = byte & SELFPIPE_NUMBER;

	if (number == SIGCHLD)
		return;		/* it has woken us to reap */
	if (!run->is_ready && ends_a_start(number)) {
		run->interrupted_by = number;
		end_command(run);
		return;
	}
	if (number == SIGTERM || number == SIGINT)
		run->was_asked = 1;
	/* A key reached the whole foreground group, CMD too if it has not left. */
	if (!run->has_ended && !((byte & SELFPIPE_TERMINAL) && getpgid(run->command.pid) == getpgrp()))
		process_signal(&run->command, number);
}

/* Is the verdict still to come? */
static int
is_undecided(const struct run *run)
{
	return !run->is_ready && !run->has_failed && !run->interrupted_by;
}

/* Without a pidfd for the parent we can only look, from time to time. */
static int
must_look_at_parent(const struct run *run)
{
	return run->parent.pid > 0 && run->parent.pidfd < 0;
}

static int64_t
ms_until_deadline(const struct run *run)
{
	int64_t left = clock_poll_ms(logger_due_ms(&run->logger), readiness_due_ms(&run->readiness));

	if (run->is_ending)
		return left;
	left = clock_poll_ms(left, clock_left_ms(run->vanish.look_at));
	if (must_look_at_parent(run))
		left = clock_poll_ms(left, clock_left_ms(run->next_parent_look));
	return clock_poll_ms(left, clock_left_ms(run->lifetime_end));
}

static int
parent_is_gone(struct run *run)
{
	if (must_look_at_parent(run)) {
		if (clock_left_ms(run->next_parent_look) > 0)
			return 0;
		run->next_parent_look = clock_deadline(PARENT_LOOK_MS);
	}
	return run->parent.pid > 0 && process_is_gone(&run->parent);
}

static void
wait_for_event(struct run *run)
{
	/* Nothing is to come from descriptor 3, but that it breaks. */
	struct pollfd fds[4 + READINESS_POLL_MAX] = {
		{ run->signals, POLLIN, 0 },
		{ run->is_ending ? -1 : run->parent.pidfd, POLLIN, 0 },
		{ run->channel == VERDICT_PIPE && is_undecided(run) ? OTELOP_READY_FD : -1, 0, 0 },
		{ run->is_ending ? -1 : run->vanish.watch_fd, POLLIN, 0 },
	};
	size_t count = 4 + readiness_poll(&run->readiness, fds + 4);

	poll(fds, (nfds_t)count, clock_poll_ms(ms_until_deadline(run),
	    is_undecided(run) ? readiness_next_look_ms(&run->readiness) : OTELOP_FOREVER));
	/* Whoever was to hear the verdict was killed: a daemon that nobody has been told of is none. */
	if (fds[2].revents & (POLLERR | POLLHUP)) {
		run->has_failed = 1;
		message_set(&run->report->reason, "whoever waited for the start is gone");
		end_command(run);
	}
}

/* A verdict, set: lines in front.  1; 0: there is nobody who takes it. */
static int
say(const struct run *run, const char *set, const char *verdict, const char *text)
{
	char lines[2 * VERDICT_LINE_MAX + 64], line[VERDICT_LINE_MAX + 1];

	switch (run->channel) {
	case VERDICT_PIPE:
		verdict_one_line(verdict, text, line);
		io_format(lines, sizeof(lines), "%s%s\n", set, line);
		return verdict_say_pipe(OTELOP_READY_FD, lines) == 0;
	case VERDICT_NOTIFY:
		return verdict_say_notify(*text != '\0' ? text : NULL) == 0;
	case VERDICT_NOWHERE:
		break;
	}
	return 0;
}

/* Send line up, which is no verdict yet. */
static void
tell(const struct run *run, const char *line)
{
	if (run->channel == VERDICT_PIPE)
		io_write_all(OTELOP_READY_FD, line, strlen(line));
}

/*
 * Somebody else has the claim: what his start comes to is ours.  The exit status, or JOIN_AGAIN when he has
 * gone.  Until then there is nothing to tidy up: a signal ends us as it ends anybody.
 */
static int
join(struct run *run)
{
	struct otelop_message *reason = &run->report->reason;
	char set[96];
	pid_t pid;

	child_reset_signals(may_be_ignored);
	selfpipe_close(&run->signals);
	process_close(&run->parent);
	if (run->joins++ == JOIN_ROUNDS)
		return STATUS_BUSY;	/* and the reason says who has it */
	tell(run, "set:summary=the start that is under way\n");
	switch (join_wait(run->options->state_dir, OTELOP_FOREVER, run->argv, 0, &pid, reason)) {
	case JOIN_RUNS:
		break;
	case JOIN_GONE:
		return JOIN_AGAIN;
	case JOIN_LEFT:
	case JOIN_OTHER:
		return STATUS_BUSY;
	case JOIN_FAILED:
		return 1;
	case JOIN_TIMEOUT:
	case JOIN_UNKNOWN:
		return STATUS_UNKNOWN;
	}
	run->is_joined = 1;
	reason->text[0] = '\0';
	io_format(set, sizeof(set), "set:pid=%ld\nset:summary=already running\n", (long)pid);
	say(run, set, "ok", "");
	return 0;
}

/* A line for people, as the pipe carries it. */
static void
summarize(const struct run *run, char line[VERDICT_LINE_MAX + 1])
{
	struct otelop_message text;
	char addresses[VERDICT_LINE_MAX];
	int listens = otelop_metadata_get(&run->metadata, "listen", addresses, sizeof(addresses)) == 1;

	message_set(&text, "%s is ready%s%s", run->argv[0], listens ? ", listening on " : "",
	    listens ? addresses : "");
	verdict_one_line("set:summary=", text.text, line);
}

static void
become_ready(struct run *run)
{
	struct tree tree = tree_of(run);
	char summary[VERDICT_LINE_MAX + 1], set[VERDICT_LINE_MAX + 64];
	int recorded;

	/* What was learnt of its addresses is worth having however it became ready. */
	if (!run->options->modes->exec)
		readiness_find_addresses(&run->readiness, &tree, 1);
	recorded = record_ready(&run->metadata, run->command.pid, &run->readiness.addresses, &run->report->reason);
	readiness_settle(&run->readiness);
	if (recorded < 0 || lock_publish_next(&run->lock, &run->metadata, &run->report->reason) < 0) {
		run->has_failed = 1;
		end_command(run);
		return;
	}
	run->is_ready = 1;
	vanish_watch(&run->vanish, &run->lock);
	summarize(run, summary);
	io_format(set, sizeof(set), "set:pid=%ld\n%s\n", (long)run->command.pid, summary);
	say(run, set, "ok", "");
}

static void
look_for_readiness(struct run *run)
{
	struct tree tree = tree_of(run);
	enum verdict verdict = readiness_hear(&run->readiness, &tree, &run->report->reason);

	/* What has ended is no longer seen to be ready; but it ran, where that is enough. */
	if (verdict == VERDICT_UNKNOWN && (!run->has_ended || run->options->modes->exec))
		verdict = readiness_look(&run->readiness, &tree);
	/* The pipe is closed: because the command is dying, or did it close it? */
	if (verdict == VERDICT_CLOSED &&
	    process_wait_gone(&run->command, clock_deadline(VERDICT_DYING_MS)))
		reap(run);
	if (run->has_ended && verdict == VERDICT_CLOSED)
		return;
	if (verdict == VERDICT_OK) {
		become_ready(run);
	} else if (verdict != VERDICT_UNKNOWN) {
		run->has_failed = 1;
		end_command(run);
	}
}

static void
watch(struct run *run)
{
	unsigned char byte;
	size_t i;

	for (i = 0; i < run->early_count; i++)
		take_signal(run, run->early[i]);
	while (!run->has_ended) {
		wait_for_event(run);
		while (selfpipe_next(run->signals, &byte))
			take_signal(run, byte);
		reap(run);
		logger_revive(&run->logger);
		if (is_undecided(run))
			look_for_readiness(run);
		else
			readiness_drain(&run->readiness);
		if (run->is_ending || run->has_ended)
			continue;
		run->is_lost = run->is_ready && vanish_look(&run->vanish, &run->lock, &run->metadata,
		    run->command.pid, &run->report->reason) < 0;
		if (run->is_lost || parent_is_gone(run) ||
		    (run->lifetime_end > 0 && clock_left_ms(run->lifetime_end) == 0))
			end_command(run);
	}
}

static int
ended_cleanly(const struct run *run)
{
	int status = run->how.si_status;

	if (run->is_ending)
		return 1;
	if (run->how.si_code == CLD_EXITED)
		return status == 0 || run->was_asked;
	return status == SIGTERM || status == SIGINT || status == SIGHUP;
}

/* The last word about a crash, then let go; whoever has a copy of the lock holds nothing. */
static void
publish_crash(struct run *run)
{
	record_crash(&run->metadata, run->command.pid, run->how.si_code, run->how.si_status);
	lock_publish(&run->lock, &run->metadata, NULL);
	lock_release(&run->lock);
}

/* Was the start given up while it may have waited for what we may not see?  Its TERM may reach CMD first. */
static int
has_waited_blindly(const struct run *run)
{
	return run->readiness.hidden != 0 && !run->is_ready &&
	    (run->interrupted_by || (run->how.si_code == CLD_KILLED && run->how.si_status == SIGTERM));
}

static void
add_hidden(struct run *run)
{
	struct otelop_message *reason = &run->report->reason, why = *reason;
	char who[128];

	sockets_describe_hidden(run->readiness.hidden, who, sizeof(who));
	message_set(reason, "%s; cannot see the sockets of %s", why.text, who);
}

static void
explain_end(struct run *run)
{
	struct otelop_message *reason = &run->report->reason, how;

	if (run->has_failed || run->is_lost) {
		how = *reason;
		message_set(reason, "%s: %s", run->argv[0], how.text);
	} else if (run->interrupted_by) {
		ending_signal_name(run->interrupted_by, how.text, sizeof(how.text));
		message_set(reason, "%s: the start was given up: signal %s", run->argv[0], how.text);
	} else if (!run->is_ready && run->is_ending) {
		message_set(reason, "%s: ended before it was ready: its parent is gone or its "
		    "lifetime is over", run->argv[0]);
	} else if (!run->is_ready && run->how.si_code == CLD_EXITED && run->how.si_status == 0) {
		message_set(reason, "%s: %s", run->argv[0], ending_gone_behind);
	} else if (!run->is_ready || !ended_cleanly(run)) {
		ending_describe(run->how.si_code, run->how.si_status, &how);
		message_set(reason, "%s: %s", run->argv[0], how.text);
	} else if (!run->is_swept) {
		message_set(reason, "%s: some of what it started may be left", run->argv[0]);
	} else {
		reason->text[0] = '\0';
	}
	if (has_waited_blindly(run))
		add_hidden(run);
}

static int
exit_status(const struct run *run)
{
	if (run->interrupted_by)
		return 128 + run->interrupted_by;
	if (run->has_failed)
		return run->reported_status != 0 ? run->reported_status : 1;
	if (run->how.si_code == CLD_EXITED)
		return run->how.si_status == 0 && !run->is_ready ? 1 : run->how.si_status;
	return 128 + run->how.si_status;
}

/* CMD has ended: end what it left, settle the metadata, let go, and only then let its pid go. */
static int
finish(struct run *run)
{
	struct tree tree;

	vanish_close(&run->vanish);
	/* Before the sweep, which reaps: a probe's number must still be its own. */
	readiness_close(&run->readiness);
	tree = tree_of(run);
	run->is_swept = run->options->no_sweep || tree_end(&tree, GRACE_MS) == 0;
	explain_end(run);
	if (run->is_ready && *run->report->reason.text != '\0')
		run->report->said = logger_say(&run->logger, "otelop-run", run->report->reason.text,
		    GRACE_MS);
	/* Whoever reads the verdict then reads the log: all must be there.  What is not swept writes on. */
	logger_finish(&run->logger, run->options->no_sweep ? 0 : GRACE_MS);
	if (ended_cleanly(run))
		lock_remove(&run->lock, NULL);
	else
		publish_crash(run);
	child_reap_killed(run->command.pid);
	return exit_status(run);
}

/* Is this status of the table ours to say, or is it CMD's own, of which most mean something else? */
static int
is_meant(const struct run *run, int status)
{
	if (run->has_ended && !run->has_failed && !run->interrupted_by)
		return status_is_passed_on(status);
	return status_may_be_said(status);
}

/*
 * Tell whoever waits why there is no daemon, and with which status of the table.  Busy is only what this
 * directory is, not what CMD says of something else: a start that hears it may be tried again.
 */
static void
say_failure(const struct run *run, int status)
{
	char set[64] = "";

	if (is_meant(run, status) && (status != STATUS_BUSY || !run->is_published))
		io_format(set, sizeof(set), "set:exitCode=%d\n", status);
	/* Who gave up no longer listens, but shows the log. */
	run->report->said = say(run, set, "err:", run->report->reason.text) && !has_waited_blindly(run);
}

int
run_command(const struct run_options *options, char *const argv[], struct run_report *report)
{
	struct run run = { .options = options, .argv = argv, .report = report, .signals = -1,
	    .lifetime_end = OTELOP_FOREVER,
	    .lock = LOCK_INIT, .vanish = VANISH_INIT, .command = { -1, -1 },
	    .parent = { -1, -1 }, .logger = { .pipe = { -1, -1 } },
	    .readiness = { .ready_pipe = { -1, -1 }, .notify = NOTIFY_INIT } };
	int status;

	report->said = 0;
	report->reason.text[0] = '\0';
	run.channel = verdict_channel();
	do
		status = set_up(&run);
	while (status == STATUS_BUSY && options->join && (status = join(&run)) == JOIN_AGAIN);
	if (run.is_joined) {
		run.is_ready = 1;
	} else if (status == 0 && (status = start(&run)) == 0) {
		report->reason.text[0] = '\0';	/* what failed on the way and then went well */
		watch(&run);
		status = finish(&run);
	} else if (run.lock.fd >= 0) {
		readiness_close(&run.readiness);
		logger_finish(&run.logger, GRACE_MS);
		/* Nothing ran: what we published says nothing that anybody needs. */
		if (run.is_published)
			lock_remove(&run.lock, NULL);
		else
			lock_release(&run.lock);
	}
	if (!run.is_ready)
		say_failure(&run, status);
	process_close(&run.command);
	process_close(&run.parent);
	otelop_metadata_free(&run.metadata);
	free(run.spared);
	return status;
}
