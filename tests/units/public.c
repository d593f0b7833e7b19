/*
 * All public functions: called with what is no argument (invalid), in a thread that has just 64 KiB of stack
 * (stack), and where nobody hears what they say (unheard).  public CASE DIR, where DIR is not there yet.  0: it was as it should be; else words.
 */
#define _GNU_SOURCE	/* pthread_attr_setstack, MAP_ANONYMOUS */

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otelop.h"

#define STACK 65536

static struct otelop_spawn_result result;
static struct otelop_message message;
static char dir[OTELOP_PATH_SIZE], path[OTELOP_PATH_SIZE], value[OTELOP_METADATA_MAX];

static void
expect(int is_true, const char *words)
{
	if (!is_true) {
		printf("not true: %s (errno %d, \"%s\", \"%s\")\n", words, errno, message.text, result.reason.text);
		exit(1);
	}
}

static void
is_invalid(int answer, const char *words)
{
	expect(answer == -1 && errno == EINVAL, words);
	errno = 0;
	*message.text = '\0';
}

static void
try_invalid(void)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT, empty = OTELOP_METADATA_INIT;
	struct otelop_lock *lock = NULL;

	is_invalid(otelop_state_dir(NULL, NULL, 10, &message), "otelop_state_dir: path");
	is_invalid(otelop_ensure_state_dir(NULL, &message), "otelop_ensure_state_dir: path");
	is_invalid(otelop_ensure_state_dir("", &message), "otelop_ensure_state_dir: empty");
	is_invalid(otelop_log_file(NULL, path, sizeof(path)), "otelop_log_file: directory");
	is_invalid(otelop_log_file(dir, NULL, sizeof(path)), "otelop_log_file: path");
	is_invalid(otelop_metadata_file(NULL, path, sizeof(path)), "otelop_metadata_file: directory");
	is_invalid(otelop_metadata_file(dir, NULL, sizeof(path)), "otelop_metadata_file: path");
	is_invalid(otelop_signal_error(-1, NULL), "otelop_signal_error: text");
	is_invalid(otelop_lock_metadata(NULL, 0, &lock, &message), "otelop_lock_metadata: directory");
	is_invalid(otelop_lock_metadata(dir, 0, NULL, &message), "otelop_lock_metadata: lock");
	is_invalid(otelop_lock_metadata(dir, -2, &lock, &message), "otelop_lock_metadata: time");
	expect(lock == NULL, "no lock");
	is_invalid(otelop_lock_fd(NULL), "otelop_lock_fd");
	otelop_unlock_metadata(NULL);
	is_invalid(otelop_metadata_init(NULL, getpid()), "otelop_metadata_init: metadata");
	is_invalid(otelop_metadata_init(&metadata, 0), "otelop_metadata_init: 0");
	is_invalid(otelop_metadata_init(&metadata, -1), "otelop_metadata_init: -1");
	otelop_metadata_free(NULL);
	is_invalid(otelop_metadata_set(NULL, "a", "b", &message), "otelop_metadata_set: metadata");
	is_invalid(otelop_metadata_set(&metadata, NULL, "b", &message), "otelop_metadata_set: key");
	is_invalid(otelop_metadata_set(&metadata, "a", NULL, &message), "otelop_metadata_set: value");
	is_invalid(otelop_metadata_get(NULL, "a", value, sizeof(value)), "otelop_metadata_get: metadata");
	is_invalid(otelop_metadata_get(&metadata, NULL, value, sizeof(value)), "otelop_metadata_get: key");
	is_invalid(otelop_metadata_get(&metadata, "a", NULL, sizeof(value)), "otelop_metadata_get: value");
	expect(otelop_ensure_state_dir(dir, &message) == 0 && otelop_lock_metadata(dir, 0, &lock, &message) == 0,
	    "a claim");
	expect(otelop_metadata_init(&metadata, getpid()) == 0, "metadata");
	is_invalid(otelop_write_metadata(NULL, &metadata, &message), "otelop_write_metadata: lock");
	is_invalid(otelop_write_metadata(lock, NULL, &message), "otelop_write_metadata: metadata");
	is_invalid(otelop_write_metadata(lock, &empty, &message), "otelop_write_metadata: empty");
	is_invalid(otelop_read_metadata(NULL, &metadata, &message), "otelop_read_metadata: directory");
	is_invalid(otelop_read_metadata(dir, NULL, &message), "otelop_read_metadata: metadata");
	is_invalid(otelop_running(NULL, &metadata, &message), "otelop_running: directory");
	is_invalid(otelop_remove_state(NULL, NULL, &message), "otelop_remove_state: directory");
	expect(otelop_process_alive(0) == 0 && errno == EINVAL, "otelop_process_alive: 0");
	errno = 0;
	expect(otelop_process_alive(-5) == 0 && errno == EINVAL, "otelop_process_alive: -5");
	is_invalid(otelop_stop_and_wait(0, 0, &message), "otelop_stop_and_wait: 0");
	is_invalid(otelop_stop_and_wait(1, 0, &message), "otelop_stop_and_wait: 1");
	is_invalid(otelop_stop_and_wait(-1, 0, &message), "otelop_stop_and_wait: -1");
	is_invalid(otelop_stop_and_wait(getpid(), 0, &message), "otelop_stop_and_wait: itself");
	is_invalid(otelop_stop_and_wait(INT_MAX, -2, &message), "otelop_stop_and_wait: time");
	expect(otelop_remove_state(dir, lock, &message) == 0, "the end");
	otelop_metadata_free(&metadata);
}

static void
on_pipe(int number)
{
	(void)number;
	expect(0, "no SIGPIPE");
}

/* Nobody reads what is said: an error and no signal, also beside one of the caller's own. */
static void
try_unheard(void)
{
	struct sigaction action = { .sa_handler = on_pipe }, now;
	sigset_t blocked, pending;
	int round, fd[2];

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGPIPE);
	for (round = 0; round < 2; round++) {
		sigaction(SIGPIPE, &action, NULL);
		expect(pipe(fd) == 0 && close(fd[0]) == 0, "a pipe that nobody reads");
		expect(otelop_signal_ready(fd[1]) == -1 && errno == EPIPE, "an error");
		sigaction(SIGPIPE, NULL, &now);
		expect(now.sa_handler == on_pipe, "the handler is the caller's");
		sigpending(&pending);
		expect(sigismember(&pending, SIGPIPE) == round, "what waits is the caller's");
		sigprocmask(SIG_BLOCK, &blocked, NULL);
		raise(SIGPIPE);
	}
}

static pid_t
fork_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

/* The life of a daemon, of who starts it, and of who only asks: each function at its deepest. */
static void
live(void)
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_lock *lock, *second;
	char *argv[] = { "sh", "-c", "echo ok >&3; exec sleep 1000", NULL }, *failing[] = { "sh", "-c", "exit 3", NULL };
	pid_t pid;

	expect(otelop_state_dir(NULL, path, sizeof(path), &message) == 0, "a default directory");
	expect(otelop_ensure_state_dir(dir, &message) == 0, "the directory is made");
	expect(otelop_log_file(dir, path, sizeof(path)) == 0 && otelop_metadata_file(dir, path, sizeof(path)) == 0,
	    "it has files");
	expect(otelop_running(dir, &metadata, &message) == 0, "nothing runs");
	expect(otelop_lock_metadata(dir, 0, &lock, &message) == 0, "the claim");
	expect(otelop_metadata_init(&metadata, getpid()) == 0, "metadata");
	memset(value, 'a', 60000);
	value[60000] = '\0';
	expect(otelop_metadata_set(&metadata, "long", value, &message) == 0, "a long member");
	expect(otelop_metadata_set(&metadata, "a-b", value, &message) < 0, "a member that is none");
	expect(otelop_write_metadata(lock, &metadata, &message) == 0, "it is published");
	expect(otelop_lock_fd(lock) > 2, "it has a descriptor");
	expect(otelop_running(dir, &metadata, &message) == 1, "it runs");
	expect(otelop_read_metadata(dir, &metadata, &message) == 0 && metadata.length > 60000, "it can be read");
	expect(otelop_metadata_get(&metadata, "long", value, sizeof(value)) == 1, "it has the member");
	expect(otelop_lock_metadata(dir, 100, &second, &message) < 0 && errno == ETIMEDOUT, "nobody else gets it");
	expect(otelop_remove_state(dir, NULL, &message) < 0 && errno == EWOULDBLOCK, "nobody else removes it");
	expect(otelop_is_daemon_child() == 0 && otelop_ready_pipe() == -1 && otelop_signal_ready(-1) == 0 &&
	    otelop_signal_error(-1, "no") == 0, "it is no daemon child");
	expect(otelop_remove_state(dir, lock, &message) == 0, "it is removed");
	expect(otelop_spawn(&(struct otelop_spawn){ .state_dir = dir, .timeout_ms = 30000 }, argv, &result) == 0,
	    "a daemon is started");
	expect(otelop_process_alive(result.pid) == 1, "it lives");
	expect(otelop_stop_and_wait(result.pid, 20000, &message) == 0, "it is stopped");
	expect(otelop_process_alive(result.pid) == 0, "it is gone");
	expect(otelop_spawn(&(struct otelop_spawn){ .state_dir = dir }, failing, &result) < 0 && result.status == 1,
	    "another fails");
	pid = fork_child();
	expect(otelop_stop_and_wait(pid, 20000, &message) == 0 && waitpid(pid, NULL, 0) == pid, "a child is stopped");
	otelop_metadata_free(&metadata);
}

static void *
run(void *unused)
{
	live();
	return unused;
}

/* A thread on exactly so much, with a page below that ends whoever uses it. */
static void
try_stack(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	pthread_attr_t attributes;
	pthread_t thread;
	char *stack = mmap(NULL, STACK + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(stack != MAP_FAILED && mprotect(stack, page, PROT_NONE) == 0, "a stack");
	pthread_attr_init(&attributes);
	expect(pthread_attr_setstack(&attributes, stack + page, STACK) == 0, "it is large enough for the system");
	expect(pthread_create(&thread, &attributes, run, NULL) == 0, "a thread");
	pthread_join(thread, NULL);
}

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);

	if (argc != 3 || otelop_state_dir(argv[2], dir, sizeof(dir), &message) < 0)
		return 2;
	if (strcmp(argv[1], "invalid") == 0)
		try_invalid();
	else if (strcmp(argv[1], "unheard") == 0)
		try_unheard();
	else if (strcmp(argv[1], "stack") == 0)
		try_stack();
	else
		return 2;
	return 0;
}
