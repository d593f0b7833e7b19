/* One process, as /proc shows it on Linux. */
#include "platform/platform.h"
#include "platform/linux_proc.h"
#include "platform/portable.h"
#include "base/io.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int
platform_process(pid_t pid, struct platform_process *process)
{
	struct proc_stat line;
	int proc = proc_open(), found;

	if (proc < 0)
		return -1;
	if ((found = proc_read_stat(proc, pid, &line)) == 1)
		*process = line.process;
	io_close(&proc);
	return found;
}

int
platform_process_start_ticks(pid_t pid, unsigned long long *ticks)
{
	struct platform_process process;
	int found = platform_process(pid, &process);

	if (found == 1)
		*ticks = process.start_ticks;
	return found;
}

int
platform_process_began(pid_t pid, struct timespec *began)
{
	unsigned long long ticks, rate = (unsigned long long)sysconf(_SC_CLK_TCK);
	struct timespec wall, since_boot;

	if (platform_process_start_ticks(pid, &ticks) != 1 ||
	    clock_gettime(CLOCK_REALTIME, &wall) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &since_boot) < 0)
		return 0;
	began->tv_sec = wall.tv_sec - since_boot.tv_sec + (time_t)(ticks / rate);
	began->tv_nsec = wall.tv_nsec - since_boot.tv_nsec +
	    (long)(ticks % rate * (1000000000ULL / rate));
	for (; began->tv_nsec < 0; began->tv_nsec += 1000000000L)
		began->tv_sec--;
	for (; began->tv_nsec >= 1000000000L; began->tv_nsec -= 1000000000L)
		began->tv_sec++;
	return 1;
}

int
platform_process_name(pid_t pid, char *name, size_t size)
{
	int proc = proc_open();
	ssize_t n;

	if (proc < 0)
		return -1;
	n = proc_read_text(proc_open_of(proc, pid, "comm", 0), name, size);
	io_close(&proc);
	if (n < 0)
		return errno == ESRCH ? 0 : -1;
	name[strcspn(name, "\n")] = '\0';
	return 1;
}

int
platform_process_user(pid_t pid, uid_t *user)
{
	char text[4096];
	const char *line;
	unsigned long long effective;
	ssize_t n;
	int proc = proc_open();

	if (proc < 0)
		return -1;
	n = proc_read_text(proc_open_of(proc, pid, "status", 0), text, sizeof(text));
	io_close(&proc);
	if (n < 0)
		return errno == ESRCH ? 0 : -1;
	/* The command's name, which comes first, has no raw newline. */
	if ((line = strstr(text, "\nUid:")) == NULL || !text_take_word(&line, "\nUid:") ||
	    !text_skip_fields(&line, 1) || !text_take_number(&line, 10, &effective)) {
		errno = EPROTO;
		return -1;
	}
	*user = (uid_t)effective;
	return 1;
}

int
platform_process_has_variable(pid_t pid, const char *name, const char *value)
{
	size_t room = 65536, used = 0;
	char *text = NULL, *grown;
	ssize_t n = 0;
	int fd, result = -1, proc = proc_open();

	if (proc < 0)
		return -1;
	fd = proc_open_of(proc, pid, "environ", 0);
	io_close(&proc);
	if (fd < 0)
		return -1;
	while ((grown = realloc(text, room)) != NULL) {
		text = grown;
		if ((n = io_read_all(fd, text + used, room - used)) < 0 || (used += (size_t)n) < room)
			break;
		room *= 2;
	}
	if (grown != NULL && n >= 0)
		result = portable_has_variable(text, used, name, value);
	free(text);
	io_close(&fd);
	return result;
}
