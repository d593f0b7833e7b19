/* What is below a daemon, or was; target.h says who needs it. */
#include "daemon/target.h"
#include "daemon/remnants.h"
#include "platform/platform.h"
#include "state/meta.h"

#include <sys/stat.h>

#include <stdlib.h>

/* Of what is below the daemon, or was: as platform_each_descendant and remnants_find find it. */
static int
remember(void *argument, const struct platform_process *process)
{
	struct target *target = argument;
	struct platform_process *more;

	if (target->below_count == target->below_room) {
		if ((more = realloc(target->below, (2 * target->below_room + 8) * sizeof(*more))) == NULL)
			return -1;
		target->below = more;
		target->below_room = 2 * target->below_room + 8;
	}
	if (process->state != 'Z' && process->start_ticks != 0)
		target->below[target->below_count++] = *process;
	return 1;
}

/* By the lists of children alone: for what these miss nobody looks at all processes. */
void
target_remember_descendants(struct target *target)
{
	if (target->is_starting || target->is_swept)
		platform_each_descendant(target->daemon.pid, remember, target);
	target->descendants = target->below_count;
}

size_t
target_remember_remnants(struct target *target, const struct otelop_metadata *metadata)
{
	target->below_count = target->descendants;
	remnants_find(&target->named, metadata, !target->is_swept, remember, target);
	return target->below_count - target->descendants;
}

int
target_is_abandoned(const struct target *target)
{
	struct stat file;

	return fstat(target->fd, &file) == 0 && file.st_nlink > 0;
}

int
target_find_remnants(struct target *target)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	int found = meta_read_fd(&metadata, &target->dir, target->fd, NULL) == 0 &&
	    target_remember_remnants(target, &metadata) > 0;

	otelop_metadata_free(&metadata);
	if (!found || target_probe_again(target, 0, NULL) == 1)
		return found;
	target->below_count = target->descendants;
	return -1;
}

const struct platform_process *
target_left(const struct target *target, const struct platform_process *behind)
{
	struct platform_process now;
	size_t first = target->is_swept && !target->is_starting ? 0 : target->descendants;
	size_t i = behind != NULL ? (size_t)(behind - target->below) + 1 : first;

	for (; i < target->below_count; i++)
		if (platform_process(target->below[i].pid, &now) == 1 && now.state != 'Z' &&
		    now.start_ticks == target->below[i].start_ticks)
			return &target->below[i];
	return NULL;
}
