/* Lists of processes, as /proc shows them on Linux: all of them, and the children of one. */
#include "platform/platform.h"
#include "platform/linux_proc.h"
#include "platform/portable.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

struct pid_list {
	pid_t *items;
	size_t count;
	size_t room;
};

/* The numbers in a list of children. */
static int
take_numbers(struct pid_list *list, FILE *stream)
{
	long number;

	while (fscanf(stream, "%ld", &number) == 1) {
		if (list->count == list->room) {
			size_t more = list->room ? list->room * 2 : 64;
			pid_t *grown = realloc(list->items, more * sizeof(*grown));

			if (grown == NULL)
				return -1;
			list->items = grown;
			list->room = more;
		}
		list->items[list->count++] = (pid_t)number;
	}
	return 0;
}

/* Each thread has a list of its own. */
static int
take_children(struct pid_list *list, int proc, pid_t pid)
{
	int listed, fd, result = 0;
	DIR *threads = proc_list_of(proc, pid, "task", &listed);
	const char *thread;
	FILE *stream;
	char name[300];

	if (threads == NULL)
		return errno == ESRCH ? 0 : -1;
	while (result == 0 && (thread = proc_next(threads)) != NULL) {
		if (io_format(name, sizeof(name), "%s/children", thread) < 0)
			continue;
		fd = io_openat(listed, name, O_RDONLY | O_CLOEXEC, 0);
		if ((stream = fd < 0 ? NULL : fdopen(fd, "r")) != NULL) {
			result = take_numbers(list, stream);
			fclose(stream);
		} else if (errno != ENOENT && errno != ESRCH) {
			io_close(&fd);
			result = -1;
		}
	}
	closedir(threads);
	if (result == 0 && list->count == 0 && faccessat(proc, "thread-self/children", F_OK, 0) < 0) {
		errno = ENOSYS;
		return -1;
	}
	return result;
}

int
platform_children(pid_t pid, pid_t **children, size_t *count)
{
	struct pid_list list = { NULL, 0, 0 };
	int saved, result, proc = proc_open();

	*children = NULL;
	*count = 0;
	if (proc < 0)
		return -1;
	result = take_children(&list, proc, pid);
	saved = errno;
	io_close(&proc);
	if (result < 0) {
		free(list.items);
		errno = saved;
		return -1;
	}
	*children = list.items;
	*count = list.count;
	return 0;
}
