/*
 * What is not to be had here, a line each, as tests/lib/system.bash's `needs` has it.  It is compiled and run as the programs of
 * a cell are: by this compiler, on this machine or its emulator, below these refusals; so it is the kernel that says
 * so, and not the name of the cell.
 */
#define _GNU_SOURCE	/* clone */
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* glibc's threads are begun so, where it is not said that there is no such call. */
static int
has_threads(void)
{
	return syscall(SYS_clone3, NULL, 0) >= 0 || errno == EINVAL || errno == ENOSYS;
}

static int
end_at_once(void *argument)
{
	(void)argument;
	return 0;
}

/* A child of this kind can be begun, and waited for. */
static int
clones(int flags)
{
	static char stack[65536];
	int fd;
	pid_t pid = clone(end_at_once, stack + sizeof(stack), flags, NULL, &fd);

	return pid > 0 && waitpid(pid, NULL, __WALL) == pid;
}

/* Whoever has run us ignored SIGALRM; and a program that we run still does. */
static int
ignores(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "kill -ALRM $$", (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void
lacks(int is_there, const char *words)
{
	if (!is_there)
		puts(words);
}

int
main(void)
{
	/* Whoever has run us closed it; but an emulator opens files of its own. */
	int is_closed = fcntl(0, F_GETFD) < 0;
	int subreaper = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
	int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 4 /* NETLINK_SOCK_DIAG */) >= 0;
	int helper = clones(CLONE_FILES | CLONE_PIDFD) && prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0;

	lacks(is_closed, "standard descriptor that stays closed");
	lacks(subreaper, "subreaper");
	lacks(subreaper, "orphans *");
	lacks(subreaper, "sweep of what leaves the session");
	lacks(syscall(SYS_pidfd_open, getpid(), 0) >= 0, "pidfd");
	lacks(diag, "* kernel's word on sockets");
	lacks(diag, "inode number of a socket's file");
	lacks(inotify_init1(0) >= 0, "file watches");
	lacks(helper, "helper that waits for a lock");
	lacks(helper, "lock that is waited for in the kernel, *");
	lacks(clones(CLONE_VM | SIGCHLD) && syscall(SYS_close_range, ~0U, ~0U, 0) == 0, "child that begins in our memory");
	lacks(has_threads(), "threads");
	lacks(ignores(), "ignored signal that stays ignored");
	lacks(open("/proc/thread-self/children", O_RDONLY) >= 0, "lists of children");
	/* Where it is there, it is the descriptor that is refused. */
	lacks(syscall(SYS_renameat2, -1, "a", -1, "b", 2) == 0 || errno == EBADF, "exchange of names");
	lacks(syscall(SYS_renameat2, -1, "a", -1, "b", 1) == 0 || errno == EBADF, "rename that takes no name away");
	return 0;
}
