/* What a command says, in bounds. */
#include "process/output.h"
#include "base/clock.h"
#include "base/io.h"
#include "otelop.h"
#include "process/child.h"
#include "process/selfpipe.h"

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static const int caught[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0 };
#define CAUGHT_COUNT (sizeof(caught) / sizeof(caught[0]) - 1)

/* The caller's signals, while they are ours. */
struct borrowed {
	struct sigaction before[CAUGHT_COUNT];
	sigset_t mask;
};

struct talk {
	char *bytes;
	size_t size;
	size_t used;
	int64_t deadline;
	int said[2];		/* the command's stdout */
	int signals;
	int interruption;	/* the signal that is to end us; 0: none */
	pid_t pid;
};

static void
borrow_signals(struct borrowed *borrowed)
{
	size_t i;

	for (i = 0; i < CAUGHT_COUNT; i++)
		sigaction(caught[i], NULL, &borrowed->before[i]);
	sigprocmask(SIG_SETMASK, NULL, &borrowed->mask);
}

static void
return_signals(const struct borrowed *borrowed)
{
	size_t i;

	for (i = 0; i < CAUGHT_COUNT; i++)
		sigaction(caught[i], &borrowed->before[i], NULL);
	sigprocmask(SIG_SETMASK, &borrowed->mask, NULL);
}

static int
prepare(void *argument, int keep)
{
	struct talk *talk = argument;
	int fds[2] = { keep, talk->said[1] };

	if (setpgid(0, 0) < 0 || child_keep_only(fds, 2) < 0 || io_dup2(talk->said[1], STDOUT_FILENO) < 0)
		return -1;
	io_close(&talk->said[1]);
	return 0;
}

static void
take_signals(struct talk *talk)
{
	struct selfpipe_signal signal;

	while (selfpipe_next(talk->signals, &signal))
		if (signal.number != SIGCHLD)
			talk->interruption = signal.number;
}

/* A child that stops, or one that we had before our exec, is no reason. */
static int
is_interrupted(void *argument)
{
	struct talk *talk = argument;

	take_signals(talk);
	return talk->interruption != 0;
}

/* 0; -1: ETIMEDOUT, ECANCELED a signal came, or as exec has it. */
static int
begin(struct talk *talk, char *const argv[])
{
	struct child_plan plan = { .argv = argv, .prepare = prepare, .argument = talk, .interrupt_fd = talk->signals,
	    .gives_up = is_interrupted };
	struct child_failure failure;

	if ((plan.timeout_ms = clock_left_ms(talk->deadline)) == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	talk->pid = child_start(&plan, &failure);
	io_close(&talk->said[1]);
	if (talk->pid < 0)
		errno = failure.error;
	return talk->pid < 0 ? -1 : 0;
}

/* What there is.  0; -1: EMSGSIZE it is too much; errno. */
static int
take_words(struct talk *talk)
{
	ssize_t n;

	while (talk->used < talk->size) {
		n = read(talk->said[0], talk->bytes + talk->used, talk->size - talk->used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -1;
		if (n == 0)
			io_close(&talk->said[0]);
		if (n <= 0)
			return 0;
		talk->used += (size_t)n;
	}
	errno = EMSGSIZE;
	return -1;
}

/* It stays a zombie, so that its group's number is nobody else's yet.  1 or 0; -1: errno. */
static int
has_ended(pid_t pid)
{
	siginfo_t how = { 0 };
	int result;

	do
		result = waitid(P_PID, (id_t)pid, &how, WEXITED | WNOHANG | WNOWAIT);
	while (result < 0 && errno == EINTR);
	return result < 0 ? -1 : how.si_pid == pid;
}

/* Until it has ended.  0; -1: errno. */
static int
hear_out(struct talk *talk)
{
	struct pollfd fds[2] = { { talk->signals, POLLIN, 0 }, { -1, POLLIN, 0 } };
	int64_t left;
	int ended;

	for (;;) {
		if ((ended = has_ended(talk->pid)) < 0)
			return -1;
		if (talk->said[0] >= 0 && take_words(talk) < 0)
			return -1;
		if (ended)
			return 0;
		if ((left = clock_left_ms(talk->deadline)) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		fds[1].fd = talk->said[0];
		poll(fds, 2, clock_poll_ms(left, OTELOP_FOREVER));
		if (is_interrupted(talk)) {
			errno = EINTR;
			return -1;
		}
	}
}

/* End what is left of it.  status is told where it has ended by itself. */
static void
finish(struct talk *talk, int has_ended_itself, int *status)
{
	kill(-talk->pid, SIGKILL);
	if (has_ended_itself)
		while (waitpid(talk->pid, status, 0) < 0 && errno == EINTR)
			;
	else
		child_reap_killed(talk->pid);
}

ssize_t
output_of(char *const argv[], char *bytes, size_t size, int64_t deadline, int *status)
{
	struct talk talk = { .bytes = bytes, .size = size, .deadline = deadline, .said = { -1, -1 }, .pid = -1 };
	struct borrowed borrowed;
	int result = -1, saved;

	if (io_pipe(talk.said) < 0)
		return -1;
	borrow_signals(&borrowed);
	talk.signals = selfpipe_open(caught);
	if (talk.signals >= 0 && io_nonblock(talk.said[0], 1) == 0 && begin(&talk, argv) == 0)
		result = hear_out(&talk);
	saved = errno;
	if (talk.pid > 0)
		finish(&talk, result == 0, status);
	return_signals(&borrowed);
	if (talk.signals >= 0) {
		take_signals(&talk);
		selfpipe_close(&talk.signals);
	}
	io_close(&talk.said[0]);
	io_close(&talk.said[1]);
	if (talk.interruption != 0) {
		raise(talk.interruption);	/* as it would have been without us */
		saved = EINTR;
		result = -1;
	}
	errno = saved;
	return result < 0 ? -1 : (ssize_t)talk.used;
}
