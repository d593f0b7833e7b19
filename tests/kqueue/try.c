/* What lib/platform/kqueue.c promises, tried on the double: each line is what was seen. */
#include "platform/platform.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const char *
told(int fd, int wait_ms)
{
	struct pollfd look = { fd, POLLIN, 0 };

	return poll(&look, 1, wait_ms) > 0 ? "told" : "nothing";
}

static pid_t
start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void
try_process(void)
{
	pid_t pid = start(), child;
	int fd = platform_pidfd_open(pid), zombie, status;
	siginfo_t how;

	printf("runs: %s\n", told(fd, 0));
	if ((child = fork()) == 0)
		_exit(fcntl(fd, F_GETFD) >= 0);
	waitpid(child, &status, 0);
	printf("a child has it: %d\n", WEXITSTATUS(status));
	status = platform_pidfd_signal(fd, SIGTERM);
	printf("a signal by it: %d %d\n", status, errno == ENOSYS);
	kill(pid, SIGKILL);
	printf("killed: %s\n", told(fd, 10000));
	waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT);
	zombie = platform_pidfd_open(pid);
	printf("a zombie: %s\n", told(zombie, 0));
	waitpid(pid, NULL, 0);
	printf("reaped: %s, %s\n", told(fd, 0), told(zombie, 0));
	status = platform_pidfd_open(pid);
	printf("no process: %d %d\n", status, errno == ESRCH);
	close(fd);
	close(zombie);
}

static void
try_watch(void)
{
	int file = open("file", O_RDWR | O_CREAT, 0600), directory = open(".", O_RDONLY), result;
	int fd = platform_watch(file, directory, ".", "file");

	printf("watched: %s\n", told(fd, 0));
	close(open("other", O_RDWR | O_CREAT, 0600));
	printf("another file: %s\n", told(fd, 0));
	result = (int)write(file, "x", 1);
	printf("written: %d, %s\n", result, told(fd, 10000));
	platform_watch_drain(fd);
	printf("drained: %s\n", told(fd, 0));
	result = fchmod(file, 0400);
	printf("mode: %d, %s\n", result, told(fd, 10000));
	platform_watch_drain(fd);
	result = rename("other", "file");
	printf("renamed over: %d, %s\n", result, told(fd, 10000));
	platform_watch_drain(-1);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	try_process();
	try_watch();
	return 0;
}
