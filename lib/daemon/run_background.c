/* A command that has put itself into the background. */
#include "daemon/run_background.h"
#include "base/clock.h"
#include "base/message.h"
#include "daemon/outcome.h"
#include "daemon/run_state.h"
#include "json/json.h"
#include "process/addresses.h"
#include "process/ending.h"
#include "process/process.h"
#include "process/sockets.h"
#include "process/tree.h"
#include "state/meta.h"

#include <signal.h>
#include <stdlib.h>

#define BACKGROUND_MS 5000	/* after the verdict; whoever serves so long has a right to end with 0 */

/* One of these that was published; or NULL. */
static const char *
find_published(const struct run *run, const struct addresses *found)
{
	struct json_value listen, *published;
	const char *address = NULL;
	size_t count, i, j;

	if (!meta_find(&run->metadata, "listen", &listen) || json_elements(&listen, &published, &count) < 0)
		return NULL;
	for (i = 0; i < found->count && address == NULL; i++)
		for (j = 0; j < count && address == NULL; j++)
			if (json_string_is(&published[j], found->items[i]))
				address = found->items[i];
	free(published);
	return address;
}

/* Has this process such an address?  Then the reason says so. */
static int
serves(struct run *run, pid_t pid)
{
	struct process_name name;
	struct addresses found;
	const char *address;

	if (sockets_find_last(&pid, 1, &found) < 0)	/* as it was published */
		return 0;
	if ((address = find_published(run, &found)) != NULL) {
		process_name(&name, pid);
		message_set(&run->report->reason, "exited with status 0 and left process %ld (%s), which listens on %s; %s",
		    (long)pid, name.name, address, ending_stay_in_front);
	}
	addresses_free(&found);
	return address != NULL;
}

void
run_notice_background(struct run *run)
{
	struct tree tree = run_tree(run);
	struct json_value listen;
	pid_t *pids;
	size_t count, i;
	int found = 0;

	if (outcome_after(run->outcome, EVENT_BACKGROUND) == run->outcome || run->how.si_code != CLD_EXITED ||
	    run->how.si_status != 0 || clock_ms() - run->ready_at > BACKGROUND_MS ||
	    !meta_find(&run->metadata, "listen", &listen) || tree_list(&tree, &pids, &count) < 0)
		return;
	for (i = 0; i < count && !found; i++)
		found = serves(run, pids[i]);
	free(pids);
	if (found)
		run->outcome = outcome_after(run->outcome, EVENT_BACKGROUND);
}
