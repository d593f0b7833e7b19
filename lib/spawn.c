/*
 * Detach a command and wait until it is ready.
 *
 * The child is the leader of a session of its own.  It is not reaped before the whole of a failed
 * start is gone, so neither its number nor its session's can mean anybody else meanwhile.
 */
#include "clock.h"
#include "exec.h"
#include "io.h"
#include "platform.h"
#include "process.h"
#include "ready.h"
#include "sigpipe.h"
#include "status.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define END_GRACE_MS 5000	/* more than otelop-run's own, so that it can end what it started */
#define PREPARE_CHDIR (-2)

struct spawn {
	const struct otelop_spawn *options;
	char *const *argv;
	struct otelop_spawn_result *result;
	int log_fd;
	int ready[2];
	struct process child;
	pid_t reported_pid;	/* set:pid= */
	int reported_status;	/* set:exitCode= */
	pid_t *spared;		/* children that we had before */
	size_t spared_count;
};

static int
set_environment(const struct otelop_spawn *options)
{
	const char *const *s;

	if (setenv("OTELOP_DAEMONIZED", "1", 1) < 0 || unsetenv("NOTIFY_SOCKET") < 0 ||
	    unsetenv("OTELOP_LOCK_FD") < 0 || exec_drop_jobserver() < 0 ||
	    (options->state_dir != NULL &&
	    setenv("OTELOP_STATE_DIR", options->state_dir, 1) < 0))
		return -1;
	for (s = options->unset_env; s != NULL && *s != NULL; s++)
		if (unsetenv(*s) < 0)
			return -1;
	/* putenv keeps the pointer; this process becomes the command, so that is long enough. */
	for (s = options->set_env; s != NULL && *s != NULL; s++)
		if (putenv((char *)(uintptr_t)*s) != 0)
			return -1;
	return 0;
}

/* In the child: everything that the command is to find, and nothing else. */
static int
prepare(void *argument, int report)
{
	struct spawn *spawn = argument;
	const struct otelop_spawn *options = spawn->options;
	int null, keep[2] = { OTELOP_READY_FD, report };

	if (setsid() < 0 || set_environment(options) < 0)
		return -1;
	if (options->set_umask)
		umask(options->umask);
	if ((null = io_open("/dev/null", O_RDONLY, 0)) < 0 || io_dup2(null, STDIN_FILENO) < 0 ||
	    io_dup2(spawn->log_fd, STDOUT_FILENO) < 0 || io_dup2(spawn->log_fd, STDERR_FILENO) < 0)
		return -1;
	/* dup2 to itself would leave it close-on-exec. */
	if ((spawn->ready[1] == OTELOP_READY_FD ? io_cloexec(OTELOP_READY_FD, 0) :
	    io_dup2(spawn->ready[1], OTELOP_READY_FD)) < 0)
		return -1;
	platform_close_all_but(keep, 2);
	if (options->cwd != NULL && chdir(options->cwd) < 0)
		return PREPARE_CHDIR;
	return 0;
}

static int
open_log(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	struct stat found;

	/* O_NONBLOCK: a FIFO that nobody reads must not hold us; the child's is an ordinary one. */
	if (options->log != NULL)
		spawn->log_fd = io_open(options->log,
		    O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0600);
	else
		spawn->log_fd = fcntl(options->log_fd, F_DUPFD_CLOEXEC, 3);
	if (spawn->log_fd < 0 || io_move_above(&spawn->log_fd, 3) < 0 ||
	    io_nonblock(spawn->log_fd, 0) < 0)
		return message_errno(&spawn->result->reason, "%s: cannot open the log%s",
		    options->log != NULL ? options->log : "the given descriptor",
		    errno == ENXIO ? ", which nobody reads" : "");
	spawn->result->log_start = fstat(spawn->log_fd, &found) == 0 && S_ISREG(found.st_mode) ?
	    (long long)found.st_size : -1;
	return 0;
}

static int
take_set(void *argument, const char *pair, struct otelop_message *reason)
{
	struct spawn *spawn = argument;
	long number;
	char *end;

	(void)reason;
	if (strncmp(pair, "pid=", 4) == 0) {
		number = strtol(pair + 4, &end, 10);
		if (number > 1 && number <= INT_MAX && *end == '\0')
			spawn->reported_pid = (pid_t)number;
	} else if (strncmp(pair, "exitCode=", 9) == 0) {
		number = strtol(pair + 9, &end, 10);
		if (number <= INT_MAX && status_is_passed_on((int)number) && *end == '\0')
			spawn->reported_status = (int)number;
	}
	return 0;
}

/* Has the child ended?  It stays a zombie.  1 or 0; -1: it cannot be waited for. */
static int
has_ended(const struct spawn *spawn, siginfo_t *how)
{
	int result;

	do {
		how->si_pid = 0;
		result = waitid(P_PID, (id_t)spawn->child.pid, how, WEXITED | WNOHANG | WNOWAIT);
	} while (result < 0 && errno == EINTR);
	if (result < 0)
		return errno == ECHILD ? 0 : -1;
	return how->si_pid != 0;
}

static int
fail(struct spawn *spawn, int status)
{
	spawn->result->status = status;
	return -1;
}

static int
fail_to_wait(struct spawn *spawn)
{
	message_errno(&spawn->result->reason, "children: cannot be waited for");
	return fail(spawn, EXEC_STATUS_OWN);
}

static int
fail_by_end(struct spawn *spawn, const siginfo_t *how)
{
	struct otelop_message *reason = &spawn->result->reason;

	if (how->si_code == CLD_EXITED && how->si_status == 0)
		message_set(reason, "%s", status_gone_behind);
	else
		status_describe(how->si_code, how->si_status, reason);
	return fail(spawn, how->si_code == CLD_EXITED && status_is_passed_on(how->si_status) ?
	    how->si_status : 1);
}

static int
fail_by_verdict(struct spawn *spawn, enum ready_verdict verdict)
{
	spawn->result->said = verdict == READY_FAILED;
	return fail(spawn, verdict == READY_FAILED && spawn->reported_status != 0 ?
	    spawn->reported_status : 1);
}

/* The pipe is closed: because the child is dying, or did it close it? */
static int
fail_by_close(struct spawn *spawn)
{
	siginfo_t how;

	process_wait_gone(&spawn->child, clock_deadline(READY_DYING_MS));
	switch (has_ended(spawn, &how)) {
	case 1:
		return fail_by_end(spawn, &how);
	case -1:
		return fail_to_wait(spawn);
	}
	message_set(&spawn->result->reason, "closed the ready pipe without a verdict");
	return fail(spawn, 1);
}

static int
poll_child(const struct spawn *spawn, int64_t deadline, int64_t next_tick)
{
	struct pollfd fds[3] = {
		{ spawn->ready[0], POLLIN, 0 },
		{ spawn->child.pidfd, POLLIN, 0 },
		{ spawn->options->interrupt_fd > 0 ? spawn->options->interrupt_fd : -1, POLLIN, 0 },
	};
	int64_t wait_ms = clock_poll_ms(clock_left_ms(deadline),
	    spawn->options->tick != NULL ? clock_left_ms(next_tick) : OTELOP_FOREVER);

	if (spawn->child.pidfd < 0)
		wait_ms = clock_poll_ms(wait_ms, 20);
	poll(fds, 3, (int)wait_ms);
	return fds[2].revents & POLLIN;
}

static int
await_verdict(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	int64_t began = clock_ms(), next_tick = began + 1000;
	int64_t deadline = clock_deadline(options->timeout_ms > 0 ? options->timeout_ms :
	    OTELOP_FOREVER);
	struct ready_reader reader = { .set = take_set, .argument = spawn };

	for (;;) {
		enum ready_verdict verdict;
		unsigned char byte;
		siginfo_t how;
		int ended, interrupted = poll_child(spawn, deadline, next_tick);

		/* In this order: what it wrote before its end counts. */
		if ((ended = has_ended(spawn, &how)) < 0)
			return fail_to_wait(spawn);
		verdict = ready_read(&reader, spawn->ready[0], &spawn->result->reason);
		if (verdict == READY_OK)
			return 0;
		if (verdict == READY_FAILED || verdict == READY_BAD)
			return fail_by_verdict(spawn, verdict);
		if (ended)
			return fail_by_end(spawn, &how);
		if (verdict == READY_CLOSED)
			return fail_by_close(spawn);
		if (interrupted && sigpipe_next(options->interrupt_fd, &byte)) {
			message_set(&spawn->result->reason, "interrupted");
			return fail(spawn, 128 + (byte & SIGPIPE_NUMBER));
		}
		if (clock_left_ms(deadline) == 0) {
			message_set(&spawn->result->reason, "not ready within %g s",
			    (double)options->timeout_ms / 1000);
			return fail(spawn, 124);
		}
		if (options->tick != NULL && clock_left_ms(next_tick) == 0) {
			next_tick += 1000;
			options->tick(options->tick_argument, clock_ms() - began);
		}
	}
}

static void
end_all(struct spawn *spawn)
{
	struct process_tree tree = { .root = spawn->child.pid, .adopted = spawn->options->adopt,
	    .spared = spawn->spared, .spared_count = spawn->spared_count };
	struct otelop_message *reason = &spawn->result->reason, why = *reason;
	int is_all = process_tree_end(&tree, END_GRACE_MS) == 0;

	/* Whatever that could not see: our own child is there until we have reaped it. */
	process_signal(&spawn->child, SIGKILL);
	if (!exec_reap_killed(spawn->child.pid))
		message_set(reason, "%s; process %ld cannot be ended", why.text, (long)spawn->child.pid);
	else if (!is_all)
		message_set(reason, "%s; some of what it started may be left", why.text);
}

static int
fail_unstarted(struct spawn *spawn, int status, pid_t left)
{
	struct otelop_message *reason = &spawn->result->reason, why = *reason;

	if (left > 0)
		message_set(reason, "%s; process %ld cannot be ended", why.text, (long)left);
	return fail(spawn, status);
}

static int
start_child(struct spawn *spawn)
{
	struct exec_plan plan = { .argv = spawn->argv, .prepare = prepare, .argument = spawn,
	    .timeout_ms = spawn->options->timeout_ms, .interrupt_fd = spawn->options->interrupt_fd };
	struct otelop_message *reason = &spawn->result->reason;
	struct exec_failure failure;
	unsigned char byte;
	pid_t pid;

	if (spawn->options->adopt) {
		platform_adopt_orphans();	/* where there is none, the session is what we find */
		/* Who is not known to be from before would be taken for the daemon's and ended. */
		if (process_earlier(0, 0, &spawn->spared, &spawn->spared_count) < 0 && errno != ENOSYS) {
			message_errno(reason, "processes: cannot list");
			return fail(spawn, EXEC_STATUS_OWN);
		}
	}
	if (exec_can_wait() < 0)
		return fail_to_wait(spawn);
	if (io_pipe(spawn->ready) < 0) {
		message_errno(reason, "cannot make the ready pipe");
		return fail(spawn, EXEC_STATUS_OWN);
	}
	pid = exec_start(&plan, &failure);
	io_close(&spawn->ready[1]);
	if (pid > 0) {
		spawn->result->child = pid;
		process_open(&spawn->child, pid);
		return 0;
	}
	errno = failure.error;
	if (failure.before && errno == ETIMEDOUT) {
		message_set(reason, "cannot be run within %g s", (double)spawn->options->timeout_ms / 1000);
		return fail_unstarted(spawn, 124, failure.left);
	}
	if (failure.before && errno == ECANCELED && sigpipe_next(spawn->options->interrupt_fd, &byte)) {
		message_set(reason, "interrupted");
		return fail_unstarted(spawn, 128 + (byte & SIGPIPE_NUMBER), failure.left);
	}
	if (failure.before) {
		if (failure.before == -PREPARE_CHDIR)
			message_errno(reason, "cannot change to the directory %s",
			    spawn->options->cwd);
		else
			message_errno(reason, "cannot start");
		return fail(spawn, EXEC_STATUS_OWN);
	}
	message_errno(reason, "cannot run");
	return fail(spawn, exec_status(failure.error));
}

int
otelop_spawn(const struct otelop_spawn *options, char *const argv[],
    struct otelop_spawn_result *result)
{
	struct spawn spawn = { .options = options, .argv = argv, .result = result, .log_fd = -1,
	    .ready = { -1, -1 }, .child = { -1, -1 } };
	struct sigaction kept = { .sa_handler = SIG_DFL }, before;
	int outcome;

	memset(result, 0, sizeof(*result));
	/* Where SIGCHLD is ignored, the kernel reaps, and nobody learns how the child ended. */
	sigaction(SIGCHLD, NULL, &before);
	if (before.sa_handler == SIG_IGN || (before.sa_flags & SA_NOCLDWAIT))
		sigaction(SIGCHLD, &kept, NULL);
	if ((outcome = open_log(&spawn)) < 0)
		result->status = EXEC_STATUS_OWN;
	else if ((outcome = start_child(&spawn)) == 0 && (outcome = await_verdict(&spawn)) < 0)
		end_all(&spawn);
	if (outcome == 0)
		result->pid = spawn.reported_pid > 0 ? spawn.reported_pid : result->child;
	sigaction(SIGCHLD, &before, NULL);
	process_close(&spawn.child);
	io_close(&spawn.ready[0]);
	io_close(&spawn.ready[1]);
	io_close(&spawn.log_fd);
	free(spawn.spared);
	return outcome;
}
