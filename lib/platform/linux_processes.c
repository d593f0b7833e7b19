/* Lists of processes, as /proc shows them on Linux: all of them, and the children of one. */
#include "platform/platform.h"
#include "platform/linux_numbers.h"
#include "platform/linux_proc.h"
#include "platform/portable.h"
#include "base/io.h"
#include "base/pids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process_list {
	struct platform_process *items;
	size_t count;
	size_t room;
};

static int
take_process(void *argument, int proc, pid_t pid)
{
	struct process_list *list = argument;
	struct proc_stat line;

	switch (proc_read_stat(proc, pid, &line)) {
	case 1:
		return portable_add_process(&list->items, &list->count, &list->room, &line.process);
	case 0:
		return 0;
	}
	/* Hidden from us is not there for us; but what cannot be read may be. */
	return proc_refused(errno) || errno == EPROTO ? 0 : -1;
}

int
platform_processes(struct platform_process **processes, size_t *count)
{
	struct process_list list = { NULL, 0, 0 };
	int saved, result, proc = proc_open();

	*processes = NULL;
	*count = 0;
	if (proc < 0)
		return -1;
	result = proc_each(proc, take_process, &list);
	saved = errno;
	io_close(&proc);
	if (result < 0) {
		free(list.items);
		errno = saved;
		return -1;
	}
	*processes = list.items;
	*count = list.count;
	return 0;
}

/* The numbers in a list of children, which is closed. */
static int
take_numbers(struct pids *children, int fd)
{
	char bytes[2048];
	size_t number = 0;
	ssize_t n, i;

	do {
		if ((n = io_read_all(fd, bytes, sizeof(bytes))) < 0)
			break;
		for (i = 0; i < n; i++) {
			if (bytes[i] >= '0' && bytes[i] <= '9') {
				number = 10 * number + (size_t)(bytes[i] - '0');
			} else if (number > 0) {
				if (pids_add(children, (pid_t)number) < 0)
					n = -1;
				number = 0;
			}
		}
	} while (n == (ssize_t)sizeof(bytes));
	io_close(&fd);
	return n < 0 && errno != ESRCH ? -1 : 0;
}

/* Each thread has a list of its own.  -1: errno; EACCES too. */
static int
take_of_threads(struct pids *children, int proc, pid_t pid)
{
	int listed, fd, saved, result = 0;
	DIR *threads = proc_list_of(proc, pid, "task", &listed);
	const char *thread;
	char name[300];

	if (threads == NULL)
		return errno == ESRCH ? 0 : -1;
	while (result == 0) {
		if ((thread = proc_next(threads)) == NULL) {
			result = errno == 0 || errno == ENOENT || errno == ESRCH ? 0 : -1;
			break;
		}
		if (io_format(name, sizeof(name), "%s/children", thread) < 0)
			continue;
		if ((fd = io_openat(listed, name, O_RDONLY | O_CLOEXEC, 0)) >= 0)
			result = take_numbers(children, fd);
		else if (errno != ENOENT && errno != ESRCH)
			result = -1;
	}
	saved = errno;
	closedir(threads);
	errno = saved;
	return result;
}

/* The children of a process that has so many threads; 0: who knows. */
static int
take_children(struct pids *children, int proc, pid_t pid, int threads)
{
	char name[64];
	int fd;

	if (threads != 1)
		return take_of_threads(children, proc, pid);
	io_format(name, sizeof(name), "task/%ld/children", (long)pid);
	if ((fd = proc_open_of(proc, pid, name, 0)) < 0)
		return errno == ESRCH ? 0 : -1;
	return take_numbers(children, fd);
}

/* Nothing is in a list: is there such a list at all?  0; -1: ENOSYS. */
static int
has_lists(int proc)
{
	if (faccessat(proc, "thread-self/children", F_OK, 0) == 0)
		return 0;
	errno = ENOSYS;
	return -1;
}

int
platform_children(enum platform_children which, struct pids *children)
{
	int result, proc = proc_open();

	if (proc < 0)
		return errno == ENOSYS ? numbers_children(which, children) : -1;
	result = take_children(children, proc, getpid(), 0);
	if (result == 0 && children->count == 0)
		result = has_lists(proc);
	io_close(&proc);
	return result;
}

/* The last word of its only line. */
pid_t
platform_newest_pid(void)
{
	char line[128], *last;
	int proc = proc_open(), fd;

	if (proc < 0)
		return errno == ENOSYS ? numbers_newest() : 0;
	fd = io_openat(proc, "loadavg", O_RDONLY | O_CLOEXEC, 0);
	io_close(&proc);
	if (proc_read_text(fd, line, sizeof(line)) < 0 || (last = strrchr(line, ' ')) == NULL)
		return 0;
	return (pid_t)strtol(last, NULL, 10);
}

/* Who is below top, in the order in which they were found; and of whom the children are to be looked for. */
struct walk {
	int proc;
	struct pids found;
	struct walker {
		pid_t pid;
		int threads;
	} *parents;
	size_t count;
	size_t room;
	platform_take_descendant *take;
	void *argument;
};

static int
add_parent(struct walk *walk, pid_t pid, int threads)
{
	if (walk->count == walk->room) {
		size_t more = walk->room > 0 ? 2 * walk->room : 64;
		struct walker *grown = realloc(walk->parents, more * sizeof(*grown));

		if (grown == NULL)
			return -1;
		walk->parents = grown;
		walk->room = more;
	}
	walk->parents[walk->count++] = (struct walker){ pid, threads };
	return 0;
}

static int
take_child(struct walk *walk, pid_t parent, pid_t child)
{
	struct proc_stat line;

	switch (proc_read_stat(walk->proc, child, &line)) {
	case 0:
		return 0;
	case -1:
		if (!proc_refused(errno))
			return -1;
		line = (struct proc_stat){ .process = { .pid = child, .parent = parent, .state = '?' } };
	}
	switch (walk->take(walk->argument, &line.process)) {
	case 0:
		return 0;
	case 1:
		return add_parent(walk, child, line.threads);
	}
	return -1;
}

/* Those in the list of one, but for whom another list had already. */
static int
walk_children(struct walk *walk, struct walker parent)
{
	size_t i = walk->found.count;

	if (take_children(&walk->found, walk->proc, parent.pid, parent.threads) < 0 && !proc_refused(errno))
		return -1;
	for (; i < walk->found.count; i++)
		if (take_child(walk, parent.pid, walk->found.items[i]) < 0)
			return -1;
	return 0;
}

int
platform_each_descendant(pid_t top, platform_take_descendant *take, void *argument)
{
	struct walk walk = { .proc = proc_open(), .take = take, .argument = argument };
	int result, saved;
	size_t i;

	if (walk.proc < 0)
		return -1;
	result = walk_children(&walk, (struct walker){ top, 0 });
	if (result == 0 && walk.found.count == 0)
		result = has_lists(walk.proc);
	for (i = 0; i < walk.count && result == 0; i++)
		result = walk_children(&walk, walk.parents[i]);
	saved = errno;
	free(walk.parents);
	pids_free(&walk.found);
	io_close(&walk.proc);
	errno = saved;
	return result;
}
