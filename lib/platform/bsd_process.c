/* Other processes, on the BSDs and macOS: what each tells in its own words, as platform.h has it. */
#include "platform/bsd.h"
#include "platform/portable.h"

#include <sys/time.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 8	/* while a list grows faster than it is read */

void *
bsd_sysctl(int *name, unsigned length, size_t *size)
{
	void *bytes = NULL, *grown;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		if (sysctl(name, length, NULL, size, NULL, 0) < 0)
			break;
		*size += *size / 4 + 1024;
		if ((grown = realloc(bytes, *size)) == NULL)
			break;
		bytes = grown;
		if (sysctl(name, length, bytes, size, NULL, 0) == 0)
			return bytes;
		if (errno != ENOMEM)
			break;
	}
	free(bytes);
	return NULL;
}

int
bsd_read_by(int *name, unsigned length, size_t size, void (*set)(struct bsd_process *, const void *),
    struct bsd_process **list, size_t *count)
{
	char *all;
	size_t total, i;

	if ((all = bsd_sysctl(name, length, &total)) == NULL)
		return -1;
	*count = total / size;
	if ((*list = calloc(*count + 1, sizeof(**list))) != NULL)
		for (i = 0; i < *count; i++)
			set(&(*list)[i], all + i * size);
	free(all);
	return *list != NULL ? 0 : -1;
}

unsigned long long
bsd_since_boot(long long seconds, long microseconds)
{
	int name[] = { CTL_KERN, KERN_BOOTTIME };
	struct timeval boot = { 0, 0 };
	size_t size = sizeof(boot);

	if (sysctl(name, 2, &boot, &size, NULL, 0) < 0)
		return 0;
	return (unsigned long long)((seconds - (long long)boot.tv_sec) * 1000000 + microseconds - (long)boot.tv_usec);
}

void
bsd_set(struct bsd_process *process, pid_t pid, pid_t parent, pid_t group, pid_t session, char state)
{
	process->process = (struct platform_process){ .pid = pid, .parent = parent, .group = group, .session = session,
	    .state = state };
}

void
bsd_set_start(struct bsd_process *process, long long seconds, long microseconds)
{
	process->began.tv_sec = (time_t)seconds;
	process->began.tv_nsec = microseconds * 1000;
	process->process.start_ticks = (unsigned long long)seconds * 1000000 + (unsigned long long)microseconds;
}

int
platform_processes(struct platform_process **list, size_t *count)
{
	struct bsd_process *all;
	size_t i;

	*list = NULL;
	*count = 0;
	if (bsd_read(0, &all, count) < 0)
		return -1;
	if ((*list = calloc(*count + 1, sizeof(**list))) != NULL)
		for (i = 0; i < *count; i++)
			(*list)[i] = all[i].process;
	free(all);
	return *list != NULL ? 0 : -1;
}

/* 1; 0: there is none; -1. */
static int
read_one(pid_t pid, struct bsd_process *process)
{
	struct bsd_process *list;
	size_t count;

	if (bsd_read(pid, &list, &count) < 0)
		return errno == ESRCH ? 0 : -1;
	if (count > 0)
		*process = *list;
	free(list);
	return count > 0;
}

int
platform_process(pid_t pid, struct platform_process *process)
{
	struct bsd_process one;
	int found = read_one(pid, &one);

	if (found == 1)
		*process = one.process;
	return found;
}

int
platform_process_start_ticks(pid_t pid, unsigned long long *ticks)
{
	struct bsd_process one;
	int found = read_one(pid, &one);

	if (found == 1)
		*ticks = one.process.start_ticks;
	return found;
}

int
platform_process_began(pid_t pid, struct timespec *began)
{
	struct bsd_process one;

	if (read_one(pid, &one) != 1)
		return 0;
	*began = one.began;
	return 1;
}

int
platform_process_user(pid_t pid, uid_t *user)
{
	struct bsd_process one;
	int found = read_one(pid, &one);

	if (found == 1)
		*user = one.user;
	return found;
}

int
platform_process_name(pid_t pid, char *name, size_t size)
{
	struct bsd_process one;
	int found = read_one(pid, &one);

	if (found == 1)
		snprintf(name, size, "%s", one.name);
	return found;
}

int
platform_process_has_variable(pid_t pid, const char *name, const char *value)
{
	char *text;
	size_t length;
	int has;

	if (bsd_environment(pid, &text, &length) < 0)
		return -1;
	has = portable_has_variable(text, length, name, value);
	free(text);
	return has;
}
