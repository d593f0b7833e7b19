/* Find what a dead daemon has left without its lock; remnants.h says what that is known by. */
#include "daemon/remnants.h"
#include "json/json.h"
#include "state/identity.h"
#include "state/meta.h"
#include "state/statedir.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

void
remnants_find(const struct holder_daemon *daemon, const struct otelop_metadata *metadata, int must_have_file,
    int (*take)(void *, const struct platform_process *), void *argument)
{
	struct platform_process *all;
	struct json_value began;
	int64_t ticks;
	size_t count, i;

	if (!meta_find(metadata, "startTicks", &began) || (ticks = json_whole_number(&began, 0, INT64_MAX)) < 0 ||
	    !identity_is_here(metadata, NULL) || platform_processes(&all, &count) < 0)
		return;
	for (i = 0; i < count; i++)
		if (all[i].pid != getpid() && all[i].state != 'Z' && all[i].start_ticks >= (unsigned long long)ticks &&
		    holder_was_given(daemon, all[i].pid) && (!must_have_file ||
		    platform_process_has_open(all[i].pid, &daemon->file, STATEDIR_METADATA) == 1) &&
		    take(argument, &all[i]) < 0)
			break;
	free(all);
}
