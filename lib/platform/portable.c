/* What is the same code on every system, or differs by a constant alone. */
#define _GNU_SOURCE	/* O_PATH, on Linux */

#include "platform/platform.h"
#include "platform/portable.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(O_PATH)
#define SEARCH O_PATH
#elif defined(O_SEARCH)
#define SEARCH O_SEARCH
#else
#define SEARCH O_RDONLY
#endif

const struct platform_signal platform_signals[] = {
#ifdef SIGIO
	{ "IO", SIGIO },
#endif
#ifdef SIGPOLL
	{ "POLL", SIGPOLL },
#endif
#ifdef SIGPWR
	{ "PWR", SIGPWR },
#endif
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
#ifdef SIGEMT
	{ "EMT", SIGEMT },
#endif
	{ NULL, 0 },
};

int
platform_open_to_search(int dir_fd, const char *name, int flags)
{
	return io_openat(dir_fd, name, SEARCH | O_DIRECTORY | O_CLOEXEC | flags, 0);
}

static int
is_kept(int fd, const int *keep, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (keep[i] == fd)
			return 1;
	return 0;
}

/* Those that are listed.  0; -1: the list is not of what this process has open (a static /dev). */
static int
close_listed(const int *keep, size_t count)
{
	DIR *directory = opendir("/dev/fd");
	struct dirent *entry;
	int fd, is_true = 0;

	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL) {
		if (*entry->d_name < '0' || *entry->d_name > '9')
			continue;
		if ((fd = atoi(entry->d_name)) == dirfd(directory))
			is_true = 1;
		else if (fd >= 3 && !is_kept(fd, keep, count))
			close(fd);
	}
	closedir(directory);
	return is_true ? 0 : -1;
}

void
portable_close_all_but(const int *keep, size_t count)
{
	long fd, last = sysconf(_SC_OPEN_MAX);

	if (close_listed(keep, count) == 0)
		return;
	if (last < 0 || last > INT_MAX)
		last = 65536;
	for (fd = 3; fd < last; fd++)
		if (!is_kept((int)fd, keep, count))
			close((int)fd);
}

int
portable_rename_new(int dir_fd, const char *from, const char *to)
{
	return linkat(dir_fd, from, dir_fd, to, 0) < 0 ? -1 : unlinkat(dir_fd, from, 0);
}

int
portable_add_process(struct platform_process **list, size_t *count, size_t *room,
    const struct platform_process *process)
{
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 256;
		struct platform_process *grown = realloc(*list, more * sizeof(**list));

		if (grown == NULL)
			return -1;
		*list = grown;
		*room = more;
	}
	(*list)[(*count)++] = *process;
	return 0;
}

int
portable_has_no_living_child(void)
{
	struct platform_process *all;
	pid_t self = getpid();
	size_t count, i, living = 0;

	if (platform_processes(&all, &count) < 0)
		return 0;
	for (i = 0; i < count; i++)
		living += all[i].parent == self && all[i].state != 'Z';
	free(all);
	return living == 0;
}

int
platform_is_link_error(int error)
{
#ifdef EFTYPE
	if (error == EFTYPE)	/* NetBSD */
		return 1;
#endif
	return error == ELOOP || error == EMLINK;
}

int
portable_has_variable(const char *text, size_t length, const char *name, const char *value)
{
	size_t name_length = strlen(name), n;

	for (; length > 0; text += n, length -= n) {
		const char *end = memchr(text, '\0', length);

		n = end != NULL ? (size_t)(end - text) + 1 : length;
		if (end != NULL && n > name_length + 1 && memcmp(text, name, name_length) == 0 &&
		    text[name_length] == '=' && (value == NULL || strcmp(text + name_length + 1, value) == 0))
			return 1;
	}
	return 0;
}
