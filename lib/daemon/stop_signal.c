/* Whom a stop signals; stop_signal.h says who that is. */
#include "daemon/stop_signal.h"
#include "base/message.h"
#include "base/pids.h"
#include "daemon/stop_say.h"
#include "platform/platform.h"
#include "state/holder.h"
#include "state/statedir.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int
stop_signal(const struct process *process, int number, struct otelop_message *message)
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

/* A process that was seen with this beginning; whoever has its number since then is another.  0; -1: it has not got it. */
static int
signal_seen(const struct platform_process *seen, int number)
{
	unsigned long long ticks;
	struct process process;
	int result = -1;

	if (process_open(&process, seen->pid) != 1)
		return -1;
	if (seen->start_ticks == 0 || (platform_process_start_ticks(seen->pid, &ticks) == 1 &&
	    ticks == seen->start_ticks))
		result = stop_signal(&process, number, NULL);
	process_close(&process);
	return result;
}

void
stop_signal_below(struct target *target, int number)
{
	struct pids *had = number == SIGKILL ? &target->killed : &target->asked;
	const struct platform_process *left = NULL;
	struct process_name name;

	while (target_runner(target) == NULL && (left = target_left(target, left)) != NULL)
		if (pids_add(had, left->pid) == 1) {
			process_name(&name, left->pid);
			if (signal_seen(left, number) == 0 && number == SIGKILL)
				stop_log_killed(&target->dir, &name);
		}
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

int
stop_is_run(const struct target *target)
{
	return target->parent.pid > 0 && !process_is_gone(&target->parent) &&
	    platform_process_has_open(target->parent.pid, &target->named.file, STATEDIR_METADATA) == 1;
}

void
stop_signal_keepers(struct target *target, int number)
{
	struct pids *had = number == SIGKILL ? &target->killed : &target->asked;
	size_t i;

	if (stop_is_run(target))
		return;
	if (target->is_starting && number == SIGKILL)
		for (i = 0; i < target->below_count; i++)
			signal_seen(&target->below[i], number);
	stop_signal_below(target, number);
	if (holder_signal_keepers(&target->named, number, had, &target->foreign,
	    number == SIGKILL ? stop_log_killed : NULL) < 0 && errno == ENOSYS && (target->held || target->daemon.pid > 0))
		signal_session(target, number);
}
