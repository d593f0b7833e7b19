/* Where a process tree listens, and since when that has not changed. */
#include "daemon/listening.h"
#include "base/clock.h"
#include "base/io.h"
#include "process/errand.h"
#include "process/sockets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLE_MS 100		/* no new address for so long: all are there */
#define SETTLE_LOCAL_MS 1000	/* the same, while there are only Unix sockets */
#define PATHS_MS 1000		/* a file server may not answer: so long may the paths be looked for */

static int
find(const struct tree *tree, struct addresses *now)
{
	pid_t *pids;
	size_t count;
	int found;

	if (tree_list(tree, &pids, &count) < 0)
		return -1;
	found = sockets_find(pids, count, now);
	free(pids);
	return found;
}

static void
take(struct listening *listening, struct addresses *now)
{
	/* Whose children may not be listed has sockets that are not seen. */
	if (now->hidden != 0 || now->count < listening->addresses.count)
		sockets_keep(&listening->addresses, now);
	listening->hidden = now->hidden;
	if (addresses_is_same(now, &listening->addresses)) {
		addresses_free(now);
		return;
	}
	addresses_free(&listening->addresses);
	listening->addresses = *now;
	listening->since = clock_ms();
}

void
listening_look(struct listening *listening, const struct modes *modes, const struct tree *tree)
{
	struct addresses now;
	size_t i, count;

	if (find(tree, &now) < 0)
		return;
	take(listening, &now);
	for (i = 0; i < modes->count; i++) {
		if (modes->items[i].kind != MODE_LISTEN || modes->items[i].port == 0)
			continue;
		count = addresses_of_port(&listening->addresses, modes->items[i].port);
		if (count != listening->ports[i].count)
			listening->ports[i].since = clock_ms();
		listening->ports[i].count = count;
	}
}

static int
are_local(const struct addresses *addresses)
{
	size_t i;

	for (i = 0; i < addresses->count; i++)
		if (!addresses_is_local(addresses->items[i]))
			return 0;
	return 1;
}

int
listening_holds(const struct listening *listening, const struct modes *modes, size_t number)
{
	const struct addresses *addresses = &listening->addresses;

	if (modes->items[number].port != 0)
		return listening->ports[number].count > 0 && clock_ms() - listening->ports[number].since >= SETTLE_MS;
	return addresses->count > 0 &&
	    clock_ms() - listening->since >= (are_local(addresses) ? SETTLE_LOCAL_MS : SETTLE_MS);
}

struct last_look {
	pid_t *pids;
	size_t count;
	int answer;
};

/* In a child: the paths, each ended by a NUL. */
static int
find_paths(void *argument)
{
	const struct last_look *look = argument;
	struct addresses found;
	size_t i;

	if (sockets_find_last(look->pids, look->count, &found) < 0)
		return 1;
	for (i = 0; i < found.count; i++)
		if (io_write_all(look->answer, found.items[i], strlen(found.items[i]) + 1) < 0)
			return 1;
	return 0;
}

/* What the child has written. */
static int
read_paths(int fd, struct addresses *found)
{
	char text[16384];
	ssize_t length = io_read_all(fd, text, sizeof(text));
	const char *s;

	if (length < 0 || length == (ssize_t)sizeof(text) || (length > 0 && text[length - 1] != '\0'))
		return -1;
	for (s = text; s < text + length; s += strlen(s) + 1)
		if (addresses_add(found, s) < 0)
			return -1;
	return 0;
}

int
listening_find_last(pid_t *pids, size_t count, struct addresses *found)
{
	struct last_look look = { .pids = pids, .count = count };
	int answer[2], result = -1;

	*found = (struct addresses){ 0 };
	if (io_pipe(answer) < 0)
		return -1;
	look.answer = answer[1];
	if (io_nonblock(answer[0], 1) == 0 && io_nonblock(answer[1], 1) == 0)
		result = errand_run(find_paths, &look, PATHS_MS) == 0 ? 0 : -1;
	io_close(&answer[1]);
	if (result == 0 && read_paths(answer[0], found) < 0) {
		addresses_free(found);
		result = -1;
	}
	io_close(&answer[0]);
	return result;
}

static int
have_paths(const struct addresses *addresses)
{
	size_t i;

	for (i = 0; i < addresses->count; i++)
		if (strchr(addresses->items[i], '/') != NULL && *addresses->items[i] != '@')
			return 1;
	return 0;
}

void
listening_settle(struct listening *listening, const struct tree *tree)
{
	struct addresses now;
	pid_t *pids;
	size_t count;
	int found;

	if (find(tree, &now) < 0)
		return;
	take(listening, &now);
	if (!have_paths(&listening->addresses) || tree_list(tree, &pids, &count) < 0)
		return;
	found = listening_find_last(pids, count, &now);
	free(pids);
	if (found < 0)
		return;
	now.hidden = listening->hidden;
	take(listening, &now);
}

void
listening_free(struct listening *listening)
{
	addresses_free(&listening->addresses);
}
