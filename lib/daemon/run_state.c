/* What otelop-run knows while it runs a command. */
#include "daemon/run_state.h"
#include "daemon/logger.h"
#include "daemon/outcome.h"
#include "daemon/readiness.h"
#include "process/tree.h"

#include <signal.h>

struct tree
run_tree(const struct run *run)
{
	struct tree tree = { .root = run->command.pid, .adopted = 1, .session = run->session,
	    .spared = run->spared, .spared_count = run->spared_count };
	pid_t helpers[READINESS_HELPERS];
	size_t i, count;

	if (run->spared == NULL)
		return tree;
	/* What comes to us may be theirs. */
	if (tree.spared_count > 0)
		tree.state_dir = run->options->state_dir;
	count = readiness_helpers(&run->readiness, helpers);
	run->spared[tree.spared_count++].pid = run->logger.pid;
	for (i = 0; i < count; i++)
		run->spared[tree.spared_count++].pid = helpers[i];
	return tree;
}

int
run_is_end(int signal_number)
{
	return signal_number == SIGTERM || signal_number == SIGINT || signal_number == SIGHUP;
}

int
run_hear_end(struct run *run, int signal_number)
{
	enum outcome before = run->outcome;

	run->outcome = outcome_after(before, signal_number == SIGHUP ? EVENT_HUP : EVENT_TERM);
	if (run->outcome == before || (run->outcome != RUN_GIVEN_UP && run->outcome != RUN_CALLED_OFF))
		return 0;
	run->given_up_by = signal_number;
	return 1;
}
