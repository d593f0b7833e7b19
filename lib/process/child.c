/* Start a command in a child that has nothing of ours but what it is meant to have. */
#include "process/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/status.h"
#include "otelop.h"
#include "platform/platform.h"
#include "process/exec.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define KILLED_MS 1000		/* between KILL and the end of what is not stuck in the kernel */
#define ABOVE_USUAL 10	/* shells and daemons use the numbers below */
#define SHARED_STACK 32768	/* a path of its longest, and several times what else is on it */

extern char **environ;

static int
stays_ignored(int number, const int *kept)
{
	struct sigaction now;

	for (; kept != NULL && *kept != 0; kept++)
		if (*kept == number)
			return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
	return 0;
}

void
child_reset_signals(const int *kept)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;
	int number;

	for (number = 1; number <= platform_last_signal(); number++)
		if (!stays_ignored(number, kept))
			sigaction(number, &action, NULL);	/* KILL and STOP refuse */
	platform_reset_hidden_signals();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What a child is told, and finds in our memory unchanged until it has begun. */
struct start {
	const struct child_plan *plan;
	char **words;
	int report;
};

/* The exit status of who could not become the command. */
static int
run_child(void *argument)
{
	const struct start *start = argument;
	const struct child_plan *plan = start->plan;
	char *const *environment = plan->environment != NULL ? plan->environment : environ;
	struct child_failure failure = { .before = -plan->prepare(plan->argument, start->report) };

	if (failure.before == 0) {
		child_reset_signals(plan->kept_ignored);
		exec_become(start->words, environment);
	}
	failure.error = errno;
	if (failure.before == 0)
		exec_missing(plan->argv[0], environment, failure.error, failure.missing);
	io_write_all(start->report, (const char *)&failure, sizeof(failure));
	return STATUS_FAILED;
}

/*
 * fork with all signals blocked in the child, which must not run our handlers: they would write into
 * our pipes.  With a stack: run_child in our memory, on that.
 */
static pid_t
fork_deaf(struct start *start, char *stack)
{
	sigset_t all, before;
	pid_t pid;
	int saved;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = stack != NULL ? platform_share(run_child, start, stack, SHARED_STACK) : fork();
	if (pid == 0)
		return 0;
	saved = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return pid;
}

pid_t
child_fork(int (*run)(void *), void *argument)
{
	pid_t pid = fork_deaf(NULL, NULL);

	if (pid == 0) {
		child_reset_signals(NULL);
		_exit(run(argument));
	}
	return pid;
}

int
child_keep_only(const int *fds, size_t count)
{
	int null = io_open("/dev/null", O_RDWR, 0), keep[CHILD_KEEPS];
	size_t i, k;

	for (i = 0; i < count; i++) {
		for (k = i; k > 0 && keep[k - 1] > fds[i]; k--)
			keep[k] = keep[k - 1];
		keep[k] = fds[i];
	}
	if (null < 0 || io_dup2(null, 0) < 0 || io_dup2(null, 1) < 0 || io_dup2(null, 2) < 0)
		return -1;
	platform_close_all_but(keep, count);
	return 0;
}

/*
 * To find and load a command may last for ever, on a file system whose server is away.  0, or an errno.  was_disturbed:
 * our own errno may have changed meanwhile.
 */
static int
await_report(const struct child_plan *plan, int report, int *was_disturbed)
{
	int64_t deadline = clock_deadline(plan->timeout_ms > 0 ? plan->timeout_ms : OTELOP_FOREVER), left;
	struct pollfd fds[2] = {
		{ report, POLLIN, 0 }, { plan->interrupt_fd > 0 ? plan->interrupt_fd : -1, POLLIN, 0 },
	};
	int ready;

	do {
		left = clock_left_ms(deadline);
		ready = poll(fds, 2, clock_poll_ms(left, plan->look_ms > 0 ? plan->look_ms : OTELOP_FOREVER));
		if (ready > 0 && fds[0].revents != 0)
			return 0;
		*was_disturbed = 1;
		if (ready < 0)
			continue;
		if ((fds[1].revents != 0 || (ready == 0 && plan->look_ms > 0)) && (plan->gives_up == NULL || plan->gives_up(plan->argument)))
			return ECANCELED;
	} while (left != 0);
	return ETIMEDOUT;
}

int
child_can_wait(void)
{
	siginfo_t how;

	if (waitid(P_ALL, 0, &how, WEXITED | WNOHANG | WNOWAIT) == 0)
		return 0;
	return errno == ECHILD ? 1 : errno == EINTR ? 0 : -1;
}

int
child_reap_killed(pid_t pid)
{
	int64_t deadline = clock_deadline(KILLED_MS);
	pid_t reaped;

	while ((reaped = waitpid(pid, NULL, WNOHANG)) == 0 && clock_left_ms(deadline) > 0)
		clock_sleep_ms(1);
	return reaped != 0;
}

/* The child has begun: until it is the command, or says why not (failure->error), or is given up.  Its pid, or -1. */
static pid_t
see_begun(const struct child_plan *plan, pid_t pid, int report, struct child_failure *failure, int *is_uncertain)
{
	int was_disturbed = 0, error = await_report(plan, report, &was_disturbed);
	ssize_t n = error != 0 ? -1 : io_read_all(report, (char *)failure, sizeof(*failure));

	if (n == 0)
		return pid;
	if (n < 0) {
		*failure = (struct child_failure){ .before = 1, .error = error != 0 ? error : errno };
		/* At once: it may be about to become the command, and what that begins is not to be cut off. */
		if (plan->given_up != NULL)
			plan->given_up(plan->argument, pid);
	}
	/* Nobody knows enough of it to let it go on. */
	kill(pid, SIGKILL);
	failure->left = child_reap_killed(pid) ? 0 : pid;
	*is_uncertain = n > 0 && was_disturbed;
	return -1;
}

static pid_t
start_once(struct start *start, char *stack, struct child_failure *failure, int *is_uncertain)
{
	int report[2] = { -1, -1 };
	pid_t pid = -1;

	*failure = (struct child_failure){ .before = 1 };
	if (io_pipe(report) == 0 && io_move_above(&report[1], ABOVE_USUAL) == 0) {
		start->report = report[1];
		if ((pid = fork_deaf(start, stack)) == 0)
			_exit(run_child(start));
	}
	failure->error = errno;
	io_close(&report[1]);
	*is_uncertain = pid < 0;
	if (pid > 0)
		pid = see_begun(start->plan, pid, report[0], failure, is_uncertain);
	io_close(&report[0]);
	return pid;
}

/* In our memory.  What such a child says of its failure is uncertain if its errno, which is ours, was disturbed. */
static pid_t
start_sharing(struct start *start, struct child_failure *failure, int *is_uncertain)
{
	char stack[SHARED_STACK];

	return start_once(start, stack, failure, is_uncertain);
}

pid_t
child_start(const struct child_plan *plan, struct child_failure *failure)
{
	struct start start = { plan, exec_words(plan->argv), -1 };
	int is_uncertain = 1;
	pid_t pid = -1;

	if (start.words == NULL) {
		*failure = (struct child_failure){ .before = 1, .error = errno };
		return -1;
	}
	if (plan->shares)
		pid = start_sharing(&start, failure, &is_uncertain);
	if (pid < 0 && is_uncertain)
		pid = start_once(&start, NULL, failure, &is_uncertain);
	free(start.words);
	return pid;
}
