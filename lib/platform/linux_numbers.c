/*
 * Children without /proc, by their numbers.  The kernel gives one after the other, and begins anew behind the last one.
 *
 * Invariants:
 *   1. All numbers there can be are asked about once.  Who is our child after that either lived then, whoever its parent
 *      was, and is among alive; or has been made since, and has a number behind newest.  That holds while fewer are made
 *      from one look to the next than there are numbers: after a second without a look it is forgotten.
 *   2. Before, the younger ones are those behind our own number, which are all, if numbers have not begun anew since we did.
 *      That is no answer for long: whoever is not among them must not wait for its TERM.
 */
#include "platform/linux_numbers.h"
#include "platform/platform.h"
#include "base/clock.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define LAST_PID 4194304	/* PID_MAX_LIMIT of a kernel of 64 bits */
#define ASK_MS 5000		/* for as many, which takes half a second, or very long under strace(1) */
#define YOUNGER_MS 200		/* for the younger ones to be all that is asked about */
#define FORGET_MS 1000
#define ASK_STEP 4096		/* numbers between two looks at the clock */

static struct {
	struct pids alive;
	pid_t newest;	/* 0: not all have been asked about yet */
	int64_t younger_until;	/* 0: nobody has been */
	int64_t looked_at;
	int takes_too_long;	/* to ask about all */
} known;

pid_t
numbers_newest(void)
{
	sigset_t all, before;
	pid_t child;

	/* Our handlers must not run in the child: they write to a pipe that both have. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	if ((child = fork()) == 0)
		_exit(0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (child < 0)
		return 0;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return child;
}

/* 0; -1: ENOMEM. */
static int
ask_one(pid_t pid, struct pids *alive, struct pids *children)
{
	siginfo_t how;

	if (getpgid(pid) < 0 && errno == ESRCH)
		return 0;
	if (pids_add(alive, pid) < 0)
		return -1;
	if (waitid(P_PID, (id_t)pid, &how, WEXITED | WNOHANG | WNOWAIT) == 0 && pids_add(children, pid) < 0)
		return -1;
	return 0;
}

/* From first to last, both too.  0; -1: errno. */
static int
ask_range(pid_t first, pid_t last, int64_t deadline, struct pids *alive, struct pids *children)
{
	pid_t pid;

	for (pid = first; pid <= last; pid++) {
		if (pid % ASK_STEP == 0 && clock_left_ms(deadline) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (ask_one(pid, alive, children) < 0)
			return -1;
	}
	return 0;
}

/* Whoever lives by now. */
static int
ask_all(pid_t newest, int64_t deadline, struct pids *alive, struct pids *children)
{
	size_t i;

	if (known.newest == 0 || newest == 0)
		return ask_range(1, LAST_PID, deadline, alive, children);
	for (i = 0; i < known.alive.count; i++)
		if (ask_one(known.alive.items[i], alive, children) < 0)
			return -1;
	if (newest >= known.newest)
		return ask_range(known.newest + 1, newest, deadline, alive, children);
	if (ask_range(known.newest + 1, LAST_PID, deadline, alive, children) < 0)
		return -1;
	return ask_range(1, newest, deadline, alive, children);
}

static void
forget_old(void)
{
	if (clock_ms() - known.looked_at <= FORGET_MS)
		return;
	pids_free(&known.alive);
	known.newest = 0;
	known.younger_until = 0;
	known.takes_too_long = 0;
}

/* Only the younger ones, this time? */
static int
is_early(pid_t newest)
{
	if (known.younger_until == 0)
		known.younger_until = clock_deadline(YOUNGER_MS);
	return known.newest == 0 && newest > getpid() && (known.takes_too_long || clock_left_ms(known.younger_until) > 0);
}

int
numbers_children(enum platform_children which, struct pids *children)
{
	int64_t deadline = clock_deadline(ASK_MS);
	struct pids alive = { 0 };
	siginfo_t how;
	pid_t newest;
	int result;

	if (platform_has_no_living_child())
		return 0;
	if (waitid(P_ALL, 0, &how, WEXITED | WNOHANG | WNOWAIT) < 0)
		return -1;
	forget_old();
	newest = numbers_newest();	/* before anybody is asked about */
	if (which == CHILDREN_YOUNGER && is_early(newest)) {
		result = ask_range(getpid() + 1, newest, deadline, &alive, children);
	} else if (known.takes_too_long) {
		errno = ETIMEDOUT;
		result = -1;
	} else if ((result = ask_all(newest, deadline, &alive, children)) == 0) {
		pids_free(&known.alive);
		known.alive = alive;
		known.newest = newest;
		alive = (struct pids){ 0 };
	} else {
		known.takes_too_long = errno == ETIMEDOUT;
	}
	known.looked_at = clock_ms();
	pids_free(&alive);
	return result;
}
