/* End a process, or the daemon of a state directory; target.h says how it is found. */
#include "daemon/stop.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "daemon/target.h"
#include "platform/platform.h"
#include "process/process.h"
#include "state/holder.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINGER_MS 100	/* between the daemon's end and its lock's, when nobody sweeps */
#define LINGER_MAX_MS 1000	/* between two looks at who keeps it */
#define LETTING_GO_MS 2000	/* between otelop-run's last word and its lock's end, over the time given */

/* CONT behind it: a stopped process hears nothing until it goes on. */
static int
send_signal(const struct process *process, int number, struct otelop_message *message)
{
	if (process_signal(process, number) < 0) {
		if (errno == ESRCH)
			return 0;
		return message_errno(message, "%ld: cannot signal", (long)process->pid);
	}
	if (number != SIGKILL && number != SIGSTOP && number != SIGTSTP && number != SIGCONT)
		process_signal(process, SIGCONT);
	return 0;
}

static int
timed_out(const char *what, const struct stop_options *options, struct otelop_message *message)
{
	int64_t waited = options->timeout_ms + (options->kills ? options->kill_wait_ms : 0);

	errno = ETIMEDOUT;
	return message_set(message, "%s: still there after %g s", what, (double)waited / 1000);
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
	if (send_signal(&process, options->signal_number, message) < 0) {
		process_close(&process);
		return -1;
	}
	gone = process_wait_gone(&process, clock_deadline(options->timeout_ms));
	if (!gone && options->kills) {
		send_signal(&process, SIGKILL, NULL);
		gone = process_wait_gone(&process, clock_deadline(options->kill_wait_ms));
	}
	process_close(&process);
	io_format(name, sizeof(name), "%ld", (long)pid);
	return gone ? 0 : timed_out(name, options, message);
}

int
otelop_stop_and_wait(pid_t pid, int64_t timeout_ms, struct otelop_message *message)
{
	struct stop_options options = { .signal_number = SIGTERM, .timeout_ms = timeout_ms };

	if (timeout_ms < OTELOP_FOREVER)
		return message_invalid(message, "timeout_ms");
	return stop_process(pid, &options, message);
}

/* A process that was seen with this beginning; whoever has its number since then is another. */
static void
signal_seen(const struct platform_process *seen, int number)
{
	unsigned long long ticks;
	struct process process;

	if (process_open(&process, seen->pid) != 1)
		return;
	if (seen->start_ticks == 0 || (platform_process_start_ticks(seen->pid, &ticks) == 1 &&
	    ticks == seen->start_ticks))
		send_signal(&process, number, NULL);
	process_close(&process);
}

/* The session's members, where the system does not show who has the lock. */
static void
signal_session(struct target *target, int number)
{
	struct platform_process *all;
	size_t count, i;

	if (target->session < 1 && (target->named.session == target->named.pid ||
	    !process_is_alive(target->named.session)))
		target->session = target->named.session;
	if (target->session < 1 || (target->parent.pid > 0 && !process_is_gone(&target->parent)) ||
	    platform_processes(&all, &count) < 0)
		return;
	for (i = 0; i < count; i++)
		if (all[i].session == target->session && all[i].pid != getpid() && all[i].state != 'Z')
			signal_seen(&all[i], number);
	free(all);
}

/* Does the otelop-run that is above the daemon still live, and have its file? */
static int
is_run(const struct target *target)
{
	return target->parent.pid > 0 && !process_is_gone(&target->parent) &&
	    platform_process_has_open(target->parent.pid, &target->named.file, STATEDIR_METADATA) == 1;
}

/*
 * Those that the daemon left behind and that keep its lock.  While its otelop-run lives, that sweeps, and nobody
 * has to look at all processes.  A KILL of a daemon that is starting has made orphans of all that is below it.
 */
static void
signal_keepers(struct target *target, int number)
{
	size_t i;

	if (is_run(target))
		return;
	if (target->is_starting && number == SIGKILL)
		for (i = 0; i < target->below_count; i++)
			signal_seen(&target->below[i], number);
	if (holder_signal_keepers(&target->named, number, &target->asked, &target->foreign) < 0 && errno == ENOSYS)
		signal_session(target, number);
}

/* Wait for the lock, ending what keeps it, in rounds: a keeper may have made another meanwhile. */
static int
wait_unlocked(struct target *target, int64_t deadline, int number)
{
	int64_t pause = LINGER_MS;
	int result;

	for (; (result = lock_wait_moment(target->fd, LOCK_SH, clock_earlier(deadline, clock_deadline(pause)),
	    -1)) == 0 && clock_left_ms(deadline) != 0; pause = pause < LINGER_MAX_MS ? pause * 2 : pause)
		signal_keepers(target, number);
	return result;
}

/* Wait until the daemon has ended and its file's lock is free.  1, 0 deadline, -1. */
static int
wait_gone(struct target *target, int64_t deadline, int number)
{
	if (target->daemon.pid > 0 && !process_wait_gone(&target->daemon, deadline))
		return 0;
	/* Of a lock that was lost before, nothing tells when an otelop-run has swept but its own end. */
	if (!target->held && is_run(target) && !process_wait_gone(&target->parent, deadline))
		return 0;
	return wait_unlocked(target, deadline, number);
}

static int
still_there(const struct target *target, const struct stop_options *options, struct otelop_message *message)
{
	struct otelop_message why;

	timed_out(target->dir.path, options, &why);
	if (target->foreign.pid > 0)
		message_set(message, "%s; process %ld (%s) keeps the lock and is not the daemon's to end", why.text,
		    (long)target->foreign.pid, target->foreign.name);
	else
		message_set(message, "%s", why.text);
	errno = ETIMEDOUT;
	return -1;
}

/*
 * A daemon that is started again when it is killed is ended by who would do that, and hands the signal on; a KILL he
 * cannot hand on, so it is his as well.
 */
static int
ask_target(struct target *target, int number, struct otelop_message *message)
{
	int is_watched = target->is_respawned && !target->is_starting && target->parent.pid > 0 &&
	    !process_is_gone(&target->parent);

	if (is_watched && (number == SIGTERM || number == SIGINT))
		return send_signal(&target->parent, number, message);
	if (is_watched && number == SIGKILL)
		send_signal(&target->parent, number, NULL);
	return send_signal(&target->daemon, number, message);
}

static int
end_target(struct target *target, const struct stop_options *options, struct otelop_message *message)
{
	int gone;

	if (!target_is_certain(target))
		target_look_around(target);
	if (target->daemon.pid > 0) {
		if (ask_target(target, options->signal_number, message) < 0)
			return -1;
	} else {
		signal_keepers(target, options->signal_number);
	}
	/* While it ends. */
	if (target_is_certain(target))
		target_look_around(target);
	gone = wait_gone(target, clock_deadline(options->timeout_ms), options->signal_number);
	if (gone == 0 && options->kills) {
		if (target->daemon.pid > 0)
			send_signal(&target->daemon, SIGKILL, NULL);
		signal_keepers(target, SIGKILL);
		gone = wait_gone(target, clock_deadline(options->kill_wait_ms), SIGKILL);
	}
	if (gone < 0)
		return target_cannot_wait(target, message);
	return gone ? 0 : still_there(target, options, message);
}

/*
 * The claim was refused: by whom?  1: by what will let go, after it was waited for, or told to end; 0: it is
 * somebody else's by now; -1.
 */
static int
wait_for_claim(struct target *target, int fd, int held, int64_t deadline, int number)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct holder holder;
	int result = 0;

	if (meta_read_fd(&metadata, &target->dir, fd, NULL) < 0)
		metadata.length = 0;
	if (held && meta_state_is(&metadata, "exited")) {
		result = lock_wait_named(&target->dir, fd, LOCK_SH, deadline) < 0 ? -1 : 1;
	} else if (metadata.length > 0 && identity_place(&metadata, NULL) == IDENTITY_HERE &&
	    identity_lives_at(&metadata, IDENTITY_HERE) == 0 &&
	    holder_describe(&target->named, &target->dir, fd, &metadata) == 0) {
		/* Children of the dead one keep it from being claimed, and may change the lock all the time. */
		if (holder_find(&target->named, &holder) < 0)
			result = errno != ENOSYS;
		else if (holder.kind != HOLDER_TAKER)
			result = holder_signal_keepers(&target->named, number, &target->asked, &target->foreign) >= 0 ||
			    errno != ENOSYS;
		clock_sleep_ms(LINGER_MS);
	}
	otelop_metadata_free(&metadata);
	return result;
}

/*
 * Claim what the daemon left.  1; 0: it is gone, or somebody else's by now; -1.  otelop-run says that its
 * command has exited and lets go a moment later: that is awaited.
 */
static int
claim_record(struct target *target, const struct stop_options *options, int64_t deadline, struct otelop_lock *lock,
    struct otelop_message *message)
{
	struct lock_request request = { .timeout_ms = LINGER_MS };
	int fd, held, waited, number = options->signal_number;

	for (;;) {
		if (lock_claim(lock, target->dir.path, &request, message) == 0)
			return 1;
		if (errno != EWOULDBLOCK && errno != ETIMEDOUT)
			return errno == ENOENT ? 0 : -1;
		if (clock_left_ms(deadline) == 0) {
			if (!options->kills || number == SIGKILL)
				return still_there(target, options, message);
			number = SIGKILL;
			deadline = clock_deadline(options->kill_wait_ms);
		}
		if ((held = lock_is_held(&target->dir, &fd, message)) < 0)
			return errno == ENOENT ? 0 : -1;
		waited = wait_for_claim(target, fd, held, deadline, number);
		io_close(&fd);
		if (waited < 0)
			return target_cannot_wait(target, message);
		if (waited == 0)
			return 0;
	}
}

/* Its otelop-run has removed the file, mostly. */
static int
is_removed(const struct target *target)
{
	struct stat found;

	return fstatat(target->dir.fd, STATEDIR_METADATA, &found, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/*
 * The daemon is gone: so goes its file, unless somebody has claimed the directory by now.  What nobody
 * could read is told of.
 */
static int
remove_record(struct target *target, const struct stop_options *options, int64_t deadline,
    struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message why = { "" };
	struct otelop_lock lock = LOCK_INIT;
	int result, claimed = is_removed(target) ? 0 : claim_record(target, options, deadline, &lock, message);

	if (claimed < 0)
		return -1;
	message_set(message, "%s", "");
	if (claimed == 0)
		return 0;
	if (meta_read_fd(&metadata, &target->dir, lock.fd, &why) == 0 || errno == ENODATA)
		*why.text = '\0';
	otelop_metadata_free(&metadata);
	if ((result = lock_remove(&lock, message)) == 0 && *why.text != '\0')
		message_set(message, "removed: %s", why.text);
	return result;
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
		result = timed_out(dir, options, message);
	else if (result > 0)
		result = remove_record(&target, options, options->timeout_ms < 0 ? OTELOP_FOREVER :
		    clock_deadline(clock_left_ms(deadline) + LETTING_GO_MS), message);
	pids_free(&target.asked);
	statedir_close(&target.dir);
	return result;
}
