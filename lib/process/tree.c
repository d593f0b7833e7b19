/* Who is below a process; tree.h says who belongs to a tree. */
#include "process/tree.h"
#include "base/pids.h"
#include "platform/platform.h"

#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define EARLIER_ROUNDS 16	/* over who is below us, if they fork all the time */

static int
by_pid(const void *a, const void *b)
{
	pid_t x = ((const struct platform_process *)a)->pid;
	pid_t y = ((const struct platform_process *)b)->pid;

	return x < y ? -1 : x > y;
}

int
tree_spares(const struct tree *tree, pid_t pid, unsigned long long start_ticks)
{
	size_t i;

	for (i = 0; i < tree->spared_count; i++)
		if (tree->spared[i].pid == pid && (tree->spared[i].start_ticks == start_ticks ||
		    tree->spared[i].start_ticks == 0 || start_ticks == 0))
			return 1;
	return 0;
}

int
tree_has_child(const struct tree *tree, pid_t child)
{
	return child == tree->root || (tree->adopted && (tree->state_dir == NULL ||
	    (platform_process_has_variable(child, "OTELOP_STATE_DIR", tree->state_dir) == 1 &&
	    platform_process_has_variable(child, "OTELOP_LOCK_FD", NULL) == 1)));
}

static int
is_member(const struct tree *tree, pid_t self, const struct platform_process *process,
    const struct platform_process *all, size_t count)
{
	int is_in_session = tree->session > 0 && process->session == tree->session;
	size_t steps;

	if (process->pid == self)
		return 0;
	/* 0 is what a pid namespace shows for a session, or a parent, that is outside of it. */
	if (tree->root < 1)
		return 0;
	if (process->session == tree->root)
		return 1;
	/* The list is a moment's and not atomic: a loop in it must not hold us. */
	for (steps = 0; process != NULL && steps <= count; steps++) {
		struct platform_process wanted = { 0 };

		if (process->pid == tree->root)
			return 1;
		if (tree_spares(tree, process->pid, process->start_ticks))
			return 0;
		if (process->parent == self && process->pid != self)
			return tree_has_child(tree, process->pid);
		wanted.pid = process->parent;
		process = bsearch(&wanted, all, count, sizeof(*all), by_pid);
	}
	return is_in_session;
}

pid_t
tree_first(const struct tree *tree)
{
	return tree->is_reaper ? tree->session : tree->root;
}

/* Of all members the first alone, where the others cannot be listed. */
static int
list_root(const struct tree *tree, struct platform_process **members, size_t *count)
{
	pid_t first = tree_first(tree);

	if ((*members = calloc(1, sizeof(**members))) == NULL)
		return -1;
	*count = process_is_alive(first);
	(*members)->pid = first;
	(*members)->state = '?';
	return 1;
}

/* Members as they are found, in one walk over the lists of children. */
struct listing {
	const struct tree *tree;
	pid_t self;
	struct platform_process *items;
	size_t count;
	size_t room;
};

int
tree_is_zombie_child(pid_t child)
{
	siginfo_t how = { .si_pid = 0 };
	struct platform_process now;

	if (waitid(P_PID, (id_t)child, &how, WEXITED | WNOHANG | WNOWAIT) == 0)
		return how.si_pid == child;
	/* A filter may deny the call; nobody else reaps it. */
	return errno != ECHILD && errno != EINTR && platform_process(child, &now) == 1 && now.state == 'Z';
}

static int
take_member(void *argument, const struct platform_process *process)
{
	struct listing *listing = argument;
	const struct tree *tree = listing->tree;
	struct platform_process *member;

	if (tree_spares(tree, process->pid, process->start_ticks) ||
	    (process->parent == listing->self && !tree_has_child(tree, process->pid)))
		return 0;
	if (listing->count == listing->room) {
		size_t more = listing->room ? listing->room * 2 : 16;
		struct platform_process *grown = realloc(listing->items, more * sizeof(*grown));

		if (grown == NULL)
			return -1;
		listing->items = grown;
		listing->room = more;
	}
	member = &listing->items[listing->count++];
	*member = *process;
	if (member->state == '?' && member->parent == listing->self && tree_is_zombie_child(member->pid))
		member->state = 'Z';
	return member->state != 'Z';
}

/* Those of our children that are members.  How many live; -1: errno. */
static long
take_children(struct listing *listing, enum platform_children which)
{
	struct pids children = { 0 };
	int result = platform_children(which, &children);
	long living = 0;
	size_t i;

	listing->count = 0;
	for (i = 0; i < children.count && result >= 0; i++) {
		struct platform_process child = { .pid = children.items[i], .parent = listing->self, .state = '?' };

		child.session = getsid(child.pid);
		living += (result = take_member(listing, &child)) == 1;
	}
	pids_free(&children);
	return result < 0 ? -1 : living;
}

/* Our children: nobody is left if none of them is, for what is below them comes to us. */
static int
list_children(const struct tree *tree, struct platform_process **members, size_t *count)
{
	struct listing listing = { .tree = tree, .self = getpid() };
	long living = -1;

	if (tree->adopted && tree->state_dir == NULL && platform_adopts_orphans() &&
	    (living = take_children(&listing, CHILDREN_YOUNGER)) == 0)
		living = take_children(&listing, CHILDREN_ALL);
	if (living < 0) {
		free(listing.items);
		return list_root(tree, members, count);
	}
	*members = listing.items;
	*count = listing.count;
	return 0;
}

/* The members, zombies too, from the list of all processes.  -1: errno; the next list may be had. */
static int
list_all(const struct tree *tree, struct platform_process **members, size_t *count)
{
	struct platform_process *all;
	pid_t self = getpid();
	size_t total, i;

	*count = 0;
	if (platform_processes(&all, &total) < 0)
		return errno == ENOSYS ? list_root(tree, members, count) : -1;
	qsort(all, total, sizeof(*all), by_pid);
	if ((*members = calloc(total + 1, sizeof(**members))) == NULL) {
		free(all);
		return -1;
	}
	for (i = 0; i < total; i++)
		if (is_member(tree, self, &all[i], all, total) && !(tree->is_reaper && all[i].pid == tree->root))
			(*members)[(*count)++] = all[i];
	free(all);
	return 0;
}

/* The same from the lists of children, where all members are below top, and mostly whole. */
static int
list_below(const struct tree *tree, pid_t top, struct platform_process **members, size_t *count)
{
	struct listing listing = { .tree = tree, .self = getpid() };

	if (tree->root > 0 && platform_each_descendant(top, take_member, &listing) < 0) {
		int saved = errno;

		free(listing.items);
		errno = saved;
		return -1;
	}
	*members = listing.items;
	*count = listing.count;
	return 0;
}

pid_t
tree_top(const struct tree *tree)
{
	if (tree->is_reaper)
		return tree->root;
	return tree->adopted && tree->session == 0 && platform_adopts_orphans() ? getpid() : 0;
}

int
tree_members(const struct tree *tree, enum tree_source source, struct platform_process **members, size_t *count)
{
	pid_t top = tree_top(tree);

	if (source == TREE_ROOT)
		return list_root(tree, members, count);
	if (source == TREE_CHILDREN)
		return list_children(tree, members, count);
	if (source == TREE_BELOW && top > 0) {
		if (list_below(tree, top, members, count) == 0)
			return 0;
		if (errno != ENOSYS)
			return -1;
	}
	return list_all(tree, members, count);
}

int
tree_list(const struct tree *tree, pid_t **pids, size_t *count)
{
	struct platform_process *members;
	size_t total, i;

	if (tree_members(tree, TREE_BELOW, &members, &total) < 0)
		return -1;
	*count = 0;
	if ((*pids = calloc(total + 1, sizeof(**pids))) == NULL) {
		free(members);
		return -1;
	}
	for (i = 0; i < total; i++)
		if (members[i].state != 'Z')
			(*pids)[(*count)++] = members[i].pid;
	free(members);
	return 0;
}

static int
has_children(void)
{
	siginfo_t how;

	return waitid(P_ALL, 0, &how, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static int
is_below(pid_t top, const struct platform_process *process, const struct platform_process *all, size_t count)
{
	size_t steps;

	for (steps = 0; process != NULL && steps <= count; steps++) {
		struct platform_process wanted = { .pid = process->parent };

		if (process->parent == top)
			return 1;
		process = bsearch(&wanted, all, count, sizeof(*all), by_pid);
	}
	return 0;
}

/* Who is there before anything is started. */
struct before {
	struct process_identity *items;
	size_t room;
	size_t more;	/* room that is kept behind them */
	struct pids pids;
};

/* 0 or -1: ENOMEM. */
static int
add_before(struct before *before, const struct platform_process *process)
{
	size_t count = before->pids.count;

	if (count + before->more + 1 > before->room) {
		size_t room = 2 * (count + before->more + 1);
		struct process_identity *grown = realloc(before->items, room * sizeof(*grown));

		if (grown == NULL)
			return -1;
		before->items = grown;
		before->room = room;
	}
	switch (pids_add(&before->pids, process->pid)) {
	case 1:
		before->items[count] = (struct process_identity){ process->pid, process->start_ticks };
		return 0;
	case 0:
		return 0;
	}
	return -1;
}

static int
take_before(void *argument, const struct platform_process *process)
{
	return add_before(argument, process) < 0 ? -1 : process->state != 'Z';
}

/* By the lists of children, until one round finds nobody who is new. */
static int
find_below_us(struct before *before)
{
	size_t known;
	int rounds = 0;

	do {
		known = before->pids.count;
		if (platform_each_descendant(getpid(), take_before, before) < 0)
			return -1;
	} while (before->pids.count > known && ++rounds < EARLIER_ROUNDS);
	return 0;
}

static int
find_among_all(struct before *before, pid_t session)
{
	struct platform_process *all;
	pid_t self = getpid();
	size_t total, i;
	int result = 0;

	if (platform_processes(&all, &total) < 0)
		return -1;
	qsort(all, total, sizeof(*all), by_pid);
	for (i = 0; i < total && result == 0; i++)
		if (all[i].pid != self &&
		    (is_below(self, &all[i], all, total) || (session > 0 && all[i].session == session)))
			result = add_before(before, &all[i]);
	free(all);
	return result;
}

int
tree_earlier(pid_t session, size_t more, struct process_identity **earlier, size_t *count)
{
	struct before before = { .more = more };
	int result = 0;

	*earlier = NULL;
	*count = 0;
	if ((before.items = calloc(more + 1, sizeof(*before.items))) == NULL)
		return -1;
	before.room = more + 1;
	/* Mostly there are none.  What is below them may come to us. */
	if (session > 0)
		result = find_among_all(&before, session);
	else if (has_children() && (result = find_below_us(&before)) < 0 && errno == ENOSYS)
		result = find_among_all(&before, 0);
	if (result < 0) {
		int saved = errno;

		free(before.items);
		pids_free(&before.pids);
		errno = saved;
		return -1;
	}
	*earlier = before.items;
	*count = before.pids.count;
	pids_free(&before.pids);
	return 0;
}
