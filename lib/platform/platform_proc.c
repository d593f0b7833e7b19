/*
 * What is seen of other processes.  On Linux that is /proc, else, or with -DPLATFORM_POSIX, ps(1).
 *
 * Invariants of the Linux half:
 *   1. Nothing below /proc is opened but from the descriptor that open_proc has checked: one of
 *      another PID namespace has other processes under our numbers.  Such a one is none (ENOSYS), but
 *      for what needs no number: the names of this boot and of our namespace.
 *   2. What exists but may not be looked into is never "there is nothing": that is -1 with EACCES or
 *      EPERM, also where the mount hides it (hidepid) and its directory seems to be missing.
 */
#if defined(__linux__) && !defined(PLATFORM_POSIX)
#define PLATFORM_LINUX
#endif

#include "platform/platform.h"
#include "base/io.h"

#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef PLATFORM_LINUX
#include <sys/vfs.h>
#include <sys/xattr.h>

#define PROC_MAGIC 0x9fa0
#define KERNEL_THREAD 0x00200000u	/* a flag of a process that has no descriptors */
#endif

static int
add_process(struct platform_process **list, size_t *count, size_t *room,
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

#ifdef PLATFORM_LINUX

static int
is_refused(int error)
{
	return error == EACCES || error == EPERM;
}

/* The directory /proc, and what its self is in it, which is us, by whatever number.  -1: errno; ENOSYS. */
static int
open_any_proc(char *self, size_t size)
{
	struct statfs mounted;
	ssize_t n = -1;
	int fd = io_open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd >= 0 && fstatfs(fd, &mounted) == 0) {
		if (mounted.f_type != PROC_MAGIC)
			errno = ENOSYS;
		else if ((n = readlinkat(fd, "self", self, size - 1)) >= 0)
			self[n] = '\0';
	}
	if (n < 0 && (errno == ENOENT || errno == ENOTDIR || is_refused(errno)))
		errno = ENOSYS;
	if (n < 0)
		io_close(&fd);
	return fd;
}

/* The directory /proc, if it shows the processes of our PID namespace.  -1: errno; ENOSYS: it does not. */
static int
open_proc(void)
{
	char ours[32], self[32];
	int fd = open_any_proc(self, sizeof(self));

	snprintf(ours, sizeof(ours), "%ld", (long)getpid());
	if (fd >= 0 && strcmp(self, ours) != 0) {
		io_close(&fd);
		errno = ENOSYS;
	}
	return fd;
}

/* Its directory is not there: does the process exist all the same? */
static int
is_hidden(int proc, pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "%ld", (long)pid);
	return pid > 0 && faccessat(proc, name, F_OK, 0) < 0 && errno == ENOENT &&
	    (kill(pid, 0) == 0 || errno == EPERM);
}

/* Something in a process's directory.  -1: errno; ESRCH: there is no such process, or no such thing. */
static int
open_of(int proc, pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	if (io_format(path, sizeof(path), "%ld/%s", (long)pid, name) < 0)
		return -1;
	/* ESRCH at open too: it may end while the kernel walks the path. */
	if ((fd = io_openat(proc, path, O_RDONLY | O_CLOEXEC | flags, 0)) < 0 &&
	    (errno == ENOENT || errno == ESRCH))
		errno = is_hidden(proc, pid) ? EACCES : ESRCH;
	return fd;
}

/* The beginning of a file, as a string; fd is closed.  Its length, or -1. */
static ssize_t
read_text(int fd, char *text, size_t size)
{
	ssize_t n;

	if (fd < 0)
		return -1;
	if ((n = io_read_all(fd, text, size - 1)) >= 0)
		text[n] = '\0';
	io_close(&fd);
	return n;
}

struct stat_line {
	struct platform_process process;
	unsigned flags;
	int first_has_ended;	/* the first thread, while others run */
};

/* What /proc/PID/stat says.  1; 0: there is no such process; -1. */
static int
read_stat(int proc, pid_t pid, struct stat_line *found)
{
	struct platform_process *process = &found->process;
	int parent, group, session, threads = 0;
	const char *fields;
	char line[1024];

	memset(found, 0, sizeof(*found));
	if (read_text(open_of(proc, pid, "stat", 0), line, sizeof(line)) < 0)
		return errno == ESRCH ? 0 : -1;
	/* The name is in parentheses and may hold anything, parentheses too. */
	if ((fields = strrchr(line, ')')) == NULL ||
	    sscanf(fields + 1, " %c %d %d %d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d "
	    "%*d %llu", &process->state, &parent, &group, &session, &found->flags, &threads,
	    &process->start_ticks) < 4) {
		errno = EPROTO;
		return -1;
	}
	if (process->state == 'Z' && threads > 1) {
		process->state = 'S';
		found->first_has_ended = 1;
	}
	process->pid = pid;
	process->parent = (pid_t)parent;
	process->group = (pid_t)group;
	process->session = (pid_t)session;
	return 1;
}

int
platform_process(pid_t pid, struct platform_process *process)
{
	struct stat_line line;
	int proc = open_proc(), found;

	if (proc < 0)
		return -1;
	if ((found = read_stat(proc, pid, &line)) == 1)
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
platform_boot_id(char *name, size_t size)
{
	char self[32];
	int proc = open_any_proc(self, sizeof(self));
	ssize_t n = -1;

	if (proc >= 0)
		n = read_text(io_openat(proc, "sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0),
		    name, size);
	io_close(&proc);
	if (n < 1)
		return 0;
	name[strcspn(name, "\n")] = '\0';
	return *name != '\0';
}

int
platform_pid_namespace(char *name, size_t size)
{
	char self[32];
	int proc = open_any_proc(self, sizeof(self));
	ssize_t n = proc < 0 ? -1 : readlinkat(proc, "self/ns/pid", name, size - 1);

	io_close(&proc);
	if (n <= 0)
		return 0;
	name[n] = '\0';
	return 1;
}

/*
 * Call take for every process that is listed, while it returns 0.  What it returned last; -1 also when
 * the list cannot be had.
 */
static int
each_process(int proc, int (*take)(void *, int, pid_t), void *argument)
{
	int saved, result = 0, fd = io_openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct dirent *entry;
	DIR *directory;

	if (fd < 0 || (directory = fdopendir(fd)) == NULL) {
		io_close(&fd);
		return -1;
	}
	while (result == 0) {
		errno = 0;
		if ((entry = readdir(directory)) == NULL) {
			result = errno != 0 ? -1 : 0;
			break;
		}
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			result = take(argument, proc, (pid_t)atol(entry->d_name));
	}
	saved = errno;
	closedir(directory);
	errno = saved;
	return result;
}

struct process_list {
	struct platform_process *items;
	size_t count;
	size_t room;
};

static int
take_process(void *argument, int proc, pid_t pid)
{
	struct process_list *list = argument;
	struct stat_line line;

	switch (read_stat(proc, pid, &line)) {
	case 1:
		return add_process(&list->items, &list->count, &list->room, &line.process);
	case 0:
		return 0;
	}
	/* Hidden from us is not there for us; but what cannot be read may be. */
	return is_refused(errno) || errno == EPROTO ? 0 : -1;
}

int
platform_processes(struct platform_process **processes, size_t *count)
{
	struct process_list list = { NULL, 0, 0 };
	int saved, result, proc = open_proc();

	*processes = NULL;
	*count = 0;
	if (proc < 0)
		return -1;
	result = each_process(proc, take_process, &list);
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
	int fd = open_of(proc, pid, "task", O_DIRECTORY), result = 0;
	DIR *threads = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	FILE *stream;
	char name[300];

	if (threads == NULL) {
		io_close(&fd);
		return errno == ESRCH ? 0 : -1;
	}
	while (result == 0 && (entry = readdir(threads)) != NULL) {
		if (*entry->d_name == '.' || io_format(name, sizeof(name), "%s/children", entry->d_name) < 0)
			continue;
		fd = io_openat(dirfd(threads), name, O_RDONLY | O_CLOEXEC, 0);
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
	int saved, result, proc = open_proc();

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

/* Who is to see the descriptors of a process, and whether there was one. */
struct look {
	platform_take_descriptor *take;
	void *argument;
	int has_seen;
};

/* Those in an opened list, which is closed.  What take returned last; -1: one may not be looked into. */
static int
each_listed(int fd, struct look *look)
{
	char target[PATH_MAX + 16];
	struct dirent *entry;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	ssize_t n;
	int saved, result = 0;

	if (directory == NULL) {
		io_close(&fd);
		return -1;
	}
	while (result == 0 && (entry = readdir(directory)) != NULL) {
		if (*entry->d_name == '.')
			continue;
		look->has_seen = 1;
		if ((n = readlinkat(fd, entry->d_name, target, sizeof(target) - 1)) >= 0) {
			target[n] = '\0';
			result = look->take(look->argument, fd, entry->d_name, target);
		} else if (is_refused(errno)) {
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
	int result = 0, fd = open_of(proc, pid, "task", O_DIRECTORY);
	DIR *threads = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char name[64];

	if (threads == NULL) {
		io_close(&fd);
		return errno == ESRCH ? 0 : -1;
	}
	while (result == 0 && !look->has_seen && (entry = readdir(threads)) != NULL) {
		if (*entry->d_name == '.' || atol(entry->d_name) == (long)pid)
			continue;
		snprintf(name, sizeof(name), "task/%ld/fd", atol(entry->d_name));
		if ((result = each_listed(open_of(proc, pid, name, O_DIRECTORY), look)) < 0 && errno == ESRCH)
			result = 0;
	}
	closedir(threads);
	return result;
}

static int
each_descriptor(int proc, pid_t pid, struct look *look)
{
	int error, result = each_listed(open_of(proc, pid, "fd", O_DIRECTORY), look);
	struct stat_line line;

	if (look->has_seen || (result < 0 && errno != ESRCH && !is_refused(errno)))
		return result;
	error = result < 0 ? errno : 0;
	switch (read_stat(proc, pid, &line)) {
	case 1:
		break;
	case 0:
		return 0;
	default:
		return -1;
	}
	if (line.first_has_ended)
		return each_of_threads(proc, pid, look);
	/* A zombie and a thread of the kernel have none, whoever may look. */
	if (error == 0 || line.process.state == 'Z' || (line.flags & KERNEL_THREAD))
		return 0;
	errno = error;
	return -1;
}

int
platform_each_descriptor(pid_t pid, platform_take_descriptor *take, void *argument)
{
	struct look look = { take, argument, 0 };
	int result, proc = open_proc();

	if (proc < 0)
		return -1;
	result = each_descriptor(proc, pid, &look);
	io_close(&proc);
	return result;
}

int
platform_process_name(pid_t pid, char *name, size_t size)
{
	int proc = open_proc();
	ssize_t n;

	if (proc < 0)
		return -1;
	n = read_text(open_of(proc, pid, "comm", 0), name, size);
	io_close(&proc);
	if (n < 0)
		return errno == ESRCH ? 0 : -1;
	name[strcspn(name, "\n")] = '\0';
	return 1;
}

unsigned long
platform_net_namespace(pid_t pid)
{
	char path[64], target[64];
	unsigned long number = 0;
	int proc = open_proc();
	ssize_t n = -1;

	if (proc >= 0 && io_format(path, sizeof(path), "%ld/ns/net", (long)pid) == 0)
		n = readlinkat(proc, path, target, sizeof(target) - 1);
	io_close(&proc);
	if (n < 0)
		return 0;
	target[n] = '\0';
	return sscanf(target, "net:[%lu]", &number) == 1 ? number : 0;
}

int
platform_net_table(pid_t pid, const char *table)
{
	char path[64];
	int fd = -1, proc = open_proc();

	if (proc >= 0 && io_format(path, sizeof(path), "net/%s", table) == 0)
		fd = open_of(proc, pid, path, 0);
	io_close(&proc);
	return fd;
}

int
platform_is_unix_socket(pid_t pid, int number)
{
	char path[64], protocol[32];
	int proc = open_proc();
	ssize_t n;

	if (proc < 0)
		return 0;
	io_close(&proc);
	/* There is no getxattrat; this is the same /proc as a moment ago. */
	io_format(path, sizeof(path), "/proc/%ld/fd/%d", (long)pid, number);
	n = getxattr(path, "system.sockprotoname", protocol, sizeof(protocol));
	return n >= 4 && memcmp(protocol, "UNIX", 4) == 0;
}

struct wanted_file {
	const struct stat *file;
	const char *name;
};

/* Is it that file?  One of another name is not looked at: that could last as long as its server is away. */
static int
is_wanted(const struct wanted_file *wanted, int directory, const char *number, const char *target)
{
	const char *slash = strrchr(target, '/');
	struct stat found;

	/* Behind the name may stand that it is deleted. */
	return slash != NULL && strncmp(slash + 1, wanted->name, strlen(wanted->name)) == 0 &&
	    fstatat(directory, number, &found, 0) == 0 &&
	    found.st_dev == wanted->file->st_dev && found.st_ino == wanted->file->st_ino;
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

/* Does this description carry a flock, of what kind, and who took it?  1 or 0; -1: errno. */
static int
has_lock(int directory, const char *number, struct platform_holder *holder)
{
	char path[64], text[4096], kind[8], *line, *next;
	unsigned flags = 0;
	long pid;

	if (io_format(path, sizeof(path), "../fdinfo/%s", number) < 0 ||
	    read_text(io_openat(directory, path, O_RDONLY | O_CLOEXEC, 0), text, sizeof(text)) < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	for (line = text; line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		sscanf(line, "flags: %o", &flags);	/* it stands in front of the locks */
		if (sscanf(line, "lock: %*d: FLOCK ADVISORY %7s %ld", kind, &pid) == 2) {
			holder->taker = pid > 0 ? (pid_t)pid : 0;
			holder->is_shared = strcmp(kind, "READ") == 0;
			holder->can_write = (flags & O_ACCMODE) != O_RDONLY;
			return 1;
		}
	}
	return 0;
}

int
platform_process_user(pid_t pid, uid_t *user)
{
	char text[4096];
	const char *line;
	unsigned long effective;
	ssize_t n;
	int proc = open_proc();

	if (proc < 0)
		return -1;
	n = read_text(open_of(proc, pid, "status", 0), text, sizeof(text));
	io_close(&proc);
	if (n < 0)
		return errno == ESRCH ? 0 : -1;
	/* The command's name, which comes first, has no raw newline. */
	if ((line = strstr(text, "\nUid:")) == NULL || sscanf(line, " Uid: %*u %lu", &effective) != 1) {
		errno = EPROTO;
		return -1;
	}
	*user = (uid_t)effective;
	return 1;
}

/* Does the text, variables that each end with a NUL, have NAME=VALUE, or NAME at all? */
static int
has_variable(const char *text, size_t length, const char *name, const char *value)
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

int
platform_process_has_variable(pid_t pid, const char *name, const char *value)
{
	size_t room = 65536, used = 0;
	char *text = NULL, *grown;
	ssize_t n = 0;
	int fd, result = -1, proc = open_proc();

	if (proc < 0)
		return -1;
	fd = open_of(proc, pid, "environ", 0);
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
		result = has_variable(text, used, name, value);
	free(text);
	io_close(&fd);
	return result;
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
		if (!is_refused(errno))
			return -1;
		list->hidden++;
		return 0;
	}
	holder = list->seen;
	holder.pid = pid;
	if (read_text(open_of(proc, pid, "comm", 0), holder.name, sizeof(holder.name)) < 0)
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
	int saved, result, proc = open_proc();

	*holders = NULL;
	*count = 0;
	*hidden = 0;
	if (proc < 0)
		return -1;
	result = each_process(proc, take_holder, &list);
	/* Where process 1 is not even listed, others are not either. */
	list.hidden += is_hidden(proc, 1);
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

#else /* POSIX */

/* The output of ps for everybody or one process, on a descriptor; the child is not in the answer. */
static int
open_ps(pid_t pid, pid_t *child)
{
	char number[32];
	sigset_t all, before;
	int out[2], null;

	if (io_pipe(out) < 0)
		return -1;
	snprintf(number, sizeof(number), "%ld", (long)pid);
	/* The child must not run our handlers: ps has none, and blocked signals do not matter to it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if ((*child = fork()) == 0) {
		if ((null = io_open("/dev/null", O_RDWR, 0)) < 0 || io_dup2(out[1], 1) < 0 ||
		    io_dup2(null, 2) < 0)
			_exit(127);
		if (pid > 0)
			execlp("ps", "ps", "-o", "pid=", "-o", "ppid=", "-o", "stat=", "-p", number,
			    (char *)NULL);
		else
			execlp("ps", "ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "stat=",
			    (char *)NULL);
		_exit(127);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	io_close(&out[1]);
	if (*child < 0)
		io_close(&out[0]);
	return out[0];
}

static int
list_ps(pid_t pid, struct platform_process **list, size_t *count)
{
	struct platform_process process;
	long number, parent;
	char state[32];
	size_t room = 0;
	pid_t child;
	FILE *stream;
	int fd, status = 0, failed = 0;	/* where SIGCHLD is ignored, nobody tells the status */

	*list = NULL;
	*count = 0;
	if ((fd = open_ps(pid, &child)) < 0)
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
			failed = add_process(list, count, &room, &process) < 0;
	}
	if (stream != NULL)
		fclose(stream);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (stream == NULL || failed || WIFSIGNALED(status) || WEXITSTATUS(status) > 1) {
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
platform_children(pid_t pid, pid_t **children, size_t *count)
{
	(void)pid;
	*children = NULL;
	*count = 0;
	errno = ENOSYS;
	return -1;
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
platform_boot_id(char *name, size_t size)
{
	(void)name;
	(void)size;
	return 0;
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
platform_process_has_variable(pid_t pid, const char *name, const char *value)
{
	(void)pid;
	(void)name;
	(void)value;
	errno = ENOSYS;
	return -1;
}

int
platform_each_descriptor(pid_t pid, platform_take_descriptor *take, void *argument)
{
	char path[64], target[PATH_MAX + 16];
	struct dirent *entry;
	DIR *directory;
	int result = 0;
	ssize_t n;

	/* Such a directory is no part of POSIX; where there is one, the sockets can be seen. */
	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	if ((directory = opendir(path)) == NULL) {
		if (errno == ENOENT || errno == ENOTDIR || errno == ESRCH)
			errno = ENOSYS;
		return errno == ENOSYS && pid != getpid() ? 0 : -1;
	}
	while (result == 0 && (entry = readdir(directory)) != NULL)
		if ((n = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1)) >= 0) {
			target[n] = '\0';
			result = take(argument, dirfd(directory), entry->d_name, target);
		}
	closedir(directory);
	return result;
}

int
platform_process_name(pid_t pid, char *name, size_t size)
{
	(void)pid;
	(void)name;
	(void)size;
	errno = ENOSYS;
	return -1;
}

unsigned long
platform_net_namespace(pid_t pid)
{
	char path[64], name[64];
	unsigned long number;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", (long)pid);
	if ((n = readlink(path, name, sizeof(name) - 1)) < 1)
		return 0;
	name[n] = '\0';
	return sscanf(name, "net:[%lu]", &number) == 1 ? number : 0;
}

int
platform_net_table(pid_t pid, const char *table)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/net/%s", (long)pid, table);
	return io_open(path, O_RDONLY | O_CLOEXEC, 0);
}

int
platform_is_unix_socket(pid_t pid, int number)
{
	(void)pid;
	(void)number;
	return 1;	/* nothing else tells */
}

int
platform_lock_holders(const struct stat *file, const char *name, struct platform_holder **holders,
    size_t *count, int *hidden)
{
	(void)file;
	(void)name;
	*holders = NULL;
	*count = 0;
	*hidden = 0;
	errno = ENOSYS;
	return -1;
}

int
platform_process_has_open(pid_t pid, const struct stat *file, const char *name)
{
	(void)pid;
	(void)file;
	(void)name;
	errno = ENOSYS;
	return -1;
}

int
platform_pid_namespace(char *name, size_t size)
{
	(void)name;
	(void)size;
	return 0;
}

#endif
