/* End a process, or the daemon of a state directory; stop.h says how it is found. */
#include "daemon/stop.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "platform/platform.h"
#include "process/process.h"
#include "process/tree.h"
#include "state/holder.h"
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

#define STARTER_MS 500	/* for a lock that is held, but not by the process that the file names */
#define LINGER_MS 100	/* between the daemon's end and its lock's, when nobody sweeps */
#define LINGER_MAX_MS 1000	/* between two looks at who keeps it */
#define LETTING_GO_MS 2000	/* between otelop-run's last word and its lock's end, over the time given */

static int
refuse_pid(pid_t pid, struct otelop_message *message)
{
	errno = EINVAL;
	if (pid == getpid())
		return message_set(message, "%ld: refused: this is the process itself", (long)pid);
	if (pid <= 1)
		return message_set(message, "%ld: refused: not a process to stop", (long)pid);
	return 0;
}

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

	if (refuse_pid(pid, message) < 0)
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

/* What stop has to do with: the daemon, the file that names it, and what is below it. */
struct target {
	const char *dir;
	const struct stop_options *options;
	int dir_fd;
	int64_t patience;	/* until then, what does not fit together may just be moving */
	int fd;			/* otelop.json as it was when the daemon was found */
	int held;		/* its lock; else the daemon lives without it */
	struct holder_daemon named;	/* by the file */
	struct process daemon;	/* pid 0: it has ended, but something keeps its lock */
	int is_starting;	/* the daemon is a parent whose command has not been told of yet */
	struct process parent;	/* the otelop-run above it, which ends what it leaves; or pid 0 */
	pid_t session;		/* it leads it, or that otelop-run does or did; else 0 */
	struct pids asked;
	struct holder foreign;	/* a keeper that is not ours to end */
	struct platform_process *below;	/* a starting daemon's descendants, as they were when it was found */
	size_t below_count;
};

/* Its otelop-run; where the system does not show who has the file, whatever is above the daemon. */
static void
find_parent(struct target *target, pid_t parent)
{
	int has = platform_process_has_open(parent, &target->named.file, STATEDIR_METADATA);

	if (parent < 2 || has == 0 || process_open(&target->parent, parent) != 1) {
		target->parent.pid = 0;
		return;
	}
	/* One that was stopped (Ctrl-Z) reaps nothing and keeps the lock. */
	if (has == 1)
		process_signal(&target->parent, SIGCONT);
}

/* What the daemon has below it, before a KILL leaves it to somebody else. */
static void
remember_descendants(struct target *target)
{
	struct tree tree = { .root = target->daemon.pid };
	size_t count, i;
	pid_t *pids;

	if (!target->is_starting || tree_list(&tree, &pids, &count) < 0)
		return;
	if ((target->below = calloc(count + 1, sizeof(*target->below))) != NULL)
		for (i = 0; i < count; i++)
			if (pids[i] != target->daemon.pid &&
			    platform_process(pids[i], &target->below[target->below_count]) == 1)
				target->below_count++;
	free(pids);
}

/* Who is above and around the daemon. */
static void
look_around(struct target *target)
{
	struct platform_process daemon;

	if (target->daemon.pid < 1 || platform_process(target->daemon.pid, &daemon) != 1)
		return;
	find_parent(target, daemon.parent);
	/* It leads its session, or otelop-run above it does or did. */
	if (daemon.session > 1 && (daemon.session == daemon.pid || daemon.session == daemon.parent ||
	    !process_is_alive(daemon.session)))
		target->session = daemon.session;
}

static void
forget(struct target *target)
{
	int saved = errno;

	free(target->below);
	pids_free(&target->asked);
	target->below = NULL;
	target->below_count = 0;
	target->session = 0;
	target->parent.pid = 0;
	process_close(&target->daemon);
	process_close(&target->parent);
	io_close(&target->fd);
	errno = saved;
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

static int
cannot_wait(const struct target *target, struct otelop_message *message)
{
	return message_errno(message, "%s/%s: cannot wait for the lock", target->dir,
	    STATEDIR_METADATA);
}

/* A process of this pid at which the metadata may point.  1; 0: it has ended; -1. */
static int
open_daemon(struct target *target, const struct otelop_metadata *metadata, struct otelop_message *message)
{
	int result;

	target->is_starting = meta_state_is(metadata, "starting");
	if (!meta_is_here(metadata, message)) {
		errno = EREMOTE;
		return -1;
	}
	if (refuse_pid(target->named.pid, message) < 0)
		return -1;
	if ((result = process_open(&target->daemon, target->named.pid)) < 0)
		return message_errno(message, "%ld: cannot find", (long)target->named.pid);
	/* The handle is there, so that the look at who it is cannot be about another. */
	if (result == 1 && (process_is_gone(&target->daemon) || meta_process_lives(metadata) == 0)) {
		process_close(&target->daemon);
		result = 0;
	}
	if (result == 0)
		target->daemon.pid = 0;
	return result;
}

/* Nobody holds the lock: the daemon may have lost it.  As find_target. */
static int
find_free(struct target *target, const struct otelop_metadata *metadata, struct otelop_message *message)
{
	if (metadata->length > 0 && !meta_state_is(metadata, "exited") && meta_process_lives(metadata) == 1)
		return open_daemon(target, metadata, message) < 0 ? -1 : target->daemon.pid > 0;
	errno = ENOENT;
	return -1;
}

/* Somebody holds it.  As find_target. */
static int
find_held(struct target *target, const struct otelop_metadata *metadata, int64_t deadline,
    struct otelop_message *message)
{
	struct holder holder;
	int saved;

	if (metadata->length == 0 || meta_state_is(metadata, "exited")) {
		/* Somebody is just starting or just ending: wait for what comes. */
		switch (lock_wait_named(target->dir_fd, target->fd, LOCK_SH, deadline)) {
		case 1:
			return 0;
		case 0:
			return timed_out(target->dir, target->options, message);
		}
		return cannot_wait(target, message);
	}
	if (open_daemon(target, metadata, message) >= 0)
		return 1;
	saved = errno;
	/* Another host's words may be those of a dead daemon that somebody here has claimed a moment ago. */
	if (saved == EREMOTE && clock_left_ms(target->patience) > 0 && holder_find(&target->named, &holder) == 0 &&
	    holder.kind == HOLDER_TAKER)
		return 0;
	errno = saved;
	return -1;
}

/*
 * The first probe and the handle.  1: a target that must be probed again; 0: look again, something
 * moved; -1: cannot be stopped, with errno; ENOENT: there is no daemon.
 */
static int
find_target(struct target *target, int64_t deadline, struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	int result, saved;

	target->fd = target->daemon.pidfd = target->parent.pidfd = -1;
	target->daemon.pid = 0;
	if ((target->held = lock_is_held(target->dir_fd, target->dir, &target->fd, message)) < 0)
		return -1;
	if (meta_read_fd(&metadata, target->fd, target->dir, message) < 0 && errno != ENODATA &&
	    (target->held || errno != EBADMSG))
		result = -1;
	else if (holder_describe(&target->named, target->dir, target->fd, &metadata) < 0)
		result = message_errno(message, "%s: cannot look at the metadata", target->dir);
	else
		result = target->held ? find_held(target, &metadata, deadline, message) :
		    find_free(target, &metadata, message);
	saved = errno;
	otelop_metadata_free(&metadata);
	errno = saved;
	return result;
}

/* The daemon is dead, and its lock held.  1: by keepers, or nobody shows by whom; 0: look again; -1. */
static int
confirm_kept(struct target *target, struct otelop_message *message)
{
	struct holder holder;
	int found = holder_find(&target->named, &holder);

	if (found < 0 && errno != ENOSYS)
		return message_errno(message, "%s: cannot look for the lock's holder", target->dir);
	/* A taker that lives sweeps, or has claimed what the dead one left: what comes is awaited. */
	if (found < 0 || holder.kind == HOLDER_KEEPER)
		return 1;
	if (clock_left_ms(target->patience) > 0)
		return 0;
	if (holder.kind == HOLDER_TAKER)
		return 1;
	errno = EACCES;
	return message_set(message, "%s/%s: the lock is held, but not by process %ld that it names, and %s",
	    target->dir, STATEDIR_METADATA, (long)target->named.pid, holder.hidden ?
	    "whoever has it may not be looked into" : "nobody is seen to have it");
}

/* Upstream's file does not say when its process began: it must be seen to have the file.  As above. */
static int
confirm_unknown(struct target *target, struct otelop_message *message)
{
	int keeps = process_keeps_open(target->daemon.pid, &target->named.file, STATEDIR_METADATA);

	/* What began after the file was written must be seen to have it. */
	if (keeps == 1 || (keeps < 0 && !process_is_younger(target->daemon.pid, &target->named.file)))
		return 1;
	/* It may just have ended, or a starter is about to publish: look again. */
	if (clock_left_ms(target->patience) > 0)
		return 0;
	errno = ESTALE;
	return message_set(message, "%s/%s: the lock is held, but not by process %ld that it "
	    "names", target->dir, STATEDIR_METADATA, (long)target->daemon.pid);
}

/* Probe again.  1: it is the daemon; 0: look again; -1. */
static int
confirm_target(struct target *target, struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	int fd, held, same, lives;
	struct stat now;

	if ((held = lock_is_held(target->dir_fd, target->dir, &fd, message)) < 0)
		return errno == ENOENT ? 0 : -1;
	same = held == target->held && fstat(fd, &now) == 0 && now.st_dev == target->named.file.st_dev &&
	    now.st_ino == target->named.file.st_ino;
	lives = meta_read_fd(&metadata, target->fd, target->dir, NULL) == 0 ? meta_process_lives(&metadata) : 0;
	otelop_metadata_free(&metadata);
	io_close(&fd);
	if (!same)
		return 0;
	if (target->daemon.pid < 1)
		return confirm_kept(target, message);
	if (lives == 0)
		return 0;	/* it has ended meanwhile */
	return lives == 1 ? 1 : confirm_unknown(target, message);
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
still_there(const struct target *target, struct otelop_message *message)
{
	struct otelop_message why;

	timed_out(target->dir, target->options, &why);
	if (target->foreign.pid > 0)
		message_set(message, "%s; process %ld (%s) keeps the lock and is not the daemon's to end", why.text,
		    (long)target->foreign.pid, target->foreign.name);
	else
		message_set(message, "%s", why.text);
	errno = ETIMEDOUT;
	return -1;
}

static int
end_target(struct target *target, struct otelop_message *message)
{
	const struct stop_options *options = target->options;
	int gone;

	look_around(target);
	remember_descendants(target);
	if (target->daemon.pid > 0) {
		if (send_signal(&target->daemon, options->signal_number, message) < 0)
			return -1;
	} else {
		signal_keepers(target, options->signal_number);
	}
	gone = wait_gone(target, clock_deadline(options->timeout_ms), options->signal_number);
	if (gone == 0 && options->kills) {
		if (target->daemon.pid > 0)
			send_signal(&target->daemon, SIGKILL, NULL);
		signal_keepers(target, SIGKILL);
		gone = wait_gone(target, clock_deadline(options->kill_wait_ms), SIGKILL);
	}
	if (gone < 0)
		return cannot_wait(target, message);
	return gone ? 0 : still_there(target, message);
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

	if (meta_read_fd(&metadata, fd, target->dir, NULL) < 0)
		metadata.length = 0;
	if (held && meta_state_is(&metadata, "exited")) {
		result = lock_wait_named(target->dir_fd, fd, LOCK_SH, deadline) < 0 ? -1 : 1;
	} else if (metadata.length > 0 && meta_is_here(&metadata, NULL) && meta_process_lives(&metadata) == 0 &&
	    holder_describe(&target->named, target->dir, fd, &metadata) == 0) {
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
claim_record(struct target *target, int64_t deadline, struct otelop_lock *lock,
    struct otelop_message *message)
{
	const struct stop_options *options = target->options;
	struct lock_request request = { .timeout_ms = LINGER_MS };
	int fd, held, waited, number = options->signal_number;

	for (;;) {
		if (lock_claim(lock, target->dir, &request, message) == 0)
			return 1;
		if (errno != EWOULDBLOCK && errno != ETIMEDOUT)
			return errno == ENOENT ? 0 : -1;
		if (clock_left_ms(deadline) == 0) {
			if (!options->kills || number == SIGKILL)
				return still_there(target, message);
			number = SIGKILL;
			deadline = clock_deadline(options->kill_wait_ms);
		}
		if ((held = lock_is_held(target->dir_fd, target->dir, &fd, message)) < 0)
			return errno == ENOENT ? 0 : -1;
		waited = wait_for_claim(target, fd, held, deadline, number);
		io_close(&fd);
		if (waited < 0)
			return cannot_wait(target, message);
		if (waited == 0)
			return 0;
	}
}

/*
 * The daemon is gone: so goes its file, unless somebody has claimed the directory by now.  What nobody
 * could read is told of.
 */
static int
remove_record(struct target *target, int64_t deadline, struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message why = { "" };
	struct otelop_lock lock;
	int result, claimed = claim_record(target, deadline, &lock, message);

	if (claimed < 0)
		return -1;
	message_set(message, "%s", "");
	if (claimed == 0)
		return 0;
	if (meta_read_fd(&metadata, lock.fd, target->dir, &why) == 0 || errno == ENODATA)
		*why.text = '\0';
	otelop_metadata_free(&metadata);
	if ((result = lock_remove(&lock, message)) == 0 && *why.text != '\0')
		message_set(message, "removed: %s", why.text);
	return result;
}

int
stop_daemon(const char *dir, const struct stop_options *options, struct otelop_message *message)
{
	struct target target = { .dir = dir, .options = options, .fd = -1, .daemon = { 0, -1 },
	    .parent = { 0, -1 }, .patience = clock_deadline(STARTER_MS) };
	int64_t deadline = clock_deadline(options->timeout_ms), pause = 1;
	int result;

	if ((target.dir_fd = statedir_open(dir, message)) < 0 && errno == ENOENT) {
		message_set(message, "%s", "");
		return 0;
	}
	if (target.dir_fd < 0)
		return -1;
	for (;; pause = pause < 16 ? pause * 2 : 20) {
		if ((result = find_target(&target, deadline, message)) == 1 &&
		    (result = confirm_target(&target, message)) == 1)
			result = end_target(&target, message) < 0 ? -1 : 1;
		else if (result < 0 && errno == ENOENT)
			result = 1;
		forget(&target);
		if (result != 0 || clock_left_ms(deadline) == 0)
			break;
		clock_sleep_ms(pause);
	}
	if (result == 0)
		result = timed_out(dir, options, message);
	else if (result > 0)
		result = remove_record(&target, options->timeout_ms < 0 ? OTELOP_FOREVER :
		    clock_deadline(clock_left_ms(deadline) + LETTING_GO_MS), message);
	pids_free(&target.asked);
	io_close(&target.dir_fd);
	return result;
}
