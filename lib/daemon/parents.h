/* The processes of --with-parent: what is run ends when the first of them is gone. */
#ifndef PARENTS_H
#define PARENTS_H

#include <sys/types.h>

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "otelop.h"
#include "process/process.h"

#define PARENTS_MAX 4

struct parents {
	struct process process[PARENTS_MAX];
	size_t count;
	int64_t next_look;
};

/* From now on.  -1: one of them is gone, and the reason names it. */
int parents_follow(struct parents *parents, const pid_t *pids, size_t count, struct otelop_message *reason);

/* Is one of them gone?  1 or 0, also between two looks where no event tells. */
int parents_lost_one(struct parents *parents);

/* What becomes readable when one is gone, at most PARENTS_MAX; how many. */
size_t parents_poll(const struct parents *parents, struct pollfd *fds);

/* When to look again whatever happens; OTELOP_FOREVER: events tell. */
int64_t parents_due_ms(const struct parents *parents);

void parents_close(struct parents *parents);

#endif
