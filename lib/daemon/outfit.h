/* What a daemon finds when it begins: its environment, its log, the ready pipe, and nothing else of the caller's. */
#ifndef OUTFIT_H
#define OUTFIT_H

#include "otelop.h"
#include "process/environment.h"

struct outfit {
	const struct otelop_spawn *options;
	struct environment environment;
	int log_fd;
	long long log_start;	/* where in the log this start begins; -1: it is no regular file */
	int ready_fd;		/* the child's end of the ready pipe, for who puts it on */
};

/* Make it, but for the ready pipe.  0; or -1 with the reason.  outfit_free is due in both cases. */
int outfit_make(struct outfit *outfit, const struct otelop_spawn *options, struct otelop_message *reason);
void outfit_free(struct outfit *outfit);

/*
 * In the child that is to become the daemon, and async-signal-safe: a session of its own, and what was made; report
 * stays open.  0; or below 0, and errno: OUTFIT_CHDIR it is the directory that cannot be entered.
 */
#define OUTFIT_CHDIR (-2)
int outfit_put_on(const struct outfit *outfit, int report);

#endif
