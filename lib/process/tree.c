/* The tree below a process, to end all of it; tree.h says how it is known that none is left. */
#include "process/tree.h"
#include "base/clock.h"
#include "base/pids.h"
#include "otelop.h"
#include "platform/platform.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define KILL_PATIENCE_MS 10000	/* for a process that the kernel cannot end at once */
#define LIST_TRIES 20		/* for a list of the processes, 20 ms apart */

static int
by_pid(const void *a, const void *b)
{
	pid_t x = ((const struct platform_process *)a)->pid;
	pid_t y = ((const struct platform_process *)b)->pid;

	return x < y ? -1 : x > y;
}

static int
is_spared(const struct tree *tree, pid_t pid, unsigned long long start_ticks)
{
	size_t i;

	for (i = 0; i < tree->spared_count; i++)
		if (tree->spared[i].pid == pid && (tree->spared[i].start_ticks == start_ticks ||
		    tree->spared[i].start_ticks == 0 || start_ticks == 0))
			return 1;
	return 0;
}

/* Does a child of ours belong to the tree?  It may have come from a process that was there before. */
static int
is_of_tree(const struct tree *tree, pid_t child)
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
		if (is_spared(tree, process->pid, process->start_ticks))
			return 0;
		if (process->parent == self && process->pid != self)
			return is_of_tree(tree, process->pid);
		wanted.pid = process->parent;
		process = bsearch(&wanted, all, count, sizeof(*all), by_pid);
	}
	return is_in_session;
}

/* Of all members the first alone, where the others cannot be listed. */
static int
list_root(const struct tree *tree, struct platform_process **members, size_t *count)
{
	pid_t first = tree->is_reaper ? tree->session : tree->root;

	if ((*members = calloc(1, sizeof(**members))) == NULL)
		return -1;
	*count = process_is_alive(first);
	(*members)->pid = first;
	(*members)->state = '?';
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

struct member_list {
	struct platform_process *items;
	size_t count;
	size_t room;
};

/* Has a child of ours ended that is not reaped?  That is known where /proc hides it, too. */
static int
is_zombie_child(pid_t child)
{
	siginfo_t how = { .si_pid = 0 };

	return waitid(P_PID, (id_t)child, &how, WEXITED | WNOHANG | WNOWAIT) == 0 && how.si_pid == child;
}

/* One that parent has as a child, by a list that may be old already. */
static int
add_child(const struct tree *tree, struct member_list *list, pid_t parent, pid_t child)
{
	struct platform_process process = { .pid = child, .parent = parent, .state = '?' };
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->items[i].pid == child)
			return 0;
	switch (platform_process(child, &process)) {
	case 0:
		return 0;
	case -1:	/* hidden from us, but a child of theirs all the same */
		if (errno != EACCES && errno != EPERM)
			return -1;
		if (parent == getpid() && is_zombie_child(child))
			process.state = 'Z';
	}
	if (is_spared(tree, child, process.start_ticks) || (parent == getpid() && !is_of_tree(tree, child)))
		return 0;
	if (list->count == list->room) {
		size_t more = list->room ? list->room * 2 : 16;
		struct platform_process *grown = realloc(list->items, more * sizeof(*grown));

		if (grown == NULL)
			return -1;
		list->items = grown;
		list->room = more;
	}
	list->items[list->count++] = process;
	return 0;
}

static int
add_children(const struct tree *tree, struct member_list *list, pid_t parent)
{
	pid_t *children;
	size_t count, i;
	int result = 0;

	if (platform_children(parent, &children, &count) < 0)
		return errno == EACCES || errno == EPERM ? 0 : -1;
	for (i = 0; i < count && result == 0; i++)
		result = add_child(tree, list, parent, children[i]);
	free(children);
	return result;
}

/* The same from the lists of children, where all that is below root is below us, and mostly whole. */
static int
list_below(const struct tree *tree, struct platform_process **members, size_t *count)
{
	struct member_list list = { NULL, 0, 0 };
	int result = tree->root < 1 ? 0 : add_children(tree, &list, getpid());
	size_t i;

	for (i = 0; i < list.count && result == 0; i++)
		if (list.items[i].state != 'Z')
			result = add_children(tree, &list, list.items[i].pid);
	if (result < 0) {
		int saved = errno;

		free(list.items);
		errno = saved;
		return -1;
	}
	*members = list.items;
	*count = list.count;
	return 0;
}

static int
list_members(const struct tree *tree, struct platform_process **members, size_t *count)
{
	if (!tree->adopted || tree->session > 0 || !platform_adopts_orphans())
		return list_all(tree, members, count);
	if (list_below(tree, members, count) == 0)
		return 0;
	return errno == ENOSYS ? list_all(tree, members, count) : -1;
}

int
tree_list(const struct tree *tree, pid_t **pids, size_t *count)
{
	struct platform_process *members;
	size_t total, i;

	if (list_members(tree, &members, &total) < 0)
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

int
tree_earlier(pid_t session, size_t more, struct process_identity **earlier, size_t *count)
{
	struct platform_process *all = NULL;
	pid_t self = getpid();
	size_t total = 0, i;

	*earlier = NULL;
	*count = 0;
	/* Mostly there are none: then all processes need not be listed.  What is below them may come to us. */
	if ((session > 0 || has_children()) && platform_processes(&all, &total) < 0)
		return -1;
	if ((*earlier = calloc(total + more + 1, sizeof(**earlier))) == NULL) {
		free(all);
		return -1;
	}
	if (total > 0)
		qsort(all, total, sizeof(*all), by_pid);
	for (i = 0; i < total; i++)
		if (all[i].pid != self &&
		    (is_below(self, &all[i], all, total) || (session > 0 && all[i].session == session)))
			(*earlier)[(*count)++] = (struct process_identity){ all[i].pid, all[i].start_ticks };
	free(all);
	return 0;
}

/*
 * Signal what was listed, not what has its number by now: the pidfd is opened first, and the
 * process behind it must still be where the list saw it.  1; 0: it has ended or moved, so that the
 * next list must tell; -1: it is not ours to signal.
 */
static int
signal_member(const struct platform_process *member, int signal_number)
{
	struct platform_process now;
	struct process process;
	int result = 0;

	if (process_open(&process, member->pid) != 1)
		return 0;
	if (platform_process(member->pid, &now) != 1 ||
	    (now.parent == member->parent && now.session == member->session)) {
		result = process_signal(&process, signal_number) == 0 ? 1 : errno == EPERM ? -1 : 0;
		if (result == 1 && signal_number != SIGKILL)
			process_signal(&process, SIGCONT);
	}
	process_close(&process);
	return result;
}

/* One round over the tree: reap, then signal.  How many still run and can be signalled; or -1. */
static long
end_round(const struct tree *tree, struct pids *asked, int force, int is_blind, int *refused)
{
	struct platform_process *members;
	size_t count, i;
	long running = 0;
	int listed = is_blind ? list_root(tree, &members, &count) : list_members(tree, &members, &count);

	*refused = 0;
	if (listed < 0)
		return -1;
	for (i = 0; i < count; i++) {
		if (members[i].state == 'Z') {
			/* Before it ended it may have made another, which this list has not: look again. */
			if (members[i].pid != tree->root && members[i].parent == getpid() &&
			    waitpid(members[i].pid, NULL, WNOHANG) > 0)
				running++;
			continue;
		}
		if (!force && pids_has(asked, members[i].pid)) {
			running++;
			continue;
		}
		switch (signal_member(&members[i], force ? SIGKILL : SIGTERM)) {
		case 1:
			pids_add(asked, members[i].pid);
			running++;
			break;
		case 0:
			running++;
			break;
		default:
			*refused = 1;
		}
	}
	free(members);
	return running;
}

/* Has no child of ours life in it?  To wait for what stops, a zombie is no child. */
static int
has_no_living_child(void)
{
	siginfo_t how;
	int result;

	do
		result = waitid(P_ALL, 0, &how, WSTOPPED | WNOHANG | WNOWAIT);
	while (result < 0 && errno == EINTR);
	return result < 0 && errno == ECHILD;
}

static int
has_living_spared(const struct tree *tree)
{
	size_t i;

	for (i = 0; i < tree->spared_count; i++)
		if (tree->spared[i].pid > 0 && process_is_alive(tree->spared[i].pid))
			return 1;
	return 0;
}

/* Nothing was listed that lives: is that so?  How many do, as far as that can be told, or -1. */
static long
count_unlisted(const struct tree *tree)
{
	struct platform_process *members;
	size_t count, i;
	long living = 0;

	if (!tree->adopted || !platform_adopts_orphans() || has_no_living_child())
		return 0;
	if (list_all(tree, &members, &count) < 0)
		return -1;
	for (i = 0; i < count; i++)
		living += members[i].state != 'Z';
	free(members);
	return living;
}

/* Is a child of ours one of spared?  A number alone does not tell. */
static int
is_spared_child(const struct tree *tree, pid_t child)
{
	unsigned long long ticks = 0;

	return is_spared(tree, child, 0) &&
	    (platform_process_start_ticks(child, &ticks) != 1 || is_spared(tree, child, ticks));
}

/*
 * Reap or KILL one child.  With it goes its whole process group, before it can fork into another one, if
 * that is in a session which is not ours: whoever is in that was made below root.  Its number is its own
 * until we reap it.  1: something has changed by that.
 */
static int
kill_child(const struct tree *tree, pid_t child, struct pids *killed)
{
	pid_t session, group;

	if (is_spared_child(tree, child))
		return 0;
	if (child != tree->root && waitpid(child, NULL, WNOHANG) == child)
		return 1;
	if (!is_of_tree(tree, child))
		return 0;
	session = getsid(child);
	group = getpgid(child);
	if (session > 0 && session != getsid(0) && group > 1)
		kill(-group, SIGKILL);
	kill(child, SIGKILL);
	return pids_add(killed, child) == 1;
}

/* Before they are listed: what forks on and on leaves more of them than we could look at one by one. */
static void
reap_children(const struct tree *tree)
{
	pid_t *children;
	size_t count, i;

	if (!tree->adopted || platform_children(getpid(), &children, &count) < 0)
		return;
	for (i = 0; i < count; i++)
		if (children[i] != tree->root && !is_spared_child(tree, children[i]))
			waitpid(children[i], NULL, WNOHANG);
	free(children);
}

/* What flees by forking, and loses its parent so, comes to us: round after round while there is something new. */
static void
kill_children(const struct tree *tree, int64_t patience)
{
	struct pids killed = { 0 };
	size_t count, i;
	pid_t *children;
	int news = tree->adopted && tree->root > 0;

	while (news && clock_left_ms(patience) > 0) {
		if (platform_children(getpid(), &children, &count) < 0)
			break;
		for (news = 0, i = 0; i < count; i++)
			news |= kill_child(tree, children[i], &killed);
		free(children);
	}
	pids_free(&killed);
}

int
tree_end(const struct tree *tree, int64_t grace_ms)
{
	int64_t grace = OTELOP_FOREVER;
	int64_t patience = clock_deadline(grace_ms + KILL_PATIENCE_MS);
	struct pids asked = { 0 };
	int failures = 0, refused;
	int64_t pause = 1;
	long running;

	for (;;) {
		int force = clock_left_ms(grace) == 0;

		reap_children(tree);
		/* A list that could not be had says nothing about what runs. */
		running = end_round(tree, &asked, force, failures >= LIST_TRIES, &refused);
		if (force)
			kill_children(tree, patience);
		if (running == 0 && (refused || failures >= LIST_TRIES ||
		    (running = count_unlisted(tree)) == 0))
			break;
		if (clock_left_ms(patience) == 0)
			break;
		if (grace == OTELOP_FOREVER)	/* it begins when all have been asked, which may take ps long */
			grace = clock_deadline(grace_ms);
		failures += running < 0;
		clock_sleep_ms(pause);
		pause = pause < 16 ? pause * 2 : 20;
	}
	pids_free(&asked);
	/* What cannot be listed may be there all the same. */
	if (tree->adopted && platform_adopts_orphans() && !has_no_living_child() &&
	    tree->state_dir == NULL && !has_living_spared(tree))
		return -1;
	return running == 0 && !refused && failures < LIST_TRIES ? 0 : -1;
}
