/* One process, as /proc shows it on Linux. */
#include "platform/platform.h"
#include "platform/linux_proc.h"
#include "platform/portable.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXEC_TRIES 500	/* a millisecond apart: the next program may have to be fetched */

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

/* The beginning of one of its files: is there none?  1 or 0. */
static int
is_empty(int proc, pid_t pid, const char *name)
{
	char text[2];

	return proc_read_text(proc_open_of(proc, pid, name, 0), text, sizeof(text)) == 0;
}

/*
 * No environment was seen: is one to come, or there since?  Between two programs a process has for a moment neither words
 * nor environment, and gets both at once; a zombie gets none any more.
 */
static int
is_in_exec(int proc, pid_t pid)
{
	struct proc_stat line;

	if (!is_empty(proc, pid, "cmdline"))
		return !is_empty(proc, pid, "environ");
	return proc_read_stat(proc, pid, &line) == 1 && line.process.state != 'Z';
}

/* All of a file.  The caller frees *text.  -1: errno. */
static int
read_all(int fd, char **text, size_t *used)
{
	size_t room = 65536;
	char *grown;
	ssize_t n;

	*text = NULL;
	*used = 0;
	while ((grown = realloc(*text, room)) != NULL) {
		*text = grown;
		if ((n = io_read_all(fd, *text + *used, room - *used)) < 0)
			return -1;
		if ((*used += (size_t)n) < room)
			return 0;
		room *= 2;
	}
	return -1;
}

/* 1, 0; -1: errno; EAGAIN: it is in an exec. */
static int
has_variable(int proc, pid_t pid, const char *name, const char *value)
{
	int fd = proc_open_of(proc, pid, "environ", 0), result = -1, saved;
	char *text;
	size_t used;

	if (fd < 0)
		return -1;
	if (read_all(fd, &text, &used) == 0) {
		if (used == 0 && is_in_exec(proc, pid))
			errno = EAGAIN;
		else
			result = portable_has_variable(text, used, name, value);
	}
	saved = errno;
	free(text);
	io_close(&fd);
	errno = saved;
	return result;
}

int
platform_process_has_variable(pid_t pid, const char *name, const char *value)
{
	int tries, result, proc = proc_open();

	if (proc < 0)
		return -1;
	for (tries = 0; (result = has_variable(proc, pid, name, value)) < 0 && errno == EAGAIN && tries < EXEC_TRIES; tries++)
		clock_sleep_ms(1);
	io_close(&proc);
	return result;
}
