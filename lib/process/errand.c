/* A child that does what may never come back. */
#include "process/errand.h"
#include "base/clock.h"
#include "base/io.h"
#include "otelop.h"
#include "process/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

struct answer {
	int result;
	char text[ERRAND_TEXT_SIZE];
};

struct errand {
	int (*run)(void *argument, char text[ERRAND_TEXT_SIZE]);
	void *argument;
	int answer[2];
};

static int
tell(void *argument)
{
	struct errand *errand = argument;
	struct answer answer = { 0 };

	answer.result = errand->run(errand->argument, answer.text);
	return io_write_all(errand->answer[1], (const char *)&answer, sizeof(answer)) < 0;
}

/* 1; 0: not in time. */
static int
is_answered(int fd, int64_t deadline)
{
	struct pollfd in = { fd, POLLIN, 0 };
	int64_t left;

	do
		left = clock_left_ms(deadline);
	while (poll(&in, 1, clock_poll_ms(left, OTELOP_FOREVER)) < 1 && left != 0);
	return in.revents != 0;
}

int
errand_ask(int (*run)(void *argument, char text[ERRAND_TEXT_SIZE]), void *argument, int64_t timeout_ms,
    char text[ERRAND_TEXT_SIZE])
{
	struct errand errand = { run, argument, { -1, -1 } };
	struct answer answer = { .result = -1 };
	int error = EIO;
	pid_t pid;

	if (io_pipe(errand.answer) < 0)
		return -1;
	pid = child_fork(tell, &errand);
	if (pid < 0)
		error = errno;
	io_close(&errand.answer[1]);
	if (pid > 0 && !is_answered(errand.answer[0], clock_deadline(timeout_ms)))
		error = ETIMEDOUT;
	else if (pid > 0 && io_read_all(errand.answer[0], (char *)&answer, sizeof(answer)) !=
	    (ssize_t)sizeof(answer))
		answer.result = -1;
	io_close(&errand.answer[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		child_reap_killed(pid);
	}
	memcpy(text, answer.text, sizeof(answer.text));
	errno = error;
	return answer.result;
}

struct silent {
	int (*run)(void *argument);
	void *argument;
};

static int
run_silently(void *argument, char text[ERRAND_TEXT_SIZE])
{
	const struct silent *silent = argument;

	(void)text;
	return silent->run(silent->argument);
}

int
errand_run(int (*run)(void *argument), void *argument, int64_t timeout_ms)
{
	struct silent silent = { run, argument };
	char text[ERRAND_TEXT_SIZE];

	return errand_ask(run_silently, &silent, timeout_ms, text);
}

static int
find(void *argument)
{
	return exec_find(argument) == 0 ? 0 : errno;
}

int
errand_find(const char *command)
{
	int error = errand_run(find, (char *)(uintptr_t)command, ERRAND_LOOK_MS);

	if (error > 0)
		errno = error;
	return error == 0 ? 0 : -1;
}
