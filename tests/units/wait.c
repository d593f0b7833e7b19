/*
 * A timed wait for a lock, inside a process that has alarms, threads and children of its own: wait CASE.
 * 0: it was as it should be; else words.
 */
#define _GNU_SOURCE	/* __WALL */

#include <sys/file.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "otelop.h"
#include "state/lock.h"

static int holder, waiter;		/* two descriptions of one file */
static volatile sig_atomic_t rang, children_told;
static volatile int64_t rang_at;

static void
expect(int is_true, const char *words)
{
	if (!is_true) {
		printf("not true: %s\n", words);
		exit(1);
	}
}

static void
on_alarm(int number)
{
	(void)number;
	rang = 1;
	rang_at = clock_ms();
}

static void
on_child(int number)
{
	int saved = errno;

	(void)number;
	children_told++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void
catch(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(number, &action, NULL);
}

static void
has_no_child(void)
{
	expect(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD, "no child is left");
}

static void
times_out(int64_t wait_ms)
{
	int64_t began = clock_ms();

	expect(lock_wait(waiter, LOCK_EX, clock_deadline(wait_ms), -1) == 0, "it is still held");
	expect(clock_ms() - began >= wait_ms, "it waited so long");
}

static void
try_alarm(void)
{
	struct itimerval soon = { .it_value = { 0, 100000 } }, now;
	struct sigaction action;
	int64_t began = clock_ms();

	catch(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	times_out(1500);
	has_no_child();
	expect(rang && rang_at - began >= 100 && rang_at - began < 1300, "the caller's alarm rang on time");
	getitimer(ITIMER_REAL, &now);
	expect(now.it_value.tv_sec == 0 && now.it_value.tv_usec == 0, "no timer runs");
	sigaction(SIGALRM, NULL, &action);
	expect(action.sa_handler == on_alarm, "the handler is the caller's");
}

static void *
time_out(void *unused)
{
	times_out(200);
	return unused;
}

static void
try_thread(void)
{
	pthread_t threads[4];
	size_t i;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, time_out, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	has_no_child();
}

static void
try_reaper(void)
{
	struct pollfd nothing = { -1, 0, 0 };
	pid_t child;

	catch(SIGCHLD, on_child);
	if ((child = fork()) == 0) {
		poll(&nothing, 1, 100);
		_exit(0);
	}
	times_out(600);
	has_no_child();
	expect(children_told == 1, "the handler was told of the caller's own child alone");
	expect(kill(child, 0) < 0 && errno == ESRCH, "which it reaped");
}

static void
try_ignored(void)
{
	struct sigaction action;
	sigset_t all;

	signal(SIGCHLD, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	times_out(200);
	has_no_child();
	sigaction(SIGCHLD, NULL, &action);
	expect(action.sa_handler == SIG_IGN, "it is still ignored");
	sigpending(&all);
	expect(!sigismember(&all, SIGCHLD) && !sigismember(&all, SIGALRM), "no signal came");
}

/* In a thread: after 100 ms let go of the lock, or close the pipe whose write end this is. */
static void *
act_later(void *argument)
{
	int *fd = argument;

	clock_sleep_ms(100);
	if (fd == NULL)
		flock(holder, LOCK_UN);
	else
		close(*fd);
	return NULL;
}

static void
try_freed(void)
{
	int64_t began = clock_ms();
	pthread_t thread;

	pthread_create(&thread, NULL, act_later, NULL);
	expect(lock_wait(waiter, LOCK_EX, clock_deadline(15000), -1) == 1, "it got the lock");
	expect(clock_ms() - began < 10000, "as soon as it was free");
	pthread_join(thread, NULL);
	has_no_child();
	expect(flock(holder, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK, "the lock is the caller's");
	flock(waiter, LOCK_UN);
	expect(flock(holder, LOCK_EX | LOCK_NB) == 0, "and can be let go");
}

/* The end of a pipe is seen while somebody waits for a lock: nobody else has its write end. */
static void
try_pipe(int with_limit)
{
	int64_t began = clock_ms();
	pthread_t thread;
	int fd[2];

	expect(pipe(fd) == 0, "a pipe");
	pthread_create(&thread, NULL, act_later, &fd[1]);
	expect(lock_wait(waiter, LOCK_SH, with_limit ? clock_deadline(15000) : OTELOP_FOREVER, fd[0]) == 0,
	    "it was interrupted");
	expect(clock_ms() - began < 10000, "at once");
	pthread_join(thread, NULL);
	has_no_child();
}

static void
try_interrupt(void)
{
	int fd[2], byte = 0;

	expect(pipe(fd) == 0, "a pipe");
	expect(write(fd[1], "x", 1) == 1, "a byte");
	expect(lock_wait(waiter, LOCK_EX, OTELOP_FOREVER, fd[0]) == 0, "interrupted already");
	expect(read(fd[0], &byte, 1) == 1 && byte == 'x', "the byte is still there");
	has_no_child();
}

/* No pidfd can be had, so no helper: it looks again and again. */
static void
try_without_helper(void)
{
	int fd, last = waiter;

	while ((fd = dup(waiter)) >= 0)
		last = fd;
	times_out(200);
	try_freed();
	for (fd = waiter + 1; fd <= last; fd++)
		close(fd);
}

static void
try_pipe_limited(void)
{
	try_pipe(1);
}

static void
try_pipe_unlimited(void)
{
	try_pipe(0);
}

static const struct {
	const char *name;
	void (*try)(void);
} cases[] = {
	{ "alarm", try_alarm }, { "thread", try_thread }, { "reaper", try_reaper }, { "ignored", try_ignored },
	{ "freed", try_freed }, { "pipe", try_pipe_limited }, { "pipe-unlimited", try_pipe_unlimited },
	{ "interrupt", try_interrupt }, { "no-helper", try_without_helper },
};

int
main(int argc, char **argv)
{
	size_t i;

	setvbuf(stdout, NULL, _IONBF, 0);
	holder = open("lock", O_RDWR | O_CREAT, 0600);
	waiter = open("lock", O_RDONLY);
	expect(holder >= 0 && waiter >= 0 && flock(holder, LOCK_EX) == 0, "a file to lock");
	for (i = 0; argc == 2 && i < sizeof(cases) / sizeof(*cases); i++)
		if (strcmp(argv[1], cases[i].name) == 0) {
			cases[i].try();
			return 0;
		}
	fprintf(stderr, "usage: wait CASE\n");
	return 2;
}
