/* A program of the system that is asked; command.h says how. */
#include "platform/command.h"
#include "base/io.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

int
command_open(const char *const words[], pid_t *child)
{
	sigset_t all, before;
	int out[2], null;

	if (io_pipe(out) < 0)
		return -1;
	/* The child must not run our handlers: the program has none, and blocked signals do not matter to it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if ((*child = fork()) == 0) {
		if ((null = io_open("/dev/null", O_RDWR, 0)) < 0 || io_dup2(out[1], 1) < 0 ||
		    io_dup2(null, 2) < 0)
			_exit(127);
		execvp(words[0], (char *const *)(uintptr_t)words);
		_exit(127);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	io_close(&out[1]);
	if (*child < 0)
		io_close(&out[0]);
	return out[0];
}

int
command_await(pid_t child)
{
	int status = 0;	/* where SIGCHLD is ignored, nobody tells it */

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) || WEXITSTATUS(status) > 1 ? -1 : 0;
}
