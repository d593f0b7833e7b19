/* Start a command in a child that has nothing of ours but what it is meant to have. */
#include "exec.h"
#include "clock.h"
#include "io.h"
#include "platform.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KILLED_MS 1000		/* between KILL and the end of what is not stuck in the kernel */
#define ABOVE_USUAL 10	/* shells and daemons use the numbers below */
#define UNSET_PATH "/usr/local/bin:/bin:/usr/bin"	/* where PATH is not set at all */
#define INTERPRETER_MAX 255	/* so much of a file the kernel looks at for #! */
#define INTERPRETERS_MAX 5	/* a script's, whose interpreter is a script, and so on */

static int
stays_ignored(int number, const int *kept)
{
	struct sigaction now;

	for (; kept != NULL && *kept != 0; kept++)
		if (*kept == number)
			return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
	return 0;
}

void
exec_reset_signals(const int *kept)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++)
		if (!stays_ignored(number, kept))
			sigaction(number, &action, NULL);	/* KILL and STOP refuse */
	platform_reset_hidden_signals();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The length of the word at s; a blank behind a backslash is part of it. */
static size_t
word_length(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0' && s[n] != ' ')
		n += s[n] == '\\' && s[n + 1] != '\0' ? 2 : 1;
	return n;
}

static int
begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int
is_jobservers(const char *word)
{
	return begins(word, "--jobserver") || begins(word, "-j") || begins(word, "-J");
}

void
exec_strip_jobserver(const char *flags, char *text)
{
	size_t used = 0;
	int variables = 0;	/* behind "--" stand make's variables, whatever they look like */

	while (*flags != '\0') {
		const char *word = flags + strspn(flags, " ");
		const char *end = word + word_length(word);
		const char *next = end + strspn(end, " ");

		if (end - word == 2 && begins(word, "--"))
			variables = 1;
		if (variables || !is_jobservers(word)) {
			memmove(text + used, flags, (size_t)(end - flags));
			used += (size_t)(end - flags);
		} else if (end - word == 2 && *next >= '0' && *next <= '9') {
			/* BSD make: its number and its descriptors are words of their own. */
			end = next + word_length(next);
		}
		flags = end;
	}
	text[used] = '\0';
}

/* Does execvp(3) look further behind this failure?  So it does behind EACCES, and remembers it. */
static int
is_no_obstacle(int error)
{
	return error == EACCES || error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG ||
	    error == ESTALE || error == ENODEV || error == ETIMEDOUT;
}

/*
 * The search of execvp(3), the same for a look as for the real thing: try each directory of PATH, an empty
 * one being the current one, until try succeeds (0) or fails with what is no reason to look further.
 * -1: errno; EACCES where something was there and nothing else was found.
 */
static int
search(const char *name, int (*try)(const char *path, void *argument), void *argument)
{
	const char *path = getenv("PATH");
	char candidate[OTELOP_PATH_SIZE];
	int is_denied = 0, has_more = 1;

	errno = ENOENT;
	if (*name == '\0')
		return -1;
	if (strchr(name, '/') != NULL)
		return try(name, argument);
	for (path = path != NULL ? path : UNSET_PATH; has_more; path++) {
		size_t length = strcspn(path, ":");

		if (io_format(candidate, sizeof(candidate), "%.*s/%s", length > 0 ? (int)length : 1,
		    length > 0 ? path : ".", name) == 0 && try(candidate, argument) == 0)
			return 0;
		is_denied |= errno == EACCES;
		if (!is_no_obstacle(errno))
			return -1;
		path += length;
		has_more = *path == ':';
	}
	errno = is_denied ? EACCES : ENOENT;
	return -1;
}

/*
 * argv behind the words that have sh run it, in memory of its own: what is between a fork and an exec can
 * have none.  NULL: ENOMEM.
 */
static char **
words_of(char *const argv[])
{
	size_t count = 0;
	char **words;

	while (argv[count] != NULL)
		count++;
	if ((words = calloc(count + 3, sizeof(*words))) == NULL)
		return NULL;
	words[0] = (char *)"sh";
	words[1] = (char *)"--";
	memcpy(words + 2, argv, count * sizeof(*words));
	return words;
}

/* A script without #! is run by sh, as shells do; sh is told its path, or it would search by itself. */
static int
become(const char *path, void *argument)
{
	char **words = argument;

	execv(path, words + 2);
	if (errno == ENOEXEC) {
		words[2] = (char *)(uintptr_t)path;
		execv("/bin/sh", words);
		errno = ENOEXEC;
	}
	return -1;
}

void
exec_command(char *const argv[])
{
	char **words = words_of(argv);
	int saved;

	if (words == NULL)
		return;
	search(argv[0], become, words);
	saved = errno;
	free(words);
	errno = saved;
}

static int could_become(const char *path, int depth);

/* What follows #! must be there as well; a file that we may not read is the kernel's to judge. */
static int
has_interpreter(const char *path, int depth)
{
	char line[INTERPRETER_MAX + 1], *name;
	int fd = io_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? 0 : io_read_all(fd, line, INTERPRETER_MAX);

	io_close(&fd);
	if (n < 2 || line[0] != '#' || line[1] != '!')
		return 0;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	name = line + 2 + strspn(line + 2, " \t");
	name[strcspn(name, " \t")] = '\0';
	/* Nothing there: no #! to the kernel, a comment to sh. */
	return *name == '\0' ? 0 : could_become(name, depth + 1);
}

static int
could_become(const char *path, int depth)
{
	struct stat file;

	if (stat(path, &file) < 0)
		return -1;
	if (!S_ISREG(file.st_mode)) {
		errno = EACCES;
		return -1;
	}
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return -1;
	if (depth > INTERPRETERS_MAX) {
		errno = ELOOP;
		return -1;
	}
	return has_interpreter(path, depth);
}

static int
look(const char *path, void *argument)
{
	(void)argument;
	return could_become(path, 0);
}

int
exec_find(const char *name)
{
	return search(name, look, NULL);
}

int
exec_status(int error)
{
	return error == ENOENT ? EXEC_STATUS_NOT_FOUND : EXEC_STATUS_NOT_EXECUTABLE;
}

static void
run_child(const struct exec_plan *plan, char **words, int report)
{
	struct exec_failure failure = { .before = -plan->prepare(plan->argument, report) };

	if (failure.before == 0) {
		exec_reset_signals(plan->kept_ignored);
		search(words[2], become, words);
	}
	failure.error = errno;
	io_write_all(report, (const char *)&failure, sizeof(failure));
	_exit(EXEC_STATUS_OWN);
}

/* fork with all signals blocked in the child, which must not run our handlers: they would write into
   our pipes. */
static pid_t
fork_deaf(void)
{
	sigset_t all, before;
	pid_t pid;
	int saved;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if ((pid = fork()) == 0)
		return 0;
	saved = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return pid;
}

pid_t
exec_fork(int (*run)(void *), void *argument)
{
	pid_t pid = fork_deaf();

	if (pid == 0) {
		exec_reset_signals(NULL);
		_exit(run(argument));
	}
	return pid;
}

int
exec_keep_only(const int *fds, size_t count)
{
	int null = io_open("/dev/null", O_RDWR, 0), keep[2] = { -1, -1 };
	size_t i;

	for (i = 0; i < count; i++)
		keep[i] = fds[i];
	if (count == 2 && keep[0] > keep[1]) {
		keep[0] = fds[1];
		keep[1] = fds[0];
	}
	if (null < 0 || io_dup2(null, 0) < 0 || io_dup2(null, 1) < 0 || io_dup2(null, 2) < 0)
		return -1;
	platform_close_all_but(keep, count);
	return 0;
}

/* To find and load a command may last for ever, on a file system whose server is away.  0; -1: errno. */
static int
await_report(const struct exec_plan *plan, int report)
{
	int64_t deadline = clock_deadline(plan->timeout_ms > 0 ? plan->timeout_ms : OTELOP_FOREVER), left;
	struct pollfd fds[2] = {
		{ report, POLLIN, 0 }, { plan->interrupt_fd > 0 ? plan->interrupt_fd : -1, POLLIN, 0 },
	};

	do {
		left = clock_left_ms(deadline);
		if (poll(fds, 2, clock_poll_ms(left, OTELOP_FOREVER)) < 0)
			continue;
		if (fds[0].revents != 0)
			return 0;
		if (fds[1].revents != 0 && (plan->gives_up == NULL || plan->gives_up(plan->argument))) {
			errno = ECANCELED;
			return -1;
		}
	} while (left != 0);
	errno = ETIMEDOUT;
	return -1;
}

int
exec_can_wait(void)
{
	siginfo_t how;

	return waitid(P_ALL, 0, &how, WEXITED | WNOHANG | WNOWAIT) == 0 || errno == ECHILD ||
	    errno == EINTR ? 0 : -1;
}

int
exec_reap_killed(pid_t pid)
{
	int64_t deadline = clock_deadline(KILLED_MS);
	pid_t reaped;

	while ((reaped = waitpid(pid, NULL, WNOHANG)) == 0 && clock_left_ms(deadline) > 0)
		clock_sleep_ms(1);
	return reaped != 0;
}

pid_t
exec_start(const struct exec_plan *plan, struct exec_failure *failure)
{
	int report[2] = { -1, -1 };
	char **words;
	ssize_t n;
	pid_t pid;

	*failure = (struct exec_failure){ .before = 1 };
	if ((words = words_of(plan->argv)) == NULL || io_pipe(report) < 0 ||
	    io_move_above(&report[1], ABOVE_USUAL) < 0) {
		failure->error = errno;
		free(words);
		io_close(&report[0]);
		io_close(&report[1]);
		return -1;
	}
	if ((pid = fork_deaf()) == 0)
		run_child(plan, words, report[1]);
	failure->error = errno;
	free(words);
	io_close(&report[1]);
	if (pid > 0) {
		n = await_report(plan, report[0]) < 0 ? -1 :
		    io_read_all(report[0], (char *)failure, sizeof(*failure));
		if (n < 0)
			*failure = (struct exec_failure){ .before = 1, .error = errno };
		else if (n == 0)
			failure->error = 0;
		if (n != 0) {
			/* Nobody knows enough of it to let it go on. */
			kill(pid, SIGKILL);
			failure->left = exec_reap_killed(pid) ? 0 : pid;
			pid = -1;
		}
	}
	io_close(&report[0]);
	return pid;
}
