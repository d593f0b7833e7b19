#include "daemon/parents.h"
#include "base/clock.h"
#include "base/message.h"

#define LOOK_MS 200

int
parents_follow(struct parents *parents, const pid_t *pids, size_t count, struct otelop_message *reason)
{
	struct process *process;

	for (parents->count = 0; parents->count < count; parents->count++) {
		process = &parents->process[parents->count];
		if (process_open(process, pids[parents->count]) == 1) {
			if (!process_is_gone(process))
				continue;
			process_close(process);
		}
		return message_set(reason, "%ld: the parent process is gone", (long)pids[parents->count]);
	}
	return 0;
}

/* Without a pidfd of each we can only look, from time to time. */
static int
must_look(const struct parents *parents)
{
	size_t i;

	for (i = 0; i < parents->count; i++)
		if (parents->process[i].pidfd < 0)
			return 1;
	return 0;
}

int
parents_lost_one(struct parents *parents)
{
	size_t i;

	if (must_look(parents)) {
		if (clock_left_ms(parents->next_look) > 0)
			return 0;
		parents->next_look = clock_deadline(LOOK_MS);
	}
	for (i = 0; i < parents->count; i++)
		if (process_is_gone(&parents->process[i]))
			return 1;
	return 0;
}

size_t
parents_poll(const struct parents *parents, struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < parents->count; i++)
		fds[i] = (struct pollfd){ parents->process[i].pidfd, POLLIN, 0 };
	return parents->count;
}

int64_t
parents_due_ms(const struct parents *parents)
{
	return must_look(parents) ? clock_left_ms(parents->next_look) : OTELOP_FOREVER;
}

void
parents_close(struct parents *parents)
{
	while (parents->count > 0)
		process_close(&parents->process[--parents->count]);
}
