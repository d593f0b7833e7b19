/* Find the daemon of a state directory; target.h says how. */
#include "daemon/target.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "json/json.h"
#include "platform/platform.h"
#include "process/ending.h"
#include "process/process.h"
#include "state/holder.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
target_refuse_pid(pid_t pid, struct otelop_message *message)
{
	errno = EINVAL;
	if (pid == getpid())
		return message_set(message, "%ld: refused: this is the process itself", (long)pid);
	if (pid <= 1)
		return message_set(message, "%ld: refused: not a process to stop", (long)pid);
	return 0;
}

int
target_cannot_wait(const struct target *target, struct otelop_message *message)
{
	return message_errno(message, "%s/%s: cannot wait for the lock", target->dir.path,
	    STATEDIR_METADATA);
}

/*
 * A handle to the process that the file names, and only then whether it is that very process: so the answer is about no
 * other.  1; 0: it has ended; -1: errno.
 */
static int
open_named(struct target *target, const struct otelop_metadata *metadata)
{
	int found = process_open(&target->daemon, target->named.pid);

	target->lives = found == 1 && !process_is_gone(&target->daemon) ? identity_process_lives(metadata) : 0;
	if (target->lives == 0 && found >= 0) {
		process_close(&target->daemon);
		target->daemon.pid = 0;
		return 0;
	}
	return found;
}

/* The same, for a process that may be stopped at all. */
static int
open_daemon(struct target *target, const struct otelop_metadata *metadata, struct otelop_message *message)
{
	int opened = open_named(target, metadata), saved = errno;

	target->is_starting = meta_state_is(metadata, "starting");
	/* What is known to be that very process is here. */
	if (target->lives != 1 && !identity_is_here(metadata, message)) {
		errno = EREMOTE;
		return -1;
	}
	if (target_refuse_pid(target->named.pid, message) < 0)
		return -1;
	errno = saved;
	return opened < 0 ? message_errno(message, "%ld: cannot find", (long)target->named.pid) : opened;
}

/* Is the daemon dead and not reaped by its otelop-run, which first ends all that it has left? */
static int
is_being_swept(const struct target *target)
{
	struct platform_process daemon;

	return target->runner > 0 && platform_process(target->named.pid, &daemon) == 1 && daemon.state == 'Z' &&
	    daemon.parent == target->runner;
}

/*
 * Nobody holds the lock: the daemon may have lost it, or have left what has none, or be dead and its otelop-run at work.
 * As target_find.
 */
static int
find_free(struct target *target, const struct otelop_metadata *metadata, struct otelop_message *message)
{
	int found;

	if (metadata->length > 0 && !meta_state_is(metadata, "exited")) {
		if ((found = open_named(target, metadata)) == 1 && target->lives == 1) {
			target->is_starting = meta_state_is(metadata, "starting");
			return target_refuse_pid(target->named.pid, message) < 0 ? -1 : 1;
		}
		target->is_starting = 0;
		if (found == 0 && (is_being_swept(target) || target_remember_remnants(target, metadata) > 0))
			return 1;
	}
	errno = ENOENT;
	return -1;
}

/* Somebody holds it.  As target_find. */
static int
find_held(struct target *target, const struct otelop_metadata *metadata, int64_t deadline,
    struct otelop_message *message)
{
	struct holder holder;
	int saved;

	if (metadata->length == 0 || meta_state_is(metadata, "exited")) {
		/* Somebody is just starting or just ending: wait for what comes. */
		return lock_wait_named(&target->dir, target->fd, LOCK_SH, deadline) >= 0 ? 0 :
		    target_cannot_wait(target, message);
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

/* What is recorded of how it is to end. */
static void
read_ending(struct target *target, const struct otelop_metadata *metadata)
{
	struct json_value value;
	char name[32];
	int64_t runner = meta_find(metadata, "runner", &value) ? json_whole_number(&value, 2, INT_MAX) : 0;
	int number = otelop_metadata_get(metadata, "stopSignal", name, sizeof(name)) == 1 ? ending_signal_number(name) : 0;

	target->runner = runner > 0 ? (pid_t)runner : 0;
	target->stop_signal = number > 0 ? number : 0;
	target->stop_all = meta_find(metadata, "stopAll", &value);
	target->is_respawned = meta_find(metadata, "respawn", &value);
	target->is_swept = runner > 0 && !meta_find(metadata, "noSweep", &value);
}

/* The first probe and the handle.  As target_find, but 1: a target that must be probed again. */
static int
find(struct target *target, int64_t deadline, struct otelop_message *message)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	int result, saved;

	target->fd = target->daemon.pidfd = target->parent.pidfd = -1;
	target->daemon.pid = 0;
	if ((target->held = lock_is_held(&target->dir, &target->fd, message)) < 0)
		return -1;
	result = meta_read_fd(&metadata, &target->dir, target->fd, message);
	saved = errno;
	read_ending(target, &metadata);
	errno = saved;
	if (result < 0 && errno != ENODATA && (target->held || errno != EBADMSG))
		result = -1;
	else if (holder_describe(&target->named, &target->dir, target->fd, &metadata) < 0)
		result = message_errno(message, "%s: cannot look at the metadata", target->dir.path);
	else
		result = target->held ? find_held(target, &metadata, deadline, message) :
		    find_free(target, &metadata, message);
	saved = errno;
	otelop_metadata_free(&metadata);
	errno = saved;
	return result;
}

/* The daemon is dead, and has left something.  1: keepers of its lock, what has none, or nobody shows who; 0: look again; -1. */
static int
confirm_kept(struct target *target, struct otelop_message *message)
{
	struct holder holder;
	int found;

	if (!target->held || is_being_swept(target))
		return 1;
	found = holder_find(&target->named, &holder);
	if (found < 0 && errno != ENOSYS)
		return message_errno(message, "%s: cannot look for the lock's holder", target->dir.path);
	/* A taker that lives sweeps, or has claimed what the dead one left: what comes is awaited. */
	if (found < 0 || holder.kind == HOLDER_KEEPER)
		return 1;
	if (clock_left_ms(target->patience) > 0)
		return 0;
	if (holder.kind == HOLDER_TAKER)
		return 1;
	errno = EACCES;
	return message_set(message, "%s/%s: the lock is held, but not by process %ld that it names, and %s",
	    target->dir.path, STATEDIR_METADATA, (long)target->named.pid,
	    holder_why_unseen(&holder));
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
	    "names", target->dir.path, STATEDIR_METADATA, (long)target->daemon.pid);
}

/* Is it that very process still?  A handle cannot have come to mean another; a number can. */
static int
lives_still(const struct target *target)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	int lives;

	if (target->daemon.pidfd >= 0)
		return process_is_gone(&target->daemon) ? 0 : target->lives;
	lives = meta_read_fd(&metadata, &target->dir, target->fd, NULL) == 0 ? identity_process_lives(&metadata) : 0;
	otelop_metadata_free(&metadata);
	return lives;
}

int
target_probe_again(const struct target *target, int is_held, struct otelop_message *message)
{
	struct stat now;
	int fd, same, held = lock_is_held(&target->dir, &fd, message);

	if (held < 0)
		return errno == ENOENT ? 0 : -1;
	same = held == is_held && fstat(fd, &now) == 0 && now.st_dev == target->named.file.st_dev &&
	    now.st_ino == target->named.file.st_ino;
	io_close(&fd);
	return same;
}

/* Probe again.  1: it is the daemon; 0: look again; -1. */
static int
confirm(struct target *target, struct otelop_message *message)
{
	int same = target_probe_again(target, target->held, message);

	if (same != 1)
		return same;
	if (target->daemon.pid < 1)
		return confirm_kept(target, message);
	switch (lives_still(target)) {
	case 0:
		return 0;	/* it has ended meanwhile */
	case 1:
		return 1;
	}
	return confirm_unknown(target, message);
}

int
target_find(struct target *target, int64_t deadline, struct otelop_message *message)
{
	int result = find(target, deadline, message);

	if (result != 1)
		return result;
	/* What is gone while we look again was there: that is no sign that there is no daemon. */
	if ((result = confirm(target, message)) < 0 && errno == ENOENT)
		errno = ESRCH;
	return result;
}

/* Its otelop-run; where the system does not show who has the file, whatever is above the daemon. */
static void
find_parent(struct target *target, pid_t parent)
{
	int has = parent == target->runner ? 1 : platform_process_has_open(parent, &target->named.file, STATEDIR_METADATA);
	struct platform_process daemon;

	/* Whoever has the handle now is the parent that was seen, if the daemon has not got another meanwhile. */
	if (parent < 2 || has == 0 || process_open(&target->parent, parent) != 1 ||
	    platform_process(target->named.pid, &daemon) != 1 || daemon.parent != parent) {
		process_close(&target->parent);
		target->parent.pid = 0;
		return;
	}
	/* One that was stopped (Ctrl-Z) reaps nothing and keeps the lock. */
	if (has == 1)
		process_signal(&target->parent, SIGCONT);
}

/* Who is above and around the daemon. */
void
target_look_around(struct target *target)
{
	struct platform_process daemon;

	if (target->daemon.pid < 1) {
		if (is_being_swept(target))
			find_parent(target, target->runner);
		return;
	}
	if (platform_process(target->daemon.pid, &daemon) != 1)
		return;
	find_parent(target, daemon.parent);
	target_remember_descendants(target);
	/* It leads its session, or otelop-run above it does or did. */
	if (daemon.session > 1 && (daemon.session == daemon.pid || daemon.session == daemon.parent ||
	    !process_is_alive(daemon.session)))
		target->session = daemon.session;
}

const struct process *
target_runner(const struct target *target)
{
	if (target->runner == 0)
		return NULL;
	if (target->daemon.pid == target->runner)
		return &target->daemon;
	return target->parent.pid == target->runner && !process_is_gone(&target->parent) ? &target->parent : NULL;
}

int
target_is_certain(const struct target *target)
{
	return target->held && target->daemon.pid > 0 && target->lives == 1 && !target->is_starting &&
	    !target->is_respawned && target->runner == 0;
}

void
target_forget(struct target *target)
{
	int saved = errno;

	free(target->below);
	pids_free(&target->asked);
	target->below = NULL;
	target->below_count = target->below_room = target->descendants = 0;
	target->session = 0;
	target->parent.pid = 0;
	target->asked_through = 0;
	process_close(&target->daemon);
	process_close(&target->parent);
	io_close(&target->fd);
	errno = saved;
}
