/*
 * A double of kqueue(2) on Linux, for tests alone.  It is no kqueue: it does what lib/platform/kqueue.c asks of one,
 * and refuses all else with ENOTSUP, so that no test passes by what it does not have.
 *
 * A queue is an empty eventfd until it is told what for.  Then the same number becomes a pidfd, or an inotify instance: so
 * close(2) ends it, poll(2) knows it, and dup(2) takes it along, as with a real one.  A child of fork(2) has no queue, as
 * kqueue(2) says; pthread_atfork(3) sees to that.  That a process is a zombie already is told as ESRCH, as on OpenBSD, NetBSD
 * and macOS; on FreeBSD the queue is readable at once.
 */
#define _GNU_SOURCE

#include <sys/event.h>

#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static pthread_once_t prepared = PTHREAD_ONCE_INIT;

static int
is_queue(int directory, const char *number)
{
	char target[64];
	ssize_t n = readlinkat(directory, number, target, sizeof(target) - 1);

	if (n < 0)
		return 0;
	target[n] = '\0';
	return strcmp(target, "anon_inode:[eventfd]") == 0 || strcmp(target, "anon_inode:[pidfd]") == 0 ||
	    strncmp(target, "pidfd:", 6) == 0 || strcmp(target, "anon_inode:inotify") == 0;
}

static void
leave_out(void)
{
	struct dirent *entry;
	DIR *list = opendir("/proc/self/fd");

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (is_queue(dirfd(list), entry->d_name))
			close(atoi(entry->d_name));
	if (list != NULL)
		closedir(list);
}

static void
prepare(void)
{
	pthread_atfork(NULL, NULL, leave_out);
}

int
kqueue(void)
{
	pthread_once(&prepared, prepare);
	return eventfd(0, 0);
}

/* The queue becomes what fd is. */
static int
become(int queue, int fd)
{
	int saved, result;

	if (fd < 0)
		return -1;
	result = dup3(fd, queue, O_CLOEXEC);
	saved = errno;
	close(fd);
	errno = saved;
	return result < 0 ? -1 : 0;
}

static int
add_process(int queue, const struct kevent *change)
{
	int fd = (int)syscall(SYS_pidfd_open, (int)change->ident, 0);
	struct pollfd ended = { fd, POLLIN, 0 };

	if (change->flags != EV_ADD || change->fflags != NOTE_EXIT) {
		close(fd);
		errno = ENOTSUP;
		return -1;
	}
	if (fd >= 0 && poll(&ended, 1, 0) > 0) {
		close(fd);
		errno = ESRCH;
		return -1;
	}
	return become(queue, fd);
}

static int
add_file(int inotify, const struct kevent *change)
{
	static const struct {
		unsigned note, mask;
	} all[] = {
		{ NOTE_DELETE, IN_DELETE_SELF | IN_ATTRIB }, { NOTE_WRITE | NOTE_EXTEND, IN_MODIFY },
		{ NOTE_ATTRIB, IN_ATTRIB }, { NOTE_RENAME, IN_MOVE_SELF },
	};
	unsigned mask = 0, known = 0;
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		known |= all[i].note;
		if (change->fflags & all[i].note)
			mask |= all[i].mask;
	}
	if (change->filter != EVFILT_VNODE || change->flags != (EV_ADD | EV_CLEAR) || (change->fflags & ~known)) {
		errno = ENOTSUP;
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)change->ident);
	return inotify_add_watch(inotify, path, mask) < 0 ? -1 : 0;
}

static int
add(int queue, const struct kevent *changes, int count)
{
	int inotify, i;

	if (count == 1 && changes->filter == EVFILT_PROC)
		return add_process(queue, changes);
	if ((inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) < 0)
		return -1;
	for (i = 0; i < count; i++)
		if (add_file(inotify, &changes[i]) < 0) {
			close(inotify);
			return -1;
		}
	return become(queue, inotify);
}

int
kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int event_count,
    const struct timespec *timeout)
{
	char bytes[4096];
	int told = 0;

	if (change_count > 0)
		return event_count == 0 ? add(queue, changes, change_count) : (errno = ENOTSUP, -1);
	/* Of files alone, and without waiting. */
	if (timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0) {
		errno = ENOTSUP;
		return -1;
	}
	while (read(queue, bytes, sizeof(bytes)) > 0)
		told = 1;
	if (told && event_count > 0)
		memset(events, 0, sizeof(*events));
	return told;
}
