/* Processes that cannot be mistaken for others. */
#include "process/process.h"
#include "base/clock.h"
#include "base/io.h"
#include "otelop.h"
#include "platform/platform.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define CLOCK_SLACK_MS 20	/* a file's time is known to a jiffy, a process's to a tick */

/* Did a filter answer, and not the kernel?  It cannot mean that there is no such process as ourselves. */
static int
is_refused_to_all(void)
{
	int saved = errno, ours = platform_pidfd_open(getpid()), refused = ours < 0;

	io_close(&ours);
	errno = saved;
	return refused;
}

int
process_open(struct process *process, pid_t pid)
{
	process->pid = pid;
	process->pidfd = -1;
	if (pid < 1)
		return 0;
	if ((process->pidfd = platform_pidfd_open(pid)) >= 0)
		return io_move_above(&process->pidfd, 3) < 0 ? -1 : 1;
	if (errno == ESRCH)
		return 0;
	/* EINVAL, ENOENT: a thread's number, which is no process; ENOSYS and others: an old kernel, seccomp. */
	if (errno == ENOSYS || errno == EPERM || errno == EACCES ||
	    ((errno == EINVAL || errno == ENOENT) && is_refused_to_all()))
		return kill(pid, 0) == 0 || errno == EPERM;
	return errno == EINVAL || errno == ENOENT ? 0 : -1;
}

void
process_close(struct process *process)
{
	io_close(&process->pidfd);
}

/* The handle was refused with errno.  Is its number to be used instead?  A filter may deny just that call. */
static int
may_go_by_number(const struct process *process)
{
	if (errno == ESRCH || errno == EINVAL)
		return 0;
	/* While it has not ended, the number is its own. */
	if (!process_is_gone(process))
		return 1;
	errno = ESRCH;
	return 0;
}

int
process_signal(const struct process *process, int signal_number)
{
	if (process->pidfd >= 0) {
		if (platform_pidfd_signal(process->pidfd, signal_number) == 0)
			return 0;
		if (!may_go_by_number(process))
			return -1;
	}
	return kill(process->pid, signal_number);
}

int
process_signal_value(const struct process *process, int signal_number, int value)
{
	if (process->pidfd >= 0) {
		if (platform_signal_value(process->pid, process->pidfd, signal_number, value) == 0)
			return 0;
		if (errno == EAGAIN || !may_go_by_number(process))
			return -1;
	}
	return platform_signal_value(process->pid, -1, signal_number, value);
}

int
process_is_gone(const struct process *process)
{
	struct platform_process now;

	if (process->pidfd >= 0) {
		struct pollfd ended = { process->pidfd, POLLIN, 0 };

		return poll(&ended, 1, 0) > 0;
	}
	if (kill(process->pid, 0) < 0 && errno == ESRCH)
		return 1;
	return platform_process(process->pid, &now) == 1 && now.state == 'Z';
}

int
process_wait_either(const struct process *a, const struct process *b, int64_t deadline)
{
	int64_t pause = 1;

	for (;;) {
		int64_t left = clock_left_ms(deadline);
		int can_poll = a->pidfd >= 0 && (b == NULL || b->pidfd >= 0);
		struct pollfd ended[2] = { { a->pidfd, POLLIN, 0 }, { b != NULL ? b->pidfd : -1, POLLIN, 0 } };

		if (process_is_gone(a))
			return 1;
		if (b != NULL && process_is_gone(b))
			return 2;
		if (left == 0)
			return 0;
		if (can_poll) {
			poll(ended, 2, clock_poll_ms(left, OTELOP_FOREVER));
		} else {
			clock_sleep_ms(clock_poll_ms(left, pause));
			pause = pause < 50 ? pause * 2 : 100;
		}
	}
}

int
process_wait_gone(const struct process *process, int64_t deadline)
{
	return process_wait_either(process, NULL, deadline);
}

int
process_is_alive(pid_t pid)
{
	struct process process;
	int alive, found = process_open(&process, pid);

	if (found == 0)
		return 0;
	if (found < 0)
		process.pidfd = -1;	/* no descriptor to be had is no reason to call it dead */
	alive = !process_is_gone(&process);
	process_close(&process);
	return alive;
}

int
otelop_process_alive(pid_t pid)
{
	if (pid < 1) {
		errno = EINVAL;
		return 0;
	}
	return process_is_alive(pid);
}

void
process_name(struct process_name *name, pid_t pid)
{
	name->pid = pid;
	if (platform_process_name(pid, name->name, sizeof(name->name)) != 1)
		*name->name = '\0';
}

int
process_keeps_open(pid_t pid, const struct stat *file, const char *name)
{
	struct platform_process process;
	int has = platform_process_has_open(pid, file, name);

	if (has == 1)
		return 1;
	if (platform_process(pid, &process) != 1)
		return -1;
	/* A parent that may not be looked into (init's, to a user) is no otelop-run of ours; a zombie's may. */
	return platform_process_has_open(process.parent, file, name) == 1 ? 1 : has;
}

int
process_is_younger(pid_t pid, const struct stat *file)
{
	struct timespec began;
	int64_t later_ms;

	if (platform_process_began(pid, &began) != 1)
		return 0;
	later_ms = ((int64_t)began.tv_sec - (int64_t)file->st_mtim.tv_sec) * 1000 +
	    (began.tv_nsec - file->st_mtim.tv_nsec) / 1000000;
	return later_ms > CLOCK_SLACK_MS;
}
