/* End a tree; tree.h says how it is known that none is left. */
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
end_round(const struct tree *tree, struct pids *asked, int force, enum tree_source source, int *refused)
{
	struct platform_process *members;
	size_t count, i;
	long running = 0;

	*refused = 0;
	if (tree_members(tree, source, &members, &count) < 0)
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

/* Is a child of ours one of spared?  A number alone does not tell. */
static int
is_spared_child(const struct tree *tree, pid_t child)
{
	unsigned long long ticks = 0;

	return tree_spares(tree, child, 0) &&
	    (platform_process_start_ticks(child, &ticks) != 1 || tree_spares(tree, child, ticks));
}

/*
 * The children of ours, but for root and those that are spared, that may be of the tree or leave somebody of it to
 * us: a zombie that this list has may have done so after it was read.  -1: errno.
 */
static long
count_children(const struct tree *tree)
{
	int root_has_ended = tree_is_zombie_child(tree->root);	/* before the list is read */
	struct pids children = { 0 };
	long living = 0;
	size_t i;

	if (platform_children(getpid(), &children) < 0) {
		pids_free(&children);
		return -1;
	}
	for (i = 0; i < children.count; i++) {
		pid_t child = children.items[i];

		if (child == tree->root)
			living += !root_has_ended;
		else if (!is_spared_child(tree, child))
			living += tree_has_child(tree, child) || tree_is_zombie_child(child);
	}
	pids_free(&children);
	return living;
}

/* Nothing was listed that lives: is that so?  How many do, as far as that can be told, or -1. */
static long
count_unlisted(const struct tree *tree)
{
	struct platform_process *members;
	size_t count, i;
	long living;

	if (!tree->is_reaper) {
		if (tree_top(tree) == 0 || has_no_living_child())
			return 0;
		if ((living = count_children(tree)) >= 0 || errno != ENOSYS)
			return living;
	}
	if (tree_members(tree, TREE_ALL, &members, &count) < 0)
		return -1;
	for (living = 0, i = 0; i < count; i++)
		living += members[i].state != 'Z';
	free(members);
	return living;
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
	if (!tree_has_child(tree, child))
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
	struct pids children = { 0 };
	size_t i;

	if (tree->adopted)
		platform_children(getpid(), &children);
	for (i = 0; i < children.count; i++)
		if (children.items[i] != tree->root && !is_spared_child(tree, children.items[i]))
			waitpid(children.items[i], NULL, WNOHANG);
	pids_free(&children);
}

/* What flees by forking, and loses its parent so, comes to us: round after round while there is something new. */
static void
kill_children(const struct tree *tree, int64_t patience)
{
	struct pids killed = { 0 }, children = { 0 };
	size_t i;
	int news = tree->adopted && tree->root > 0;

	while (news && clock_left_ms(patience) > 0 && platform_children(getpid(), &children) == 0) {
		for (news = 0, i = 0; i < children.count; i++)
			news |= kill_child(tree, children.items[i], &killed);
		pids_free(&children);
	}
	pids_free(&children);
	pids_free(&killed);
}

int
tree_end(const struct tree *tree, int64_t grace_ms)
{
	int64_t grace = OTELOP_FOREVER;
	int64_t patience = clock_deadline(grace_ms + KILL_PATIENCE_MS);
	struct pids asked = { 0 };
	enum tree_source source = TREE_BELOW;
	int failures = 0, refused;
	int64_t pause = 1;
	long running;

	for (;;) {
		int force = clock_left_ms(grace) == 0;

		reap_children(tree);
		/* A list that could not be had says nothing about what runs. */
		running = end_round(tree, &asked, force, failures >= LIST_TRIES ? TREE_ROOT : source, &refused);
		if (force)
			kill_children(tree, patience);
		if (running == 0) {
			if (refused || failures >= LIST_TRIES || (running = count_unlisted(tree)) == 0)
				break;
			if (tree->is_reaper)	/* by its own end it may have lost them */
				source = TREE_ALL;
		}
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
