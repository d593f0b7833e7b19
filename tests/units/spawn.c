/*
 * otelop_spawn inside a process that has threads, children and handlers of its own, and with arguments
 * that are none: spawn CASE.  0: it was as it should be; else words.
 */
#define _GNU_SOURCE	/* __WALL */

#include <sys/stat.h>
#include <sys/wait.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otelop.h"

#define TIMES 100

static struct otelop_spawn_result result;
static volatile int must_end;

static void
expect(int is_true, const char *words)
{
	if (!is_true) {
		printf("not true: %s (errno %d, status %d, \"%s\")\n", words, errno, result.status, result.reason.text);
		exit(1);
	}
}

static int
spawn_shell(const struct otelop_spawn *options, const char *script)
{
	char *argv[] = { "sh", "-c", NULL, NULL };

	argv[2] = (char *)script;
	return otelop_spawn(options, argv, &result);
}

static void
has_no_child(void)
{
	expect(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD, "no child is left");
}

/* Ready, and what it wrote is in this file and nowhere else. */
static void
is_ready(const struct otelop_spawn *options, const char *log)
{
	struct stat found;
	char target[256];
	ssize_t n;
	int fd;

	expect(spawn_shell(options, "all=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); "
	    "echo \"$all\" >links; echo noise; echo words >&2; echo ok >&3; exec sleep 1000") == 0, "it is ready");
	expect(result.status == 0 && result.pid > 0 && result.pid == result.child, "the result says so");
	expect(kill(result.pid, 0) == 0 && getsid(result.pid) == result.pid, "the daemon runs");
	has_no_child();
	expect((fd = open("links", O_RDONLY)) >= 0, "it told its descriptors");
	n = read(fd, target, sizeof(target) - 1);
	close(fd);
	target[n > 0 ? n : 0] = '\0';
	expect(strncmp(target, "/dev/null\n", 10) == 0, "its stdin is /dev/null");
	expect(strstr(target, log) != NULL, "its output goes to the log");
	expect(fstat(STDIN_FILENO, &found) == 0 && found.st_size == 0, "nothing came to the caller's stdin");
	kill(result.pid, SIGKILL);
}

static void
try_zero(void)
{
	struct otelop_spawn init = OTELOP_SPAWN_INIT;

	is_ready(&(struct otelop_spawn){ 0 }, "\n/dev/null\n/dev/null\n");
	is_ready(&init, "\n/dev/null\n/dev/null\n");
	is_ready(NULL, "\n/dev/null\n/dev/null\n");
	expect(result.log_start == -1, "it has no log");
}

static void
try_default_log(void)
{
	char dir[OTELOP_PATH_SIZE];

	expect(otelop_state_dir("there", dir, sizeof(dir), NULL) == 0 &&
	    otelop_ensure_state_dir(dir, NULL) == 0, "a state directory");
	is_ready(&(struct otelop_spawn){ .state_dir = dir }, "/there/otelop.log\n");
	expect(result.log_start == 0, "the log was new");
	chmod("there/otelop.log", 0666);
	expect(spawn_shell(&(struct otelop_spawn){ .state_dir = dir }, "echo ok >&3") < 0 && errno == EPERM &&
	    result.status == 125, "a log of everyone's is refused");
}

static void
is_refused(const struct otelop_spawn *options, char *const argv[], const char *words)
{
	errno = 0;
	expect(otelop_spawn(options, argv, &result) == -1 && errno == EINVAL, words);
	expect(result.status == 125 && result.child == 0 && strstr(result.reason.text, words) != NULL, words);
}

static void
try_arguments(void)
{
	static const char *const no_value[] = { "A=1", "B", NULL }, *const no_name[] = { "=1", NULL },
	    *const value[] = { "A=1", NULL };
	char *nothing[] = { NULL }, *command[] = { "true", NULL };

	is_refused(NULL, nothing, "argv");
	is_refused(NULL, NULL, "argv");
	is_refused(&(struct otelop_spawn){ .timeout_ms = -2 }, command, "timeout_ms");
	is_refused(&(struct otelop_spawn){ .set_env = no_value }, command, "set_env: B");
	is_refused(&(struct otelop_spawn){ .set_env = no_name }, command, "set_env: =1");
	is_refused(&(struct otelop_spawn){ .unset_env = value }, command, "unset_env: A=1");
	errno = 0;
	expect(otelop_spawn(NULL, command, NULL) == -1 && errno == EINVAL, "no result");
	has_no_child();
}

/* How it ended is told, though somebody else reaps whatever can be reaped. */
static void
tells_how_it_ended(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		expect(spawn_shell(NULL, "exit 3") == -1 && errno == ECHILD, "it ended");
		expect(result.status == 1 && strcmp(result.reason.text, "exited with status 3") == 0, "how is told");
		expect(spawn_shell(NULL, "kill -9 $$") == -1 && strcmp(result.reason.text, "killed by signal KILL") == 0,
		    "by which signal is told");
		expect(spawn_shell(NULL, "exit 75") == -1 && result.status == 75, "its status is passed on");
	}
}

static void
on_child(int number)
{
	int saved = errno;

	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void
try_handler(void)
{
	struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_RESTART }, now;

	sigaction(SIGCHLD, &action, NULL);
	tells_how_it_ended();
	sigaction(SIGCHLD, NULL, &now);
	expect(now.sa_handler == on_child && now.sa_flags & SA_RESTART, "the handler is the caller's");
	has_no_child();
}

static void
try_ignored(void)
{
	struct sigaction action = { .sa_handler = SIG_IGN }, now;

	sigaction(SIGCHLD, &action, NULL);
	tells_how_it_ended();
	sigaction(SIGCHLD, NULL, &now);
	expect(now.sa_handler == SIG_IGN, "SIGCHLD is still ignored");
	action.sa_handler = SIG_DFL;
	action.sa_flags = SA_NOCLDWAIT;
	sigaction(SIGCHLD, &action, NULL);
	tells_how_it_ended();
	sigaction(SIGCHLD, NULL, &now);
	expect(now.sa_handler == SIG_DFL && now.sa_flags & SA_NOCLDWAIT, "children still leave no zombie");
	has_no_child();
}

static void *
reap_all(void *unused)
{
	while (!must_end)
		if (waitpid(-1, NULL, WNOHANG) <= 0)
			usleep(200);
	return unused;
}

/* setenv of what is there already: a new value in a new place, under libc's locks. */
static void *
set_variables(void *unused)
{
	static const char *const values[] = { "a", "a value that is longer than the one before" };
	size_t i;

	for (i = 0; !must_end; i++)
		setenv("OTELOP_TEST_VALUE", values[i % 2], 1);
	return unused;
}

static void *
allocate(void *unused)
{
	size_t i;

	for (i = 0; !must_end; i++)
		free(malloc(i % 5000));
	return unused;
}

static void
beside(void *(*run)(void *), void (*act)(void))
{
	pthread_t thread;

	pthread_create(&thread, NULL, run, NULL);
	act();
	must_end = 1;
	pthread_join(thread, NULL);
}

static void
try_thread_that_reaps(void)
{
	beside(reap_all, tells_how_it_ended);
}

static void
start_often(void)
{
	static const char *const value[] = { "OTHER=1", NULL };
	int i;

	for (i = 0; i < TIMES; i++)
		expect(spawn_shell(&(struct otelop_spawn){ .set_env = value, .timeout_ms = 20000 },
		    "test \"$OTHER,$OTELOP_DAEMONIZED\" = 1,1 && echo ok >&3") == 0, "it is ready");
}

static void
try_setenv(void)
{
	setenv("OTELOP_TEST_VALUE", "", 1);
	beside(set_variables, start_often);
}

static void
try_malloc(void)
{
	beside(allocate, start_often);
}

static void
try_settings(void)
{
	int is_subreaper = 0;
	sigset_t before, now;
	int number;

	sigprocmask(SIG_SETMASK, NULL, &before);
	expect(spawn_shell(&(struct otelop_spawn){ .timeout_ms = 300 }, "(setsid sleep 1001 &); exec sleep 1000") == -1 &&
	    errno == ETIMEDOUT && result.status == 124, "it is given up");
	sigprocmask(SIG_SETMASK, NULL, &now);
	for (number = 1; number < NSIG; number++)
		expect(sigismember(&before, number) == sigismember(&now, number), "the mask is the caller's");
#ifdef PR_GET_CHILD_SUBREAPER
	prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0);
#endif
	expect(!is_subreaper, "orphans come to whom they came before");
	expect(getenv("OTELOP_DAEMONIZED") == NULL, "the environment is the caller's");
	has_no_child();
}

static int
refuse(void *argument, pid_t pid)
{
	*(pid_t *)argument = pid;
	return -1;
}

static void
try_confirm(void)
{
	pid_t pid = 0;

	expect(spawn_shell(&(struct otelop_spawn){ .confirm = refuse, .argument = &pid },
	    "setsid sleep 1001 & echo ok >&3; exec sleep 1000") == -1 && errno == ECANCELED && result.status == 125,
	    "it is given up");
	expect(pid > 0 && result.pid == 0 && kill(pid, 0) < 0 && errno == ESRCH, "it is gone");
	has_no_child();
}

static const struct {
	const char *name;
	void (*try)(void);
} cases[] = {
	{ "zero", try_zero }, { "default-log", try_default_log }, { "arguments", try_arguments },
	{ "handler", try_handler }, { "ignored", try_ignored }, { "thread-that-reaps", try_thread_that_reaps },
	{ "setenv", try_setenv }, { "malloc", try_malloc }, { "settings", try_settings }, { "confirm", try_confirm },
};

int
main(int argc, char **argv)
{
	size_t i;

	setvbuf(stdout, NULL, _IONBF, 0);
	for (i = 0; argc == 2 && i < sizeof(cases) / sizeof(*cases); i++)
		if (strcmp(argv[1], cases[i].name) == 0) {
			cases[i].try();
			return 0;
		}
	fprintf(stderr, "usage: spawn CASE\n");
	return 2;
}
