/* Process numbers, each once: an array, and a table of places in it. */
#include "base/pids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16	/* a power of two, as all of them are */

void
pids_free(struct pids *pids)
{
	int saved = errno;

	free(pids->items);
	free(pids->slots);
	memset(pids, 0, sizeof(*pids));
	errno = saved;
}

/* Where the number is, or the empty slot where it belongs: half of the slots are. */
static size_t *
slot_of(const struct pids *pids, pid_t pid)
{
	size_t last = 2 * pids->room - 1, at = (size_t)pid & last;

	while (pids->slots[at] != 0 && pids->items[pids->slots[at] - 1] != pid)
		at = (at + 1) & last;
	return &pids->slots[at];
}

static int
grow(struct pids *pids)
{
	struct pids more = { .room = pids->room > 0 ? 2 * pids->room : FIRST_ROOM };
	size_t i;

	if ((more.items = malloc(more.room * sizeof(*more.items))) == NULL ||
	    (more.slots = calloc(2 * more.room, sizeof(*more.slots))) == NULL) {
		free(more.items);
		return -1;
	}
	for (i = 0; i < pids->count; i++) {
		more.items[i] = pids->items[i];
		*slot_of(&more, more.items[i]) = i + 1;
	}
	more.count = pids->count;
	pids_free(pids);
	*pids = more;
	return 0;
}

int
pids_has(const struct pids *pids, pid_t pid)
{
	return pids->count > 0 && *slot_of(pids, pid) != 0;
}

int
pids_add(struct pids *pids, pid_t pid)
{
	size_t *slot;

	if (pids_has(pids, pid))
		return 0;
	if (pids->count == pids->room && grow(pids) < 0)
		return -1;
	slot = slot_of(pids, pid);
	pids->items[pids->count++] = pid;
	*slot = pids->count;
	return 1;
}
