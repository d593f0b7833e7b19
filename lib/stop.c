/* End a process, or the daemon of a state directory; stop.h says how it is found. */
#include "stop.h"
#include "clock.h"
#include "io.h"
#include "lock.h"
#include "meta.h"
#include "platform.h"
#include "process.h"
#include "statedir.h"

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STARTER_MS 500	/* for a lock that is held, but not by the process that the file names */
#define LINGER_MS 100	/* between the daemon's end and its lock's, when nobody sweeps */
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

	return stop_process(pid, &options, message);
}

/* What stop has to do with: the daemon, the file that names it, and what it has below it. */
struct target {
	const char *dir;
	const struct stop_options *options;
	int dir_fd;
	int64_t patience;	/* until then, what does not fit together may just be moving */
	int fd;			/* otelop.json as it was when the daemon was found */
	struct stat file;
	struct process daemon;
	int is_starting;	/* the daemon is a parent whose command holds no lock yet */
	pid_t session;		/* it leads it, or otelop-run above it does or did; else 0 */
	int is_not_swept;	/* its otelop-run leaves its descendants alone */
	struct process parent;	/* that otelop-run */
	struct process *below;	/* its descendants when it was found */
	size_t below_count;
};

static void
remember_descendants(struct target *target)
{
	struct process_tree tree = { .root = target->daemon.pid };
	struct platform_process daemon;
	struct process holder;
	struct rlimit files;
	size_t count, i;
	pid_t *pids;

	if (target->daemon.pid < 1 || process_tree_list(&tree, &pids, &count) < 0)
		return;
	if (platform_process(target->daemon.pid, &daemon) != 1)
		daemon.session = daemon.parent = 0;
	if (daemon.session > 0 &&
	    (daemon.session == daemon.pid || daemon.session == daemon.parent ||
	    !process_is_alive(daemon.session)))
		target->session = daemon.session;
	if (target->is_not_swept && !target->is_starting)
		process_open(&target->parent, daemon.parent);
	/* An otelop-run that was stopped (^Z) reaps nothing and keeps the lock. */
	if (process_open(&holder, daemon.parent) == 1 &&
	    platform_process_has_open(daemon.parent, &target->file, STATEDIR_METADATA) == 1)
		process_signal(&holder, SIGCONT);
	process_close(&holder);
	/* A descriptor for each. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if ((target->below = calloc(count + 1, sizeof(*target->below))) != NULL)
		for (i = 0; i < count; i++)
			if (pids[i] != target->daemon.pid &&
			    process_open(&target->below[target->below_count], pids[i]) == 1)
				target->below_count++;
	free(pids);
}

static void
forget(struct target *target)
{
	size_t i;

	for (i = 0; i < target->below_count; i++)
		process_close(&target->below[i]);
	free(target->below);
	target->session = 0;
	target->below = NULL;
	target->below_count = 0;
	process_close(&target->daemon);
	process_close(&target->parent);
	io_close(&target->fd);
}

/* Where the system does not tell what it has open, it is its session that counts. */
static int
keeps_lock(const struct target *target, pid_t pid)
{
	int has = platform_process_has_open(pid, &target->file, STATEDIR_METADATA);

	return has >= 0 ? has : target->session > 0 && getsid(pid) == target->session;
}

/*
 * Those that the daemon left behind and that keep its lock.  Never a prober: it is not below.  What is
 * not to be swept has no lock once otelop-run lets go.
 */
static void
signal_lock_keepers(const struct target *target, int number)
{
	size_t i;

	if (target->parent.pid > 0 && !process_is_gone(&target->parent))
		return;
	for (i = 0; i < target->below_count; i++)
		if ((target->is_starting && number == SIGKILL) ||
		    keeps_lock(target, target->below[i].pid))
			send_signal(&target->below[i], number, NULL);
}

static int
cannot_wait(const struct target *target, struct otelop_message *message)
{
	return message_errno(message, "%s/%s: cannot wait for the lock", target->dir,
	    STATEDIR_METADATA);
}

/*
 * The first probe and the handle.  1: a target that must be probed again; 0: look again, something
 * moved; -1: cannot be stopped, with errno; ENOENT: nobody holds the lock.
 */
static int
find_target(struct target *target, int64_t deadline, struct otelop_message *message)
{
	struct otelop_metadata metadata;
	struct json_value value;
	int held, result;
	pid_t pid;

	target->fd = target->daemon.pidfd = target->parent.pidfd = -1;
	target->parent.pid = 0;
	if ((held = lock_is_held(target->dir_fd, target->dir, &target->fd, message)) < 0)
		return -1;
	if (held == 0) {
		errno = ENOENT;
		return -1;
	}
	if (fstat(target->fd, &target->file) < 0)
		return message_errno(message, "%s: cannot look at the metadata", target->dir);
	if (meta_read_fd(&metadata, target->fd, target->dir, message) < 0 && errno != ENODATA)
		return -1;
	if (metadata.length == 0 || meta_state_is(&metadata, "exited")) {
		/* Somebody is just starting or just ending: wait for what comes. */
		switch (lock_wait(target->fd, LOCK_SH, deadline, -1)) {
		case 1:
			return 0;
		case 0:
			return timed_out(target->dir, target->options, message);
		}
		return cannot_wait(target, message);
	}
	pid = meta_pid(&metadata);
	target->is_starting = meta_state_is(&metadata, "starting");
	target->is_not_swept = meta_find(&metadata, "noSweep", &value);
	if (!meta_is_here(&metadata, message)) {
		errno = EREMOTE;
		return -1;
	}
	if (refuse_pid(pid, message) < 0)
		return -1;
	if ((result = process_open(&target->daemon, pid)) < 0)
		return message_errno(message, "%ld: cannot find", (long)pid);
	if (result == 0)
		target->daemon.pid = 0;		/* ended, but something keeps its lock */
	return 1;
}

/* Probe again.  1: it is the daemon; 0: look again; -1. */
static int
confirm_target(struct target *target, struct otelop_message *message)
{
	struct stat now;
	int fd, held, same, keeps;

	if ((held = lock_is_held(target->dir_fd, target->dir, &fd, message)) < 0)
		return errno == ENOENT ? 0 : -1;
	same = held && fstat(fd, &now) == 0 && now.st_dev == target->file.st_dev &&
	    now.st_ino == target->file.st_ino;
	io_close(&fd);
	if (!same)
		return 0;
	if (target->daemon.pid < 1)
		return 1;
	keeps = process_keeps_open(target->daemon.pid, &target->file);
	/* What began after the file was written must be seen to have it. */
	if (keeps == 0 || (keeps < 0 && process_is_younger(target->daemon.pid, &target->file))) {
		/* It may just have ended, or a starter is about to publish: look again. */
		if (clock_left_ms(target->patience) > 0)
			return 0;
		if (process_is_gone(&target->daemon)) {
			target->daemon.pid = 0;		/* and nobody reaps it */
			return 1;
		}
		errno = ESTALE;
		return message_set(message, "%s/%s: the lock is held, but not by process %ld that it "
		    "names", target->dir, STATEDIR_METADATA, (long)target->daemon.pid);
	}
	return 1;
}

/* Wait until the daemon has ended and its file's lock is free.  1, 0 deadline, -1. */
static int
wait_gone(const struct target *target, int64_t deadline, int number)
{
	int result;

	if (target->daemon.pid > 0 && !process_wait_gone(&target->daemon, deadline))
		return 0;
	result = lock_wait(target->fd, LOCK_SH, clock_deadline(
	    clock_poll_ms(clock_left_ms(deadline), LINGER_MS)), -1);
	if (result == 0) {
		/* Its parent sweeps; or it has none any more, and then it is for us to do. */
		signal_lock_keepers(target, number);
		result = lock_wait(target->fd, LOCK_SH, deadline, -1);
	}
	io_flock(target->fd, LOCK_UN);
	return result;
}

static int
end_target(struct target *target, struct otelop_message *message)
{
	const struct stop_options *options = target->options;
	int gone;

	remember_descendants(target);
	if (target->daemon.pid > 0 &&
	    send_signal(&target->daemon, options->signal_number, message) < 0)
		return -1;
	gone = wait_gone(target, clock_deadline(options->timeout_ms), options->signal_number);
	if (gone == 0 && options->kills) {
		if (target->daemon.pid > 0)
			send_signal(&target->daemon, SIGKILL, NULL);
		signal_lock_keepers(target, SIGKILL);
		gone = wait_gone(target, clock_deadline(options->kill_wait_ms), SIGKILL);
	}
	if (gone < 0)
		return cannot_wait(target, message);
	return gone ? 0 : timed_out(target->dir, options, message);
}

/*
 * Claim what the daemon left.  1; 0: it is gone, or somebody else's by now; -1.  otelop-run says that its
 * command has exited and lets go a moment later: that is awaited.
 */
static int
claim_record(const struct target *target, int64_t deadline, struct otelop_lock *lock,
    struct otelop_message *message)
{
	struct otelop_metadata metadata;
	int fd, held, waited;

	for (;;) {
		if (lock_claim(lock, target->dir, 0, 0, message) == 0)
			return 1;
		if (errno != EWOULDBLOCK)
			return errno == ENOENT ? 0 : -1;
		if ((held = lock_is_held(target->dir_fd, target->dir, &fd, message)) < 0 && errno != ENOENT)
			return -1;
		waited = 1;
		if (held == 1 && (meta_read_fd(&metadata, fd, target->dir, NULL) < 0 ||
		    !meta_state_is(&metadata, "exited"))) {
			io_close(&fd);
			return 0;
		}
		if (held == 1)
			waited = lock_wait(fd, LOCK_SH, deadline, -1);
		io_close(&fd);
		if (waited < 0)
			return cannot_wait(target, message);
		if (waited == 0 || clock_left_ms(deadline) == 0)
			return timed_out(target->dir, target->options, message);
	}
}

/* The daemon is gone: so goes its file, unless somebody has claimed the directory by now. */
static int
remove_record(const struct target *target, int64_t deadline, struct otelop_message *message)
{
	struct otelop_lock lock;
	struct otelop_metadata metadata;
	int claimed = claim_record(target, deadline, &lock, message);

	if (claimed < 1)
		return claimed;
	if (meta_read_fd(&metadata, lock.fd, target->dir, message) < 0 && errno == EBADMSG) {
		lock_release(&lock);	/* what nobody can read, nobody removes unasked */
		return 0;
	}
	/* Its lock may not be seen from here, and then it may live. */
	if (metadata.length > 0 && !meta_state_is(&metadata, "exited") &&
	    meta_is_other_host(&metadata, message)) {
		lock_release(&lock);
		errno = EREMOTE;
		return -1;
	}
	return lock_remove(&lock, message);
}

int
stop_daemon(const char *dir, const struct stop_options *options, struct otelop_message *message)
{
	struct target target = { .dir = dir, .options = options, .fd = -1, .daemon = { -1, -1 },
	    .patience = clock_deadline(STARTER_MS) };
	int64_t deadline = clock_deadline(options->timeout_ms);
	int result;

	if ((target.dir_fd = statedir_open(dir, message)) < 0)
		return errno == ENOENT ? 0 : -1;
	do {
		if ((result = find_target(&target, deadline, message)) == 1 &&
		    (result = confirm_target(&target, message)) == 1)
			result = end_target(&target, message) < 0 ? -1 : 1;
		else if (result == 0)
			clock_sleep_ms(1);
		else if (result < 0 && errno == ENOENT)
			result = 1;
		forget(&target);
	} while (result == 0 && clock_left_ms(deadline) != 0);
	if (result == 0)
		result = timed_out(dir, options, message);
	else if (result > 0)
		result = remove_record(&target, options->timeout_ms < 0 ? OTELOP_FOREVER :
		    clock_deadline(clock_left_ms(deadline) + LETTING_GO_MS), message);
	io_close(&target.dir_fd);
	return result;
}
