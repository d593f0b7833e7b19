/* End a process, or the daemon of a state directory; target.h says how it is found. */
#include "daemon/stop.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/pids.h"
#include "daemon/stop_record.h"
#include "daemon/stop_say.h"
#include "daemon/stop_signal.h"
#include "daemon/stop_time.h"
#include "daemon/target.h"
#include "platform/platform.h"
#include "process/process.h"
#include "process/tree.h"
#include "state/lock.h"
#include "state/statedir.h"

#include <sys/file.h>

#include <errno.h>
#include <signal.h>

#define LINGER_MS 100	/* between the daemon's end and its lock's, when nobody sweeps */
#define LOOK_AGAIN_MS 20	/* at what no event tells */
#define LINGER_MAX_MS 1000	/* between two looks at who keeps it */
#define OVERTIME_MS (STOP_TIME_LEAST_MS + 1000)	/* for an otelop-run that kills the rest when the time given is over */
#define LETTING_GO_MS 2000	/* between otelop-run's last word and its lock's end, over the time given */

/* With what they are asked that a daemon has left. */
static int
signal_for_rest(const struct stop_options *options)
{
	return options->signal_number > 0 ? options->signal_number : SIGTERM;
}

int
stop_process(pid_t pid, const struct stop_options *options, struct otelop_message *message)
{
	struct process process;
	char name[32];
	int gone;

	if (target_refuse_pid(pid, message) < 0)
		return -1;
	if ((gone = process_open(&process, pid)) < 1)
		return gone == 0 ? 0 : message_errno(message, "%ld: cannot find", (long)pid);
	if (process_is_gone(&process)) {
		process_close(&process);
		return 0;
	}
	if (stop_signal(&process, signal_for_rest(options), message) < 0) {
		process_close(&process);
		return -1;
	}
	gone = process_wait_gone(&process, clock_deadline(options->timeout_ms));
	if (!gone && options->kills) {
		stop_signal(&process, SIGKILL, NULL);
		gone = process_wait_gone(&process, clock_deadline(options->kill_wait_ms));
	}
	process_close(&process);
	io_format(name, sizeof(name), "%ld", (long)pid);
	return gone ? 0 : stop_say_process(name, pid, options, message);
}

int
otelop_stop_and_wait(pid_t pid, int64_t timeout_ms, struct otelop_message *message)
{
	struct stop_options options = { .signal_number = SIGTERM, .timeout_ms = timeout_ms };

	if (timeout_ms < OTELOP_FOREVER)
		return message_invalid(message, "timeout_ms");
	return stop_process(pid, &options, message);
}

/* Wait for it.  1; 0: the deadline. */
static int
wait_below(const struct target *target, int64_t deadline)
{
	const struct platform_process *left;
	struct process process;
	int gone = 1;

	while (gone && (left = target_left(target, NULL)) != NULL && process_open(&process, left->pid) == 1) {
		gone = target_left(target, NULL) != left || process_wait_gone(&process, deadline);
		process_close(&process);
	}
	return gone;
}

/*
 * Its lock is free, and its otelop-run lives: not because that has let go, but because a child has unlocked it.  One that
 * starts it again has told by the file's mode that it goes on, or ends.  Wait a moment for what comes.  1; 0: it is not so.
 */
static int
wait_unsettled(struct target *target, int64_t moment)
{
	const struct process *runner = target_runner(target);

	if (runner == NULL || process_is_gone(runner) || lock_was_replaced(target->fd) ||
	    !(target->is_respawned || target_is_abandoned(target)))
		return 0;
	process_wait_gone(runner, clock_earlier(moment, clock_deadline(LOOK_AGAIN_MS)));
	return 1;
}

/* Wait for the lock, and for what no otelop-run ends, in rounds: a keeper may have made another meanwhile. */
static int
wait_unlocked(struct target *target, int64_t deadline, int number)
{
	int64_t pause = LINGER_MS, moment;
	int left, is_free = 0;

	for (;; pause = pause < LINGER_MAX_MS ? pause * 2 : pause) {
		moment = clock_earlier(deadline, clock_deadline(pause));
		if (!is_free && (is_free = lock_wait_moment(target->fd, LOCK_SH, moment, -1)) < 0)
			return -1;
		if (is_free && wait_unsettled(target, moment)) {
			is_free = 0;
		} else if (is_free) {
			if (!target_is_abandoned(target))
				return 1;
			left = target_find_remnants(target);
			if (wait_below(target, moment) && left == 0)
				return 1;
			is_free = left >= 0;
		}
		if (clock_left_ms(deadline) == 0)
			return 0;
		/* Who has the file of a lock that was free may be the next daemon. */
		if (is_free)
			stop_signal_below(target, number);
		else
			stop_signal_keepers(target, number);
	}
}

static int
ask_all_directly(struct target *target, int number, struct otelop_message *message)
{
	struct tree tree = { .root = target->daemon.pid };

	if (stop_signal(&target->daemon, number, message) < 0)
		return -1;
	pids_add(&target->asked, target->daemon.pid);
	tree_signal(&tree, number, &target->asked);
	return 0;
}

/* Who was to ask all may have been dying, and the word with him. */
static int
wait_daemon(struct target *target, int64_t deadline)
{
	if (target->asked_through != 0 && process_wait_either(&target->daemon, &target->parent, deadline) == 2)
		ask_all_directly(target, target->asked_through, NULL);
	target->asked_through = 0;
	return process_wait_gone(&target->daemon, deadline);
}

/*
 * Wait until the daemon has ended and its file's lock is free; for who ends the rest, if he is told how long that may
 * take, a little longer.  1, 0 deadline, -1.
 */
static int
wait_gone(struct target *target, int64_t deadline, int64_t longer_ms, int number)
{
	int64_t later = deadline < 0 || !target->is_told ? deadline : deadline + longer_ms;

	if (target->daemon.pid > 0 && !wait_daemon(target, target->is_starting ? later : deadline))
		return 0;
	deadline = later;
	/* Of a lock that was lost before, nothing tells when an otelop-run has swept but its own end. */
	if (!target->held && stop_is_run(target) && !process_wait_gone(&target->parent, deadline))
		return 0;
	return wait_unlocked(target, deadline, number);
}

/* Would somebody start it again?  But who was told that somebody stops it does not. */
static int
is_watched(const struct target *target)
{
	return target->is_respawned && !target->is_told && !target->is_starting && target->parent.pid > 0 &&
	    !process_is_gone(&target->parent);
}

/*
 * A daemon that is started again when it is killed is ended by who would do that, and hands the signal on; a KILL he
 * cannot hand on, so it is his as well.
 */
static int
ask_target(struct target *target, int number, struct otelop_message *message)
{
	if (is_watched(target) && (number == SIGTERM || number == SIGINT))
		return stop_signal(&target->parent, number, message);
	if (is_watched(target) && number == SIGKILL)
		stop_signal(&target->parent, number, NULL);
	return stop_signal(&target->daemon, number, message);
}

/* One who ends the rest is told first how long that may take: of what he has not been told he would be in a hurry. */
static void
tell_time(struct target *target, const struct stop_options *options)
{
	const struct process *runner = target_runner(target);

	target->is_told = runner != NULL && stop_time_send(runner, STOP_WORD_TIME, options->timeout_ms) == 0;
}

/* Ask all that is below the daemon, and the daemon: through who ends the rest, so that nobody is asked twice. */
static int
ask_all(struct target *target, int number, struct otelop_message *message)
{
	if (target->is_told && stop_time_send(target_runner(target), STOP_WORD_ALL, number) == 0) {
		target->asked_through = number;
		return 0;
	}
	return ask_all_directly(target, number, message);
}

/* The daemon is asked to end; or, where it is dead, what keeps its lock. */
static int
ask(struct target *target, const struct stop_options *options, struct otelop_message *message)
{
	int number = options->signal_number > 0 ? options->signal_number : target->stop_signal > 0 ? target->stop_signal :
	    SIGTERM;

	if (target->daemon.pid < 1) {
		stop_signal_keepers(target, signal_for_rest(options));
		return is_watched(target) ? stop_signal(&target->parent, SIGTERM, message) : 0;
	}
	/* One that is starting is an otelop-run, and knows its command's signal. */
	if (target->is_starting)
		return ask_target(target, signal_for_rest(options), message);
	return target->stop_all ? ask_all(target, number, message) : ask_target(target, number, message);
}

/* Its time is over.  As wait_gone. */
static int
kill_target(struct target *target, const struct stop_options *options)
{
	int64_t least_ms = options->kill_wait_ms < 0 || options->kill_wait_ms / 2 > STOP_TIME_LEAST_MS ? STOP_TIME_LEAST_MS :
	    options->kill_wait_ms / 2;
	struct process_name name;
	int was_gone, gone;

	if (target->is_told && target_runner(target) != NULL)
		stop_time_send(target_runner(target), STOP_WORD_KILL, least_ms);
	/* That is an otelop-run, which kills: its own end would scatter what is below it. */
	if (target->is_starting && target->is_told &&
	    (gone = wait_gone(target, clock_deadline(least_ms), least_ms / 2, SIGKILL)) != 0)
		return gone;
	if (target->daemon.pid > 0) {
		was_gone = process_is_gone(&target->daemon);
		process_name(&name, target->daemon.pid);
		if (ask_target(target, SIGKILL, NULL) == 0 && !was_gone && !stop_is_run(target))
			stop_log_killed(&target->dir, &name);
	}
	stop_signal_keepers(target, SIGKILL);
	return wait_gone(target, clock_deadline(options->kill_wait_ms), 0, SIGKILL);
}

static int
end_target(struct target *target, const struct stop_options *options, struct otelop_message *message)
{
	int gone;

	if (!target_is_certain(target))
		target_look_around(target);
	tell_time(target, options);
	if (ask(target, options, message) < 0)
		return -1;
	/* While it ends. */
	if (target_is_certain(target))
		target_look_around(target);
	gone = wait_gone(target, clock_deadline(options->timeout_ms), options->kills ? 0 : OVERTIME_MS,
	    signal_for_rest(options));
	if (gone == 0 && options->kills)
		gone = kill_target(target, options);
	if (gone < 0)
		return target_cannot_wait(target, message);
	return gone ? 0 : stop_say_target(target, options, message);
}

int
stop_daemon(const char *dir, const struct stop_options *options, struct otelop_message *message)
{
	struct target target = { .dir = STATEDIR_INIT, .fd = -1, .daemon = { 0, -1 },
	    .parent = { 0, -1 }, .patience = clock_deadline(TARGET_PATIENCE_MS) };
	int64_t deadline = clock_deadline(options->timeout_ms), pause = 1;
	int result;

	if (statedir_open(&target.dir, dir, message) < 0) {
		if (errno != ENOENT)
			return -1;
		message_set(message, "%s", "");
		return 0;
	}
	for (;; pause = pause < 16 ? pause * 2 : 20) {
		if ((result = target_find(&target, deadline, message)) == 1)
			/* Who went on in its place is as much the daemon as it was. */
			result = end_target(&target, options, message) < 0 ? -1 :
			    !(target.is_respawned && lock_was_replaced(target.fd));
		else if (result < 0 && errno == ENOENT)
			result = 1;
		target_forget(&target);
		if (result != 0 || clock_left_ms(deadline) == 0)
			break;
		clock_sleep_ms(pause);
	}
	if (result == 0)
		result = stop_say_time(dir, options, message);
	else if (result > 0)
		result = stop_remove_record(&target, options, signal_for_rest(options), options->timeout_ms < 0 ?
		    OTELOP_FOREVER : clock_deadline(clock_left_ms(deadline) + LETTING_GO_MS), message);
	pids_free(&target.asked);
	pids_free(&target.killed);
	statedir_close(&target.dir);
	return result;
}
