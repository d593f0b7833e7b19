/* Other processes, with POSIX alone: what ps(1) tells. */
#include "platform/platform.h"
#include "platform/command.h"
#include "platform/portable.h"
#include "base/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of one process, or of all. */
static int
list_ps(pid_t pid, struct platform_process **list, size_t *count)
{
	char one[32];
	const char *words[] = { "ps", "-o", "pid=", "-o", "ppid=", "-o", "stat=", pid > 0 ? "-p" : "-A",
	    pid > 0 ? one : NULL, NULL };
	struct platform_process process;
	long number, parent;
	char state[32];
	size_t room = 0;
	pid_t child;
	FILE *stream;
	int fd, failed = 0;

	*list = NULL;
	*count = 0;
	snprintf(one, sizeof(one), "%ld", (long)pid);
	if ((fd = command_open(words, &child)) < 0)
		return -1;
	if ((stream = fdopen(fd, "r")) == NULL)
		io_close(&fd);
	while (stream != NULL && !failed &&
	    fscanf(stream, "%ld %ld %31s", &number, &parent, state) == 3) {
		process.pid = (pid_t)number;
		process.parent = (pid_t)parent;
		process.group = getpgid(process.pid);
		process.session = getsid(process.pid);
		process.start_ticks = 0;
		/* With an l its first thread has ended, the process has not. */
		process.state = *state == 'Z' && strchr(state, 'l') != NULL ? 'S' : *state;
		if (process.pid != child)
			failed = portable_add_process(list, count, &room, &process) < 0;
	}
	if (stream != NULL)
		fclose(stream);
	if (command_await(child) < 0 || stream == NULL || failed) {
		free(*list);
		*list = NULL;
		errno = ENOSYS;
		return -1;
	}
	return 0;
}

int
platform_processes(struct platform_process **list, size_t *count)
{
	return list_ps(0, list, count);
}

int
platform_process(pid_t pid, struct platform_process *process)
{
	struct platform_process *list;
	size_t count;

	if (list_ps(pid, &list, &count) < 0)
		return -1;
	if (count > 0)
		*process = *list;
	free(list);
	return count > 0;
}

int
platform_process_began(pid_t pid, struct timespec *began)
{
	(void)pid;
	(void)began;
	return 0;
}

int
platform_process_start_ticks(pid_t pid, unsigned long long *ticks)
{
	(void)pid;
	(void)ticks;
	errno = ENOSYS;
	return -1;
}

int
platform_process_user(pid_t pid, uid_t *user)
{
	(void)pid;
	(void)user;
	errno = ENOSYS;
	return -1;
}

int
platform_process_name(pid_t pid, char *name, size_t size)
{
	char one[32], text[256];
	const char *words[] = { "ps", "-o", "comm=", "-p", one, NULL }, *last;
	ssize_t n;
	pid_t child;
	int fd;

	snprintf(one, sizeof(one), "%ld", (long)pid);
	if ((fd = command_open(words, &child)) < 0)
		return -1;
	n = io_read_all(fd, text, sizeof(text) - 1);
	io_close(&fd);
	if (command_await(child) < 0 || n < 0) {
		errno = ENOSYS;
		return -1;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	last = strrchr(text, '/');	/* some say the path */
	snprintf(name, size, "%s", last != NULL ? last + 1 : text);
	return *name != '\0';
}

int
platform_process_has_variable(pid_t pid, const char *name, const char *value)
{
	(void)pid;
	(void)name;
	(void)value;
	errno = ENOSYS;
	return -1;
}
