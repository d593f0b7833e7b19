/*
 * Orphans, and who is below a process, by procctl(2) on FreeBSD: a reaper gets its orphaned descendants as children,
 * and has a list of all its descendants, in which the kernel skips nobody.  Those of a reaper below it are in a list of their own.
 */
#include "platform/bsd.h"

#include <sys/procctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 8	/* while the list grows faster than it is read */

int
platform_adopt_orphans(void)
{
	return platform_adopts_orphans() ? 0 : procctl(P_PID, getpid(), PROC_REAP_ACQUIRE, NULL);
}

int
platform_adopts_orphans(void)
{
	struct procctl_reaper_status status;

	memset(&status, 0, sizeof(status));
	return procctl(P_PID, getpid(), PROC_REAP_STATUS, &status) == 0 && (status.rs_flags & REAPER_STATUS_OWNED) != 0;
}

/* The list of the reaper that pid is, or that it has; the caller frees it.  NULL: errno. */
static struct procctl_reaper_pidinfo *
read_list(pid_t pid, size_t *count)
{
	struct procctl_reaper_pidinfo *list = NULL, *grown;
	struct procctl_reaper_status status;
	struct procctl_reaper_pids request;
	size_t room;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		memset(&status, 0, sizeof(status));
		if (procctl(P_PID, pid, PROC_REAP_STATUS, &status) < 0)
			break;
		room = status.rs_descendants + 64;
		if ((grown = realloc(list, room * sizeof(*grown))) == NULL)
			break;
		list = grown;
		memset(list, 0, room * sizeof(*list));
		memset(&request, 0, sizeof(request));
		request.rp_count = (unsigned)room;
		request.rp_pids = list;
		if (procctl(P_PID, pid, PROC_REAP_GETPIDS, &request) < 0)
			break;
		for (*count = 0; *count < room && (list[*count].pi_flags & REAPER_PIDINFO_VALID); ++*count)
			;
		/* A full list may be a part of one. */
		if (*count < room)
			return list;
		errno = EAGAIN;
	}
	free(list);
	return NULL;
}

pid_t
platform_newest_pid(void)
{
	return 0;
}

int
platform_has_no_living_child(void)
{
	const unsigned kinds = REAPER_PIDINFO_CHILD | REAPER_PIDINFO_ZOMBIE;
	struct procctl_reaper_pidinfo *list;
	size_t count, i, living = 0;

	if (!platform_adopts_orphans() || (list = read_list(getpid(), &count)) == NULL)
		return 0;
	for (i = 0; i < count; i++)
		living += (list[i].pi_flags & kinds) == REAPER_PIDINFO_CHILD;
	free(list);
	return living == 0;
}

int
platform_children(enum platform_children which, struct pids *children)
{
	struct procctl_reaper_pidinfo *list;
	size_t count, i;
	int result = 0;

	(void)which;
	if (!platform_adopts_orphans()) {
		errno = ENOSYS;
		return -1;
	}
	if ((list = read_list(getpid(), &count)) == NULL)
		return -1;
	for (i = 0; i < count && result >= 0; i++)
		if (list[i].pi_flags & REAPER_PIDINFO_CHILD)
			result = pids_add(children, list[i].pi_pid);
	free(list);
	return result < 0 ? -1 : 0;
}

/* Everybody in a reaper's list, and in those of the reapers below it. */
struct family {
	struct platform_process *items;
	size_t count;
	size_t room;
	struct pids seen;
};

/* 0; -1: ENOMEM.  Who has ended meanwhile is left out. */
static int
add_member(struct family *family, pid_t pid)
{
	struct platform_process process;

	if (pids_add(&family->seen, pid) != 1 || platform_process(pid, &process) != 1)
		return 0;
	if (family->count == family->room) {
		size_t more = family->room > 0 ? 2 * family->room : 64;
		struct platform_process *grown = realloc(family->items, more * sizeof(*grown));

		if (grown == NULL)
			return -1;
		family->items = grown;
		family->room = more;
	}
	family->items[family->count++] = process;
	return 0;
}

static int
add_reaper(struct family *family, pid_t reaper)
{
	struct procctl_reaper_pidinfo *list;
	size_t count, i;
	int result = 0;

	if ((list = read_list(reaper, &count)) == NULL) {
		if (errno == EPERM)
			errno = ENOSYS;	/* the list of all processes tells of others, too */
		return -1;
	}
	for (i = 0; i < count && result == 0; i++) {
		result = add_member(family, list[i].pi_pid);
		/* One that may not be asked, or has ended meanwhile, has a list of nobody. */
		if (result == 0 && (list[i].pi_flags & REAPER_PIDINFO_REAPER) && list[i].pi_pid != reaper)
			add_reaper(family, list[i].pi_pid);
	}
	free(list);
	return result;
}

/* Below parent, as platform_each_descendant has it; whoever was taken is no member any more, so that no loop holds us. */
static int
walk(struct family *family, pid_t parent, platform_take_descendant *take, void *argument)
{
	size_t i;

	for (i = 0; i < family->count; i++) {
		struct platform_process process = family->items[i];
		int taken;

		if (process.parent != parent || process.pid == 0)
			continue;
		family->items[i].pid = 0;
		if ((taken = take(argument, &process)) < 0 ||
		    (taken == 1 && walk(family, process.pid, take, argument) < 0))
			return -1;
	}
	return 0;
}

int
platform_each_descendant(pid_t top, platform_take_descendant *take, void *argument)
{
	struct family family = { 0 };
	int result, saved;

	if ((result = add_reaper(&family, top)) == 0)
		result = walk(&family, top, take, argument);
	saved = errno;
	free(family.items);
	pids_free(&family.seen);
	errno = saved;
	return result;
}
