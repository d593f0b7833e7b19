/*
 * Detach a command and wait until it is ready.
 *
 * While a start lasts, a process of ours is between the caller and the command: the reaper.  It is the
 * command's parent, every orphan below it comes to it where the system can do that, and it tells how the
 * command ended.  So nothing depends on the caller's SIGCHLD, on who reaps whom in its threads, or on a
 * setting of its process.  The command is not reaped before the whole of a failed start is gone, so neither
 * its number nor its session's can mean anybody else meanwhile.  At the end the reaper goes, and the daemon is
 * init's.
 *
 * The caller may have threads: what the reaper and the command do before the exec is async-signal-safe, and
 * all that they need is made before the fork.
 */
#include "base/clock.h"
#include "base/io.h"
#include "base/message.h"
#include "base/status.h"
#include "daemon/verdict.h"
#include "otelop.h"
#include "platform/platform.h"
#include "process/child.h"
#include "process/ending.h"
#include "process/environment.h"
#include "process/process.h"
#include "process/selfpipe.h"
#include "process/tree.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <sys/select.h>
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

#define DEFAULT_TIMEOUT_MS 60000
#define END_GRACE_MS 5000	/* more than otelop-run's own, so that it can end what it started */
#define ANCESTORS_MAX 4096	/* while they are looked up, they may change */
#define KILLED_MS 1000		/* between KILL and the end of what is not stuck in the kernel */
#define PREPARE_CHDIR (-2)
#define PREPARE_NAMESPACE (-3)

/* What comes from the reaper: the command, when it begins to prepare itself, and how it ended. */
struct news {
	pid_t pid;
	int code;	/* as in siginfo_t; 0: it runs */
	int status;
};

struct spawn {
	const struct otelop_spawn *options;
	char *const *argv;
	struct otelop_spawn_result *result;
	int64_t timeout_ms;
	struct environment environment;
	int log_fd;
	int ready[2];
	int news[2];		/* ours, and the reaper's, which stays while ours is open */
	pid_t reaper;
	struct process child;
	struct news end;	/* code is 0 while it is not known */
	pid_t stuck;		/* a command that was given up before its exec and cannot be ended; or 0 */
	int reaper_is_gone;	/* killed by a stranger: then nobody can say how the command ends */
	pid_t reported_pid;	/* set:pid= */
	int reported_status;	/* set:exitCode= */
};

extern char **environ;

static int
make_environment(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	const char *const *s;

	if (environment_copy(&spawn->environment) < 0)
		return -1;
	environment_drop_channels(&spawn->environment);
	if (environment_set(&spawn->environment, "OTELOP_DAEMONIZED", "1") < 0 ||
	    (options->state_dir != NULL &&
	    environment_set(&spawn->environment, "OTELOP_STATE_DIR", options->state_dir) < 0))
		return -1;
	for (s = options->unset_env; s != NULL && *s != NULL; s++)
		environment_unset(&spawn->environment, *s);
	for (s = options->set_env; s != NULL && *s != NULL; s++)
		if (environment_put(&spawn->environment, *s) < 0)
			return -1;
	return 0;
}

static void
on_child(int number)
{
	(void)number;
}

/* The reaper's life, with its end of the news for stdin. */
static void
reap(const struct spawn *spawn, pid_t pid)
{
	struct news news = { pid, 0, 0 };
	int null = io_open("/dev/null", O_RDWR, 0);
	sigset_t all_but_child;
	int held = 1;

	if (null < 0 || io_dup2(spawn->news[1], STDIN_FILENO) < 0 || io_dup2(null, STDOUT_FILENO) < 0 ||
	    io_dup2(null, STDERR_FILENO) < 0)
		_exit(STATUS_FAILED);
	platform_close_all_but(NULL, 0);
	sigfillset(&all_but_child);
	sigdelset(&all_but_child, SIGCHLD);
	while (held) {
		siginfo_t how = { .si_pid = 0 };
		fd_set readable;

		/* A reaper that cannot wait is none: the caller is told by its end. */
		if (news.code == 0 && waitid(P_PID, (id_t)pid, &how, WEXITED | WNOHANG | WNOWAIT) < 0 &&
		    errno != EINTR)
			break;
		if (news.code == 0 && how.si_pid != 0) {
			news.code = how.si_code;
			news.status = how.si_status;
			io_write_all(STDIN_FILENO, (const char *)&news, sizeof(news));
		}
		FD_ZERO(&readable);
		FD_SET(STDIN_FILENO, &readable);
		held = pselect(STDIN_FILENO + 1, &readable, NULL, NULL, NULL, &all_but_child) <= 0;
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	_exit(0);
}

/* In the first child: become the reaper, which does not return, and fork the command, which does. */
static int
fork_below_reaper(const struct spawn *spawn)
{
	struct sigaction action = { .sa_handler = on_child };
	struct news news = { 0, 0, 0 };
	pid_t pid;

	/* The first process of a new PID namespace must stay: with it all others there end. */
	if (getpid() == 1)
		return PREPARE_NAMESPACE;
	/* All signals are blocked here, so that none is missed before the reaper waits for it. */
	sigaction(SIGCHLD, &action, NULL);
	platform_adopt_orphans();	/* where there is no such thing, the session is what we find */
	if ((pid = fork()) < 0)
		return -1;
	if (pid > 0)
		reap(spawn, pid);
	/* First of all: whoever gives this start up must know whom to end. */
	news.pid = getpid();
	return io_write_all(spawn->news[1], (const char *)&news, sizeof(news));
}

/* In the child: everything that the command is to find, and nothing else. */
static int
prepare(void *argument, int report)
{
	struct spawn *spawn = argument;
	const struct otelop_spawn *options = spawn->options;
	int null, forked, keep[2] = { OTELOP_READY_FD, report };

	if ((forked = fork_below_reaper(spawn)) < 0)
		return forked;
	if (setsid() < 0)
		return -1;
	environ = spawn->environment.variables;
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

/* The state directory's own log is as trustworthy as the directory; any other is the caller's business. */
static int
open_default_log(struct spawn *spawn)
{
	const char *dir = spawn->options->state_dir;
	int dir_fd;

	if (dir == NULL)
		return (spawn->log_fd = io_open("/dev/null", O_WRONLY | O_CLOEXEC, 0)) < 0 ?
		    message_errno(&spawn->result->reason, "/dev/null: cannot open") : 0;
	if ((dir_fd = statedir_open(dir, &spawn->result->reason)) < 0)
		return -1;
	spawn->log_fd = statedir_open_file(dir_fd, dir, STATEDIR_LOG, O_WRONLY | O_APPEND | O_CREAT,
	    &spawn->result->reason);
	io_close(&dir_fd);
	return spawn->log_fd < 0 ? -1 : 0;
}

static int
open_log(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	struct stat found;

	if (options->log == NULL && options->log_fd <= 0) {
		if (open_default_log(spawn) < 0)
			return -1;
	} else if (options->log != NULL) {
		/* O_NONBLOCK: a FIFO that nobody reads must not hold us; the child's is an ordinary one. */
		spawn->log_fd = io_open(options->log,
		    O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0600);
	} else {
		spawn->log_fd = fcntl(options->log_fd, F_DUPFD_CLOEXEC, 3);
	}
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
		if (number <= INT_MAX && status_may_be_said((int)number) && *end == '\0')
			spawn->reported_status = (int)number;
	} else if (strncmp(pair, "summary=", 8) == 0) {
		message_set(&spawn->result->summary, "%s", pair + 8);
	}
	return 0;
}

/* Has the command ended?  How is in spawn->end, as far as anybody knows. */
static int
has_ended(struct spawn *spawn)
{
	struct news news;
	ssize_t n = 0;

	while (spawn->end.code == 0 && !spawn->reaper_is_gone) {
		n = read(spawn->news[0], &news, sizeof(news));
		if (n == (ssize_t)sizeof(news) && news.code != 0)
			spawn->end = news;
		else if (n == 0)
			spawn->reaper_is_gone = 1;
		else if (n < 0 && errno != EINTR)
			break;
	}
	return spawn->end.code != 0 ||
	    (spawn->reaper_is_gone && (spawn->child.pid < 1 || process_is_gone(&spawn->child)));
}

/* Wait at most so long for its end. */
static int
ends_within(struct spawn *spawn, int64_t wait_ms)
{
	struct pollfd news = { spawn->news[0], POLLIN, 0 };
	int64_t deadline = clock_deadline(wait_ms), left;
	int ended;

	while (!(ended = has_ended(spawn)) && (left = clock_left_ms(deadline)) > 0) {
		if (spawn->reaper_is_gone)
			process_wait_gone(&spawn->child, deadline);
		else
			poll(&news, 1, clock_poll_ms(left, OTELOP_FOREVER));
	}
	return ended;
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
	int exited = spawn->end.code == CLD_EXITED;

	if (spawn->end.code == 0)
		message_set(reason, "ended, and nobody knows how");
	else if (exited && spawn->end.status == 0)
		message_set(reason, "%s", ending_gone_behind);
	else
		ending_describe(spawn->end.code, spawn->end.status, reason);
	return fail(spawn, exited && status_is_passed_on(spawn->end.status) ? spawn->end.status : 1, ECHILD);
}

static int
fail_by_verdict(struct spawn *spawn, enum verdict verdict)
{
	spawn->result->said = verdict == VERDICT_FAILED;
	return fail(spawn, verdict == VERDICT_FAILED && spawn->reported_status != 0 ?
	    spawn->reported_status : 1, verdict == VERDICT_FAILED ? ECHILD : EPROTO);
}

/* The pipe is closed: because the child is dying, or did it close it? */
static int
fail_by_close(struct spawn *spawn)
{
	if (ends_within(spawn, VERDICT_DYING_MS))
		return fail_by_end(spawn);
	message_set(&spawn->result->reason, "closed the ready pipe without a verdict");
	return fail(spawn, 1, EPROTO);
}

/* 1: interrupt_fd had a byte, and the reason says so. */
static int
is_interrupted(struct spawn *spawn)
{
	unsigned char byte;

	if (spawn->options->interrupt_fd <= 0 || !selfpipe_next(spawn->options->interrupt_fd, &byte))
		return 0;
	message_set(&spawn->result->reason, "interrupted");
	fail(spawn, 128 + (byte & SELFPIPE_NUMBER), ECANCELED);
	return 1;
}

static int
poll_child(const struct spawn *spawn, int64_t deadline, int64_t next_tick)
{
	struct pollfd fds[4] = {
		{ spawn->ready[0], POLLIN, 0 },
		{ spawn->reaper_is_gone ? -1 : spawn->news[0], POLLIN, 0 },
		{ spawn->reaper_is_gone ? spawn->child.pidfd : -1, POLLIN, 0 },
		{ spawn->options->interrupt_fd > 0 ? spawn->options->interrupt_fd : -1, POLLIN, 0 },
	};
	int64_t wait_ms = clock_poll_ms(clock_left_ms(deadline),
	    spawn->options->tick != NULL ? clock_left_ms(next_tick) : OTELOP_FOREVER);

	if (spawn->reaper_is_gone && spawn->child.pidfd < 0)
		wait_ms = clock_poll_ms(wait_ms, 20);
	poll(fds, 4, (int)wait_ms);
	return fds[3].revents & POLLIN;
}

static int
await_verdict(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	int64_t began = clock_ms(), next_tick = began + 1000;
	int64_t deadline = clock_deadline(spawn->timeout_ms);
	struct verdict_reader reader = { .set = take_set, .argument = spawn };

	for (;;) {
		enum verdict verdict;
		int ended, interrupted = poll_child(spawn, deadline, next_tick);

		/* In this order: what it wrote before its end counts. */
		ended = has_ended(spawn);
		verdict = verdict_read(&reader, spawn->ready[0], &spawn->result->reason);
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
		if (clock_left_ms(deadline) == 0) {
			message_set(&spawn->result->reason, "%s%snot ready within %g s",
			    spawn->result->summary.text, *spawn->result->summary.text != '\0' ? " is " : "",
			    (double)spawn->timeout_ms / 1000);
			return fail(spawn, 124, ETIMEDOUT);
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
	struct tree tree = { .root = spawn->reaper, .is_reaper = 1, .session = spawn->child.pid };
	int saved = errno, is_all = tree_end(&tree, END_GRACE_MS) == 0;

	/* Whatever that could not see: the command is there until the reaper has gone. */
	if (spawn->child.pid > 0)
		process_signal(&spawn->child, SIGKILL);
	if (!ends_within(spawn, KILLED_MS))
		add_stuck(spawn, spawn->child.pid);
	else if (!is_all)
		add_reason(spawn, "; some of what it started may be left");
	errno = saved;
}

/*
 * The command was given up before its exec was heard of, and its reaper is dead: end it, if it is still itself.
 * 0; or its pid: it is stuck in the kernel.
 */
static pid_t
end_unfinished(struct spawn *spawn)
{
	struct news news;

	if (io_read_all(spawn->news[0], (char *)&news, sizeof(news)) != (ssize_t)sizeof(news) ||
	    process_open(&spawn->child, news.pid) != 1 || getsid(news.pid) != news.pid)
		return 0;
	kill(-news.pid, SIGKILL);	/* its group */
	return process_wait_gone(&spawn->child, clock_deadline(KILLED_MS)) ? 0 : news.pid;
}

/* Its reaper lives as yet: what has begun to prepare itself is ended before it is the command. */
static void
give_up(void *argument)
{
	struct spawn *spawn = argument;
	struct pollfd in = { spawn->news[0], POLLIN, 0 };

	if (poll(&in, 1, 0) == 1)
		spawn->stuck = end_unfinished(spawn);
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
		return fail(spawn, 124, ETIMEDOUT);
	}
	if (failure->before == -PREPARE_CHDIR)
		message_errno(reason, "cannot change to the directory %s", spawn->options->cwd);
	else if (failure->before == -PREPARE_NAMESPACE)
		message_set(reason, "cannot start: it would be the first process of a new PID namespace");
	else
		message_errno(reason, "cannot start");
	return fail(spawn, STATUS_FAILED, failure->error);
}

static int
fail_to_start(struct spawn *spawn, const struct child_failure *failure)
{
	if (!failure->before) {
		errno = failure->error;
		message_errno(&spawn->result->reason, "cannot run");
		return fail(spawn, status_of_exec(failure->error), failure->error);
	}
	if (spawn->stuck == 0)
		spawn->stuck = end_unfinished(spawn);
	fail_before_exec(spawn, failure);
	if (spawn->stuck > 0)
		add_stuck(spawn, spawn->stuck);
	return -1;
}

static int
start_child(struct spawn *spawn)
{
	struct child_plan plan = { .argv = spawn->argv, .prepare = prepare, .argument = spawn,
	    .timeout_ms = spawn->timeout_ms < 0 ? 0 : spawn->timeout_ms,
	    .given_up = give_up, .interrupt_fd = spawn->options->interrupt_fd };
	struct otelop_message *reason = &spawn->result->reason;
	struct child_failure failure;
	struct news news;

	if (child_can_wait() < 0) {
		message_errno(reason, "children: cannot be waited for");
		return fail(spawn, STATUS_FAILED, errno);
	}
	if (io_pipe(spawn->ready) < 0 || io_socketpair(spawn->news) < 0) {
		message_errno(reason, "cannot make the ready pipe");
		return fail(spawn, STATUS_FAILED, errno);
	}
	spawn->reaper = child_start(&plan, &failure);
	io_close(&spawn->ready[1]);
	io_close(&spawn->news[1]);
	if (spawn->reaper < 0)
		return fail_to_start(spawn, &failure);
	if (io_read_all(spawn->news[0], (char *)&news, sizeof(news)) != (ssize_t)sizeof(news) ||
	    io_nonblock(spawn->news[0], 1) < 0) {
		message_set(reason, "cannot be watched");
		return fail(spawn, STATUS_FAILED, EIO);
	}
	spawn->result->child = news.pid;
	process_open(&spawn->child, news.pid);
	return 0;
}

/* The reaper, above all that it started, still lives.  Without orphans that come to it, the session tells. */
static int
is_started_by(const struct spawn *spawn, pid_t pid)
{
	struct platform_process process = { .parent = pid };
	int steps;

	for (steps = 0; steps < ANCESTORS_MAX && process.parent > 1; steps++) {
		if (process.parent == spawn->reaper)
			return 1;
		if (platform_process(process.parent, &process) != 1)
			return 0;
		if (process.session == spawn->result->child)
			return 1;
	}
	return 0;
}

/* What is there may be another's start, which otelop-run has waited for. */
static int
is_recorded(const struct spawn *spawn, pid_t pid)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	int is_named = spawn->options->state_dir != NULL &&
	    otelop_read_metadata(spawn->options->state_dir, &metadata, NULL) == 0 && meta_pid(&metadata) == pid;

	otelop_metadata_free(&metadata);
	return is_named;
}

/* Whoever asks for the pid may signal it: a child cannot make it any other's. */
static pid_t
reported(const struct spawn *spawn)
{
	pid_t pid = spawn->reported_pid;

	return pid > 0 && (is_started_by(spawn, pid) || is_recorded(spawn, pid)) ? pid : spawn->result->child;
}

static int
is_ready(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	pid_t pid = reported(spawn);

	if (options->confirm != NULL && options->confirm(options->argument, pid) < 0) {
		message_set(&spawn->result->reason, "ready, and not wanted any more");
		return fail(spawn, STATUS_FAILED, ECANCELED);
	}
	spawn->result->pid = pid;
	return 0;
}

static int
check_arguments(struct spawn *spawn)
{
	const struct otelop_spawn *options = spawn->options;
	struct otelop_message *reason = &spawn->result->reason;
	const char *const *s;

	errno = EINVAL;
	if (spawn->argv == NULL || spawn->argv[0] == NULL)
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
start(struct spawn *spawn)
{
	if (check_arguments(spawn) < 0 || open_log(spawn) < 0)
		return fail(spawn, STATUS_FAILED, errno);
	if (make_environment(spawn) < 0) {
		message_errno(&spawn->result->reason, "cannot make the environment");
		return fail(spawn, STATUS_FAILED, errno);
	}
	if (start_child(spawn) == 0 && await_verdict(spawn) == 0 && is_ready(spawn) == 0)
		return 0;
	if (spawn->reaper > 0)
		end_all(spawn);
	return -1;
}

int
otelop_spawn(const struct otelop_spawn *options, char *const argv[],
    struct otelop_spawn_result *result)
{
	static const struct otelop_spawn usual = OTELOP_SPAWN_INIT;
	struct spawn spawn = { .options = options != NULL ? options : &usual, .argv = argv, .result = result,
	    .log_fd = -1, .ready = { -1, -1 }, .news = { -1, -1 }, .reaper = -1,
	    .child = { -1, -1 } };
	int outcome, saved;

	if (result == NULL) {
		errno = EINVAL;
		return -1;
	}
	memset(result, 0, sizeof(*result));
	result->log_start = -1;
	spawn.timeout_ms = spawn.options->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : spawn.options->timeout_ms;
	outcome = start(&spawn);
	saved = errno;
	io_close(&spawn.news[0]);
	while (spawn.reaper > 0 && waitpid(spawn.reaper, NULL, 0) < 0 && errno == EINTR)
		;
	process_close(&spawn.child);
	io_close(&spawn.ready[0]);
	io_close(&spawn.ready[1]);
	io_close(&spawn.news[1]);
	io_close(&spawn.log_fd);
	environment_free(&spawn.environment);
	errno = saved;
	return outcome;
}
