/* The process between; reaper.h says what for. */
#include "daemon/reaper.h"
#include "base/io.h"
#include "base/status.h"
#include "platform/platform.h"

#include <sys/select.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int
reaper_open(struct reaper *reaper)
{
	return io_socketpair(reaper->news);
}

static void
on_child(int number)
{
	(void)number;
}

static void
say(int fd, const struct reaper_news *news)
{
	io_write_all(fd, (const char *)news, sizeof(*news));
}

/* The reaper's life, with its end of the news for stdin. */
static void
reap(const struct reaper *reaper, pid_t pid)
{
	struct reaper_news news = { pid, 0, 0 };
	int null = io_open("/dev/null", O_RDWR, 0), held = 1;
	sigset_t all_but_child;

	if (null < 0 || io_dup2(reaper->news[1], STDIN_FILENO) < 0 || io_dup2(null, STDOUT_FILENO) < 0 ||
	    io_dup2(null, STDERR_FILENO) < 0)
		_exit(STATUS_FAILED);
	platform_close_all_but(NULL, 0);
	sigfillset(&all_but_child);
	sigdelset(&all_but_child, SIGCHLD);
	while (held) {
		siginfo_t how = { .si_pid = 0 };
		fd_set readable;

		/* A reaper that cannot wait is none: the caller is told by its end. */
		if (news.code == 0 && waitid(P_PID, (id_t)pid, &how, WEXITED | WNOHANG | WNOWAIT) < 0 &&
		    errno != EINTR)
			break;
		if (news.code == 0 && how.si_pid != 0) {
			news.code = how.si_code;
			news.status = how.si_status;
			say(STDIN_FILENO, &news);
		}
		FD_ZERO(&readable);
		FD_SET(STDIN_FILENO, &readable);
		held = pselect(STDIN_FILENO + 1, &readable, NULL, NULL, NULL, &all_but_child) <= 0;
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	_exit(0);
}

int
reaper_fork(const struct reaper *reaper)
{
	struct sigaction action = { .sa_handler = on_child };
	struct reaper_news news = { 0, 0, 0 };
	pid_t pid;

	/* All signals are blocked here, so that none is missed before the reaper waits for it. */
	sigaction(SIGCHLD, &action, NULL);
	platform_adopt_orphans();	/* where there is no such thing, the session is what is found */
	if ((pid = fork()) < 0)
		return -1;
	if (pid > 0)
		reap(reaper, pid);
	/* First of all: whoever gives this start up must know whom to end. */
	news.pid = getpid();
	return io_write_all(reaper->news[1], (const char *)&news, sizeof(news));
}

void
reaper_forked(struct reaper *reaper, pid_t pid)
{
	reaper->pid = pid;
	io_close(&reaper->news[1]);
}

int
reaper_watch(struct reaper *reaper)
{
	return io_nonblock(reaper->news[0], 1);
}

int
reaper_next(const struct reaper *reaper, struct reaper_news *news)
{
	ssize_t n;

	do
		n = read(reaper->news[0], news, sizeof(*news));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*news) ? 1 : n < 0 ? 0 : -1;
}

void
reaper_dismiss(struct reaper *reaper)
{
	int saved = errno;

	io_close(&reaper->news[0]);
	io_close(&reaper->news[1]);
	while (reaper->pid > 0 && waitpid(reaper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	reaper->pid = -1;
	errno = saved;
}
