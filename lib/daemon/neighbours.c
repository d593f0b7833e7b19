/* Daemons that the command has started. */
#include "daemon/neighbours.h"
#include "base/pids.h"
#include "platform/platform.h"
#include "process/tree.h"

#include <stdlib.h>
#include <unistd.h>

/*
 * Was it started as a daemon of another state directory?  It leads a session then, and its first environment, which it
 * cannot have from us, says both.
 */
static int
is_neighbour(const struct run *run, pid_t child)
{
	return child != run->command.pid && getsid(child) == child &&
	    platform_process_has_variable(child, "OTELOP_DAEMONIZED", "1") == 1 &&
	    platform_process_has_variable(child, "OTELOP_STATE_DIR", NULL) == 1 &&
	    platform_process_has_variable(child, "OTELOP_STATE_DIR", run->options->state_dir) == 0;
}

/* Without memory it is ended as all else is. */
static void
spare(struct run *run, pid_t child)
{
	struct process_identity identity = { .pid = child }, *grown;

	if (platform_process_start_ticks(child, &identity.start_ticks) != 1 ||
	    (grown = realloc(run->spared, (run->spared_count + 1 + RUN_HELPERS) * sizeof(*grown))) == NULL)
		return;
	run->spared = grown;
	run->spared[run->spared_count++] = identity;
}

void
neighbours_spare(struct run *run)
{
	struct pids children = { 0 };
	size_t i;

	if (run->spared != NULL && platform_adopts_orphans() && platform_children(CHILDREN_YOUNGER, &children) == 0)
		for (i = 0; i < children.count; i++)
			if (is_neighbour(run, children.items[i]))
				spare(run, children.items[i]);
	pids_free(&children);
}
