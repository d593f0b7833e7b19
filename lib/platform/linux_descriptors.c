/* What a process has open, as /proc shows it on Linux, and who has a file with its lock. */
#include "platform/platform.h"
#include "platform/linux_proc.h"
#include "base/io.h"
#include "base/text.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DONT_SYNC 0x4000	/* of statx(2): AT_STATX_DONT_SYNC, and STATX_INO */
#define ONLY_INODE 0x100
#define SET_PIPE_SIZE 1031	/* of fcntl(2), which not every libc names: F_SETPIPE_SZ */
#define LARGEST_PIPE 1048576	/* that a user may have, mostly */
#define USUAL_PIPE 65536
#define KERNEL_THREAD 0x00200000u	/* a flag of a process that has no descriptors */

/* Who is to see the descriptors of a process, and whether there was one. */
struct look {
	platform_take_descriptor *take;
	void *argument;
	int has_seen;
};

/*
 * Those in a list of pid's, by name.  What take returned last; -1: errno; ESRCH: there is no such list; EACCES, EPERM:
 * some may not be looked into.  What could not be read may be what is looked for; but a path that is too long to be
 * read is anybody's to make, and none of ours.
 */
static int
each_listed(int proc, pid_t pid, const char *list, struct look *look)
{
	char target[PATH_MAX + 16];
	const char *name;
	ssize_t n;
	int fd, saved, result = 0;
	DIR *directory = proc_list_of(proc, pid, list, &fd);

	if (directory == NULL)
		return -1;
	while (result == 0) {
		if ((name = proc_next(directory)) == NULL) {
			result = errno != 0 ? -1 : 0;
			break;
		}
		look->has_seen = 1;
		if ((n = readlinkat(fd, name, target, sizeof(target) - 1)) >= 0) {
			target[n] = '\0';
			result = look->take(look->argument, fd, name, target);
		} else if (errno != ENOENT && errno != ESRCH && errno != ENAMETOOLONG) {
			result = -1;
		}
	}
	saved = errno;
	closedir(directory);
	errno = saved;
	return result;
}

/* Where the first thread has ended, the list is another's. */
static int
each_of_threads(int proc, pid_t pid, struct look *look)
{
	const char *name;
	char list[64];
	int fd, saved, result = 0;
	DIR *threads = proc_list_of(proc, pid, "task", &fd);

	if (threads == NULL)
		return errno == ESRCH ? 0 : -1;
	while (result == 0 && !look->has_seen && (name = proc_next(threads)) != NULL) {
		if (atol(name) == (long)pid)
			continue;
		snprintf(list, sizeof(list), "task/%ld/fd", atol(name));
		if ((result = each_listed(proc, pid, list, look)) < 0 && errno == ESRCH)
			result = 0;
	}
	saved = errno;
	closedir(threads);
	errno = saved;
	return result;
}

static int
each_descriptor(int proc, pid_t pid, struct look *look)
{
	int error, result = each_listed(proc, pid, "fd", look);
	struct proc_stat line;

	if (look->has_seen || (result < 0 && errno != ESRCH && !proc_refused(errno)))
		return result;
	error = result < 0 ? errno : 0;
	switch (proc_read_stat(proc, pid, &line)) {
	case 1:
		break;
	case 0:
		return 0;
	default:
		return -1;
	}
	if (line.first_has_ended)
		return each_of_threads(proc, pid, look);
	/* One that has ended, whoever has its number by now, a zombie and a thread of the kernel have none. */
	if (error == 0 || error == ESRCH || line.process.state == 'Z' || (line.flags & KERNEL_THREAD))
		return 0;
	errno = error;
	return -1;
}

int
platform_each_descriptor(pid_t pid, platform_take_descriptor *take, void *argument)
{
	struct look look = { take, argument, 0 };
	int result, proc = proc_open();

	if (proc < 0)
		return -1;
	result = each_descriptor(proc, pid, &look);
	io_close(&proc);
	return result;
}

struct wanted_file {
	const struct stat *file;
	const char *name;
};

/* The kernel's struct statx, for a libc without it. */
struct kernel_statx {
	uint32_t before[8];
	uint64_t inode;
	uint32_t between[24];
	uint32_t device_major;
	uint32_t device_minor;
	uint32_t behind[28];
};

/* The file that a link of /proc leads to, by what the kernel remembers: its server may be away.  1 or 0. */
static int
is_same_file(int directory, const char *number, const struct stat *file)
{
	struct stat found;
#ifdef SYS_statx
	struct kernel_statx known;

	if (syscall(SYS_statx, directory, number, DONT_SYNC, ONLY_INODE, &known) == 0)
		return known.inode == file->st_ino &&
		    makedev(known.device_major, known.device_minor) == file->st_dev;
	if (errno != ENOSYS && errno != EPERM)
		return 0;
#endif
	return fstatat(directory, number, &found, 0) == 0 &&
	    found.st_dev == file->st_dev && found.st_ino == file->st_ino;
}

/* Is it that file?  One of another name is not looked at: that could last as long as its server is away. */
static int
is_wanted(const struct wanted_file *wanted, int directory, const char *number, const char *target)
{
	const char *slash = strrchr(target, '/');

	/* Behind the name may stand that it is deleted. */
	return slash != NULL && strncmp(slash + 1, wanted->name, strlen(wanted->name)) == 0 &&
	    is_same_file(directory, number, wanted->file);
}

static int
take_wanted(void *argument, int directory, const char *number, const char *target)
{
	return is_wanted(argument, directory, number, target);
}

int
platform_process_has_open(pid_t pid, const struct stat *file, const char *name)
{
	struct wanted_file wanted = { file, name };

	return platform_each_descriptor(pid, take_wanted, &wanted);
}

/* A line of fdinfo: "lock:\t1: FLOCK  ADVISORY  WRITE 12 …".  1, and at is in front of the number; 0. */
static int
is_flock(const char **at, int *is_shared)
{
	if (!text_take_word(at, "lock:") || !text_skip_fields(at, 1))
		return 0;
	*at += strspn(*at, " ");
	if (!text_take_word(at, "FLOCK") || !text_skip_fields(at, 1))
		return 0;
	*at += strspn(*at, " ");
	*is_shared = text_take_word(at, "READ");
	return *is_shared || text_take_word(at, "WRITE");
}

/* Does this description carry a flock, of what kind, and who took it?  1 or 0; -1: errno. */
static int
has_lock(int directory, const char *number, struct platform_holder *holder)
{
	char path[64], text[4096], *line, *next;
	unsigned long long flags = 0, pid;
	const char *at;

	if (io_format(path, sizeof(path), "../fdinfo/%s", number) < 0 ||
	    proc_read_text(io_openat(directory, path, O_RDONLY | O_CLOEXEC, 0), text, sizeof(text)) < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	for (line = text; line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		at = line;
		if (text_take_word(&at, "flags:")) {
			text_take_number(&at, 8, &flags);	/* they stand in front of the locks */
		} else if (is_flock(&at, &holder->is_shared)) {
			/* One of another PID namespace is 0, or below it. */
			holder->taker = text_take_number(&at, 10, &pid) ? (pid_t)pid : 0;
			holder->can_write = (flags & O_ACCMODE) != O_RDONLY;
			return 1;
		}
	}
	return 0;
}

struct holder_list {
	struct wanted_file wanted;
	struct platform_holder seen;	/* last */
	struct platform_holder *items;
	size_t count;
	int hidden;
};

static int
take_lock(void *argument, int directory, const char *number, const char *target)
{
	struct holder_list *list = argument;

	return is_wanted(&list->wanted, directory, number, target) ?
	    has_lock(directory, number, &list->seen) : 0;
}

static int
take_holder(void *argument, int proc, pid_t pid)
{
	struct holder_list *list = argument;
	struct platform_holder *grown, holder;
	struct look look = { take_lock, list, 0 };

	switch (each_descriptor(proc, pid, &look)) {
	case 0:
		return 0;
	case -1:
		if (!proc_refused(errno))
			return -1;
		list->hidden++;
		return 0;
	}
	holder = list->seen;
	holder.pid = pid;
	if (proc_read_text(proc_open_of(proc, pid, "comm", 0), holder.name, sizeof(holder.name)) < 0)
		*holder.name = '\0';
	holder.name[strcspn(holder.name, "\n")] = '\0';
	if ((grown = realloc(list->items, (list->count + 1) * sizeof(*grown))) == NULL)
		return -1;
	list->items = grown;
	grown[list->count++] = holder;
	return 0;
}

int
platform_lock_holders(const struct stat *file, const char *name, struct platform_holder **holders,
    size_t *count, int *hidden)
{
	struct holder_list list = { .wanted = { file, name } };
	int saved, result, proc = proc_open();

	*holders = NULL;
	*count = 0;
	*hidden = 0;
	if (proc < 0)
		return -1;
	result = proc_each(proc, take_holder, &list);
	/* Where process 1 is not even listed, others are not either. */
	list.hidden += proc_hides(proc, 1);
	saved = errno;
	io_close(&proc);
	if (result < 0) {
		free(list.items);
		errno = saved;
		return -1;
	}
	*holders = list.items;
	*count = list.count;
	*hidden = list.hidden;
	return 0;
}

int
platform_process_cwd(pid_t pid, char *path, size_t size)
{
	char link[64];
	int proc = proc_open();
	ssize_t n = -1;

	if (proc >= 0 && io_format(link, sizeof(link), "%ld/cwd", (long)pid) == 0)
		n = readlinkat(proc, link, path, size - 1);
	io_close(&proc);
	if (n < 1 || (size_t)n == size - 1 || *path != '/')
		return 0;
	path[n] = '\0';
	return 1;
}

int
platform_open_again(int fd, int flags)
{
	char path[64];
	int again = -1, proc = proc_open();

	if (proc >= 0 && io_format(path, sizeof(path), "self/fd/%d", fd) == 0)
		again = io_openat(proc, path, flags | O_CLOEXEC | O_NOCTTY, 0);
	io_close(&proc);
	return again;
}

int
platform_endless_pipe(void)
{
	char path[64];
	int ends[2], fd;

	if (io_pipe(ends) < 0)
		return -1;
	/* /proc opens the pipe once more, and not what has its number. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	fd = io_open(path, O_RDWR | O_CLOEXEC, 0);
	io_close(&ends[0]);
	io_close(&ends[1]);
	return fd;
}

void
platform_enlarge_pipe(int fd)
{
	int size;

	for (size = LARGEST_PIPE; size > USUAL_PIPE && fcntl(fd, SET_PIPE_SIZE, size) < 0; size /= 2)
		;
}
