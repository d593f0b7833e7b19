/* End a tree; tree.h says how it is known that none is left. */
#include "process/tree.h"
#include "base/clock.h"
#include "base/pids.h"
#include "otelop.h"
#include "platform/platform.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define KILL_PATIENCE_MS 10000	/* for a process that the kernel cannot end at once */
#define LIST_TRIES 20		/* for a list of the processes, 20 ms apart */
#define GROUP_TIME_MS 200	/* for a group of which it is not known whether somebody is left in it */
#define SIGNAL_ROUNDS 16	/* over who forks all the time */
#define FEW_ZOMBIES 16	/* that a list may have */
#define NEWEST 64	/* so many numbers before the last one are tried, */
#define NEWEST_ROUNDS 1000	/* so often before all children are listed */

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

/* An ending as it goes on. */
struct end {
	const struct tree *tree;
	struct tree_ending *ending;
	enum tree_source source;
	struct pids killed;
	int is_forced;		/* by KILL */
	int64_t group_until;	/* for whom nobody can list; 0: they have not been asked */
	int is_refused;		/* in the last round: one is not ours to signal, */
	int is_alone;		/* or nobody but the first can be listed */
};

/* KILL was sent to it, or is about to be, while its name can still be had. */
static void
note_killed(struct end *end, pid_t pid)
{
	struct process_name name;

	if (pids_add(&end->killed, pid) != 1 || end->ending->killed == NULL)
		return;
	process_name(&name, pid);
	end->ending->killed(end->ending->argument, pid, name.name);
}

/* As signal_member, for who has not had it. */
static int
end_member(struct end *end, const struct platform_process *member)
{
	int result;

	if (!end->is_forced) {
		if (pids_has(end->ending->asked, member->pid))
			return 1;
		if ((result = signal_member(member, end->ending->signal_number)) == 1)
			pids_add(end->ending->asked, member->pid);
		return result;
	}
	if ((result = signal_member(member, SIGKILL)) == 1)
		note_killed(end, member->pid);
	return result;
}

/* One round over the tree: reap, then signal.  How many still run and can be signalled; or -1. */
static long
end_round(struct end *end)
{
	const struct tree *tree = end->tree;
	struct platform_process *members;
	size_t count, i;
	long running = 0;

	end->is_refused = 0;
	end->ending->left.pid = 0;
	if ((end->is_alone = tree_members(tree, end->source, &members, &count)) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		if (members[i].state == 'Z') {
			/* Before it ended it may have made another, which this list has not: look again. */
			if (members[i].pid != tree->root && members[i].parent == getpid() &&
			    waitpid(members[i].pid, NULL, WNOHANG) > 0)
				running++;
			continue;
		}
		if (end_member(end, &members[i]) < 0) {
			end->is_refused = 1;
			process_name(&end->ending->left, members[i].pid);
		} else {
			running++;
			if (end->ending->left.pid == 0)
				end->ending->left.pid = members[i].pid;
		}
	}
	free(members);
	return running;
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

	if (platform_children(CHILDREN_ALL, &children) < 0) {
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
		if (tree_top(tree) == 0 || platform_has_no_living_child())
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
kill_child(struct end *end, pid_t child, struct pids *killed)
{
	const struct tree *tree = end->tree;
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
	if (kill(child, SIGKILL) == 0 && (child != tree->root || !tree_is_zombie_child(child)))
		note_killed(end, child);
	return pids_add(killed, child) == 1;
}

/* One round over our children.  How many were reaped. */
static size_t
reap_listed(const struct tree *tree)
{
	struct pids children = { 0 };
	size_t i, reaped = 0;

	platform_children(CHILDREN_YOUNGER, &children);
	for (i = 0; i < children.count; i++)
		if (children.items[i] != tree->root && !is_spared_child(tree, children.items[i]))
			reaped += waitpid(children.items[i], NULL, WNOHANG) > 0;
	pids_free(&children);
	return reaped;
}

/*
 * Before they are listed: what forks on and on leaves more of them than we could look at one by one.  While that is done
 * it leaves more: until they are few, or do not become fewer.
 */
static void
reap_children(const struct tree *tree)
{
	size_t before, reaped = SIZE_MAX;

	if (!tree->adopted)
		return;
	do {
		before = reaped;
		reaped = reap_listed(tree);
	} while (reaped > FEW_ZOMBIES && reaped < before);
}

/*
 * Who flees is among the newest processes of all, and before those that it has left are listed it has fled again.  By
 * its number it is found at once; what the kernel does not call our child is another's.  1: something has changed by that.
 */
static int
kill_newest(struct end *end, struct pids *killed)
{
	siginfo_t how;
	pid_t child = platform_newest_pid(), last = child > NEWEST ? child - NEWEST : 1;
	int news = 0;

	for (; child > last; child--)
		if (waitid(P_PID, (id_t)child, &how, WEXITED | WNOHANG | WNOWAIT) == 0)
			news |= kill_child(end, child, killed);
	return news;
}

/* What flees by forking, and loses its parent so, comes to us: round after round while there is something new. */
static void
kill_children(struct end *end, int64_t patience)
{
	const struct tree *tree = end->tree;
	struct pids killed = { 0 }, children = { 0 };
	size_t i;
	int rounds, news = tree->adopted && tree->root > 0;

	while (news && clock_left_ms(patience) > 0) {
		for (rounds = 0; rounds < NEWEST_ROUNDS && kill_newest(end, &killed); rounds++)
			;
		if (platform_children(CHILDREN_YOUNGER, &children) < 0)
			break;
		for (news = 0, i = 0; i < children.count; i++)
			news |= kill_child(end, children.items[i], &killed);
		pids_free(&children);
	}
	pids_free(&children);
	pids_free(&killed);
}

/*
 * Nobody else can be listed, and the first has ended: there are still those in the process group that it leads, as what a
 * shell has started.  Nobody gets its number before it is reaped, which is after this.  1: they may need their time.
 */
static int
end_group(struct end *end)
{
	pid_t first = tree_first(end->tree);

	if (first < 2 || getpgid(first) != first || first == getpgrp())
		return 0;
	if (end->group_until == 0) {
		kill(-first, end->ending->signal_number);
		kill(-first, SIGCONT);
		end->group_until = clock_deadline(GROUP_TIME_MS);
	}
	if (!end->is_forced && clock_left_ms(end->group_until) > 0)
		return 1;
	kill(-first, SIGKILL);
	return 0;
}

/* Whose lists could not be had, or whom the kernel cannot end, is there all the same. */
static int
is_all(const struct end *end, long running)
{
	const struct tree *tree = end->tree;

	if (tree->adopted && platform_adopts_orphans()) {
		if (platform_has_no_living_child())
			return 1;
		if (tree->state_dir == NULL && !has_living_spared(tree))
			return 0;
	}
	return running == 0 && !end->is_refused && !end->is_alone;
}

int
tree_end(const struct tree *tree, struct tree_ending *ending)
{
	struct end end = { .tree = tree, .ending = ending, .source = TREE_BELOW };
	int64_t patience = OTELOP_FOREVER, pause = 1;
	int failures = 0, all_asked = 0, result;
	long running;

	for (;;) {
		/* The time begins when all have been asked, which may take ps long. */
		if (!end.is_forced && all_asked && ending->left_ms(ending->argument) == 0) {
			end.is_forced = 1;
			patience = clock_deadline(KILL_PATIENCE_MS);
		}
		reap_children(tree);
		if (failures >= LIST_TRIES)
			end.source = TREE_ROOT;
		/* A list that could not be had says nothing about what runs. */
		running = end_round(&end);
		if (end.is_alone > 0 && end.source < TREE_CHILDREN) {
			end.source = TREE_CHILDREN;
			running = end_round(&end);
			if (end.is_alone > 0)
				end.source = TREE_ROOT;
		}
		if (end.is_forced)
			kill_children(&end, patience);
		if (running == 0 && end.is_alone) {
			if (!end_group(&end))
				break;
		} else if (running == 0) {
			if (end.is_refused || (running = count_unlisted(tree)) == 0)
				break;
			if (tree->is_reaper)	/* by its own end it may have lost them */
				end.source = TREE_ALL;
		}
		if (clock_left_ms(patience) == 0)
			break;
		all_asked = 1;
		failures += running < 0;
		clock_sleep_ms(pause);
		pause = pause < 16 ? pause * 2 : 20;
	}
	pids_free(&end.killed);
	if ((result = is_all(&end, running) ? 0 : -1) < 0 && ending->left.pid > 0)
		process_name(&ending->left, ending->left.pid);
	return result;
}

void
tree_signal(const struct tree *tree, int signal_number, struct pids *asked)
{
	struct tree_ending ending = { .signal_number = signal_number, .asked = asked };
	struct end end = { .tree = tree, .ending = &ending, .source = TREE_BELOW };
	size_t before;
	int rounds = 0;

	do
		before = asked->count;
	while (end_round(&end) > 0 && asked->count > before && ++rounds < SIGNAL_ROUNDS);
}
